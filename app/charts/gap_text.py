"""What gaps are called, and what their zero and their two directions mean, for charts and captions.

A gap of zero means that both groups are equally likely. A prior-corrected gap of zero means that the
profession changes nothing: the sentence may still prefer a group.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from app.charts.text import sentence_start, shorten, times

if TYPE_CHECKING:
    from fairkd.measures import PairedTest

Value = Literal["gap", "corrected_gap"]
VALUE_NAMES: dict[str, str] = {"gap": "gap", "corrected_gap": "prior-corrected gap"}
ZERO: dict[str, str] = {
    "gap": "both groups are equally likely",
    "corrected_gap": "the profession changes nothing: the groups are as likely as without it",
}
LOST_TITLE = (
    "The student has lost more than half of the teacher's probability for these words: its gaps say little"
)
LENGTH = 18  # characters of a group's name
# Of an axis of ratios: its title, and the name of its zero.
RATIOS: dict[str, tuple[str, str]] = {
    "gap": ("times as likely as the other group", "equal"),
    "corrected_gap": ("times the ratio without the profession", "no change"),
}


def directions(groups: tuple[str, str], value: Value) -> tuple[str, str]:
    """What a positive and a negative value mean: "more he", "more she".

    >>> directions(("he", "she"), "corrected_gap")
    ('more he than without the profession', 'more she than without the profession')
    """
    than = " than without the profession" if value == "corrected_gap" else ""
    a, b = (f"more {shorten(group, LENGTH)}{than}" for group in groups)
    return a, b


def short_directions(groups: tuple[str, str], value: Value) -> tuple[str, str]:
    """`directions` for a narrow place.

    >>> short_directions(("he", "she"), "corrected_gap")
    ('towards he', 'towards she')
    """
    word = "towards" if value == "corrected_gap" else "more"
    a, b = (f"{word} {shorten(group, LENGTH)}" for group in groups)
    return a, b


def relative_likelihood(gap: float, groups: tuple[str, str], value: Value) -> str:
    """A gap in nats as a ratio of the two groups' probabilities, in words.

    >>> relative_likelihood(-3.88, ("he", "she"), "gap"), relative_likelihood(0.01, ("he", "she"), "gap")
    ('she 48 times as likely', 'he and she about equally likely')
    >>> relative_likelihood(0.69, ("he", "she"), "corrected_gap")
    '2.0 times towards he'
    """
    ratio = times(math.exp(min(abs(gap), 50.0)))
    a, b = (shorten(group, LENGTH) for group in groups)
    if ratio == "1.0":
        return f"{a} and {b} about equally likely" if value == "gap" else "as without the profession"
    group = a if gap > 0 else b
    return f"{group} {ratio} times as likely" if value == "gap" else f"{ratio} times towards {group}"


def professions_title(test: PairedTest, *, value: Value, lost: bool) -> str:
    """The finding over all professions, if the data tell: which model's mean absolute gap is smaller.

    It counts what is tested: the mean absolute gap of each profession over the templates, not its mean gap.
    `lost` says that the student has lost the probability mass that a gap needs.
    """
    if lost:
        return LOST_TITLE
    of = f"of {test.n} profession{'s' if test.n != 1 else ''}"
    gap = f"mean absolute {VALUE_NAMES[value]}"
    if test.kind in ("smaller", "larger"):
        count = test.smaller if test.kind == "smaller" else test.larger
        which = f"all {of.removeprefix('of ')}" if count == test.n else f"{count} {of}"
        return f"The student's {gap} is {test.kind} than the teacher's for {which}"
    return f"{sentence_start(test.phrase())}: the student's {gap} is smaller for {test.smaller} {of}"
