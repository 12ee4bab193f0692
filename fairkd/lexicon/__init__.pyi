from .templates import (
    Rendered as Rendered,
    Template as Template,
    fitting as fitting,
    professions as professions,
    templates as templates,
)
from .word_groups import (
    OWN as OWN,
    ROLES as ROLES,
    Contrast as Contrast,
    WordGroup as WordGroup,
    contrasts as contrasts,
    make_contrast as make_contrast,
)
