from .templates import (
    Pattern as Pattern,
    Rendered as Rendered,
    fitting as fitting,
    patterns as patterns,
    professions as professions,
)
from .word_groups import (
    OWN as OWN,
    SLOTS as SLOTS,
    Contrast as Contrast,
    WordGroup as WordGroup,
    contrasts as contrasts,
    make_contrast as make_contrast,
)
