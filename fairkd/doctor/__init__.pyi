from .examination import examine as examine
from .finding import Finding as Finding, Severity as Severity
