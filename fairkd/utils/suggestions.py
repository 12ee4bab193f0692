"""Suggestions for names that do not exist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher, get_close_matches

MARGIN = 0.1  # names that are less similar than the nearest by more than this are no help


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """At most three of the known names that are spelled similarly, the nearest first.

    >>> nearest("budget.step", ["budget.steps", "budget.stop_gap", "seed"])
    ['budget.steps']
    """
    near = get_close_matches(name, list(known), n=3)
    ratios = [SequenceMatcher(None, name, one).ratio() for one in near]
    return [one for one, ratio in zip(near, ratios, strict=True) if ratio >= ratios[0] - MARGIN]


def did_you_mean(names: Sequence[str]) -> str:
    """A question to follow the sentence of an error; empty without names.

    >>> did_you_mean(nearest("fairest", ["plain", "fair"]))
    ' Did you mean fair?'
    >>> did_you_mean([])
    ''
    """
    return f" Did you mean {' or '.join(names)}?" if names else ""
