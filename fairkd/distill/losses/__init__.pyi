from .matched import (
    Constraints as Constraints,
    MatchedTargets as MatchedTargets,
    matched_loss as matched_loss,
)
from .objective import fused_loss as fused_loss, hidden_loss as hidden_loss
from .relations import relation_loss as relation_loss
from .scratch_memory import (
    free_scratch as free_scratch,
    keep_freed_memory as keep_freed_memory,
    padded as padded,
)
from .targets import (
    IGNORED as IGNORED,
    Targets as Targets,
    Weights as Weights,
    mixed_target as mixed_target,
)
