from .constraint import Constraint as Constraint, resolve as resolve, soft_labels as soft_labels
from .kinds import (
    PAIRWISE as PAIRWISE,
    Kind as Kind,
    Label as Label,
    Scope as Scope,
    are_shares as are_shares,
)
from .preview import Edit as Edit, play as play
