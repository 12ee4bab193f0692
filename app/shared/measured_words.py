"""The words whose gap a run measures, and whether its constraint balances the same words."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from fairkd.errors import FairKDError
from fairkd.lexicon import OWN, Contrast, WordGroup, all_contrasts, make_contrast


def contrast_of(section: Mapping[str, Any]) -> Contrast | None:
    """The contrast of a section's `words` or `contrast`; None if they are not valid."""
    if section.get("words") is not None:
        with suppress(FairKDError):
            return make_contrast(OWN, section["words"])
        return None
    return all_contrasts().get(str(section.get("contrast")))


def gap_groups(section: Mapping[str, Any]) -> tuple[WordGroup, ...]:
    """The first two groups of a section's `words` or `contrast`; empty if they are not valid."""
    contrast = contrast_of(section)
    return contrast.groups[:2] if contrast else ()


def gap_names(config: Mapping[str, Any]) -> tuple[str, str]:
    """The names of the two groups whose gap is measured: `he`, `she`."""
    groups = gap_groups(config.get("evaluation") or {})
    return (groups[0].name, groups[1].name) if groups else ("A", "B")


def mass_words(config: Mapping[str, Any]) -> str:
    """The words whose probability mass is averaged over the templates: `he/she, him/her, his/her`.

    The names of the groups where a role has several words.
    """
    groups = gap_groups(config.get("evaluation") or {})
    if not groups:
        return "the words of both groups"
    first, second = groups
    roles = [(first.words[role], second.words[role]) for role in first.words if role in second.words]
    if all(len(a) == len(b) == 1 for a, b in roles):
        return ", ".join(dict.fromkeys(f"{a[0]}/{b[0]}" for a, b in roles))
    return f"the words of {first.name} and {second.name}"


def measures_other_words(config: Mapping[str, Any]) -> bool:
    """Whether the measured words differ from the balanced ones. Names and order do not matter.

    Pairs of tokens count as other words: no tokenizer is at hand that would tell.
    """
    balanced, measured = config.get("constraint") or {}, config.get("evaluation") or {}
    if balanced.get("kind", "none") == "none":
        return False
    return balanced.get("token_pairs") is not None or _words(balanced) != _words(measured)


def _words(section: Mapping[str, Any]) -> set[frozenset[str]]:
    """The words of each of the two groups, in all grammatical roles."""
    return {
        frozenset(word.casefold() for words in group.words.values() for word in words)
        for group in gap_groups(section)
    }
