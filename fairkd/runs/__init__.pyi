from . import event_tables as event_tables, events as events
from .archive import export as export
from .comparison import (
    evaluation_differences as evaluation_differences,
    fairness_front as fairness_front,
    setting_differences as setting_differences,
)
from .control import (
    all_runs as all_runs,
    cancel as cancel,
    delete as delete,
    get as get,
    reconcile as reconcile,
    resume as resume,
    slots as slots,
    submit as submit,
    submit_all as submit_all,
)
from .events import Event as Event, Writer as Writer
from .outcome import error_sentence as error_sentence
from .run_session import Session as Session, foreground as foreground
from .store import ACTIVE as ACTIVE, Run as Run, State as State
