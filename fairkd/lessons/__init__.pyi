from .glossary import (
    GlossaryTerm as GlossaryTerm,
    glossary_term as glossary_term,
    glossary_terms as glossary_terms,
    search_glossary as search_glossary,
)
