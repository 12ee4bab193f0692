from .agreement import misfits as misfits, takes_plural_verb as takes_plural_verb
from .professions import shipped_professions as shipped_professions
from .templates import (
    Rendered as Rendered,
    Template as Template,
    fitting as fitting,
    shipped_templates as shipped_templates,
    templates_of as templates_of,
)
from .word_groups import (
    OWN as OWN,
    ROLES as ROLES,
    Contrast as Contrast,
    WordGroup as WordGroup,
    contrasts as contrasts,
    make_contrast as make_contrast,
    parse_words as parse_words,
    typed_contrast as typed_contrast,
)
