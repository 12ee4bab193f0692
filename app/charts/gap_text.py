"""What gaps are called, and what their zero and their two directions mean, for charts and captions.

A gap of zero means that both groups are equally likely. A prior-corrected gap of zero means that the
profession changes nothing: the sentence may still prefer a group.
"""

from __future__ import annotations

from typing import Literal

from app.charts.text import sentence_start, shorten
from fairkd.measures import Verdict

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


def professions_title(test: Verdict, *, nearer: int, total: int, value: Value, lost: bool) -> str:
    """The finding over all professions: which model's gaps are smaller, if the data tell.

    Parameters
    ----------
    nearer : the number of professions for which the student's value is nearer to 0 than the teacher's.
    lost : whether the student has lost the probability mass that a gap needs.
    """
    gaps = f"{VALUE_NAMES[value]}s"
    of = f"of {total} profession{'s' if total != 1 else ''}"
    if lost:
        return LOST_TITLE
    if test.kind == "smaller":
        return f"The student's {gaps} are smaller than the teacher's: nearer to 0 for {nearer} {of}"
    if test.kind == "larger":
        return f"The student's {gaps} are larger than the teacher's: nearer to 0 for only {nearer} {of}"
    nearer_to_0 = f"the student's {VALUE_NAMES[value]} is nearer to 0 for {nearer} {of}"
    return f"{sentence_start(test.phrase())}: {nearer_to_0}"
