from .agreement import takes_plural_verb as takes_plural_verb
from .language_packs import (
    ENGLISH as ENGLISH,
    Gender as Gender,
    Language as Language,
    known_language as known_language,
    language_of as language_of,
    languages as languages,
)
from .professions import (
    Profession as Profession,
    as_profession as as_profession,
    professions_of as professions_of,
    shipped_professions as shipped_professions,
)
from .templates import (
    Rendered as Rendered,
    Template as Template,
    fitting as fitting,
    misfits as misfits,
    shipped_templates as shipped_templates,
    templates_of as templates_of,
)
from .word_groups import (
    OWN as OWN,
    ROLES as ROLES,
    Contrast as Contrast,
    WordGroup as WordGroup,
    all_contrasts as all_contrasts,
    contrasts as contrasts,
    make_contrast as make_contrast,
    parse_words as parse_words,
    typed_contrast as typed_contrast,
)
