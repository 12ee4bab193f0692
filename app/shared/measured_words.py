"""The words whose gap a run measures, and whether its constraint balances the same words."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from fairkd.errors import FairKDError
from fairkd.lexicon import OWN, WordGroup, contrasts, make_contrast


def gap_groups(section: Mapping[str, Any]) -> tuple[WordGroup, ...]:
    """The first two groups of a section's `words` or `contrast`; empty if they are not valid."""
    if section.get("words") is not None:
        with suppress(FairKDError):
            return make_contrast(OWN, section["words"]).groups[:2]
        return ()
    known = contrasts().get(str(section.get("contrast")))
    return known.groups[:2] if known else ()


def gap_names(config: Mapping[str, Any]) -> tuple[str, str]:
    """The names of the two groups whose gap is measured: `he`, `she`."""
    groups = gap_groups(config.get("evaluation") or {})
    return (groups[0].name, groups[1].name) if groups else ("A", "B")


def mass_words(config: Mapping[str, Any]) -> str:
    """The mass of a gap as a sum: `P(he) + P(she)`."""
    a, b = gap_names(config)
    return f"P({a}) + P({b})"


def measures_other_words(config: Mapping[str, Any]) -> bool:
    """Whether the measured words differ from the balanced ones. Names and order do not matter."""
    balanced, measured = config.get("constraint") or {}, config.get("evaluation") or {}
    return balanced.get("kind", "none") != "none" and _words(balanced) != _words(measured)


def _words(section: Mapping[str, Any]) -> set[frozenset[str]]:
    """The words of each of the two groups, in all grammatical roles."""
    return {
        frozenset(word.casefold() for words in group.words.values() for word in words)
        for group in gap_groups(section)
    }
