"""The glossary: what the technical terms mean here, read from `resources/glossary.yaml`. Loads no torch."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

from fairkd.errors import InputError
from fairkd.utils import Section, did_you_mean, nearest, quoted, read_yaml


class GlossaryTerm(Section):
    """A technical term and its explanation.

    Attributes
    ----------
    term : str
        The term, as it stands inside a sentence.
    text : str
        One or two sentences, in Markdown.
    also : tuple of str
        Other names of the same thing.
    lesson : str, optional
        The lesson that explains it first; None if no lesson needs it.
    see : str, optional
        The page of the documentation that says more, from its root, possibly with a section:
        "concepts/gaps.md#mass".
    """

    term: str
    text: str
    also: tuple[str, ...] = ()
    lesson: str | None = None
    see: str | None = None

    @property
    def anchor(self) -> str:
        """The term for addresses.

        >>> glossary_term("hard label").anchor
        'hard-label'
        """
        return re.sub(r"\W+", "-", self.term.lower()).strip("-")

    @property
    def names(self) -> tuple[str, ...]:
        """The term and its other names."""
        return self.term, *self.also


@lru_cache(maxsize=1)
def glossary_terms() -> tuple[GlossaryTerm, ...]:
    """All terms, in alphabetical order."""
    text = (files("fairkd") / "resources" / "glossary.yaml").read_text(encoding="utf-8")
    return tuple(sorted((GlossaryTerm(**entry) for entry in read_yaml(text)), key=lambda one: one.anchor))


def glossary_term(name: str) -> GlossaryTerm:
    """The term with this name, whatever its case. InputError with the nearest names for an unknown one.

    >>> glossary_term("CDA").term
    'counterfactual data augmentation'
    """
    by_name = {known.casefold(): one for one in glossary_terms() for known in one.names}
    if (found := by_name.get(name.casefold())) is None:
        known = [name for one in glossary_terms() for name in one.names]
        raise InputError(f"The glossary has no term {quoted(name)}.{did_you_mean(nearest(name, known))}")
    return found


def search_glossary(text: str) -> list[GlossaryTerm]:
    """The terms for what somebody types: those with a name that contains it, then those whose text does.

    All terms for an empty text.

    >>> [found.term for found in search_glossary("soft la")]
    ['soft label']
    """
    wanted = " ".join(text.split()).casefold()
    named = [one for one in glossary_terms() if any(wanted in name.casefold() for name in one.names)]
    named.sort(key=lambda one: wanted not in map(str.casefold, one.names))  # the term itself comes first
    return named + [one for one in glossary_terms() if one not in named and wanted in one.text.casefold()]
