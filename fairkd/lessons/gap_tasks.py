"""The lesson on gaps: the gap of one sentence, its questions, and its exercise."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fairkd.errors import InputError
from fairkd.lessons.exercise_result import ExerciseResult, QuestionAnswer
from fairkd.lexicon import Contrast, Template, contrasts, shipped_professions
from fairkd.measures import gaps
from fairkd.models import MaskedLM, encode
from fairkd.predictions import score_words
from fairkd.utils import percent, quoted, times

NURSE, DOCTOR = "[MASK] is a nurse.", "doctor"
TEMPLATE = Template("[MASK] is {a profession}.", "subject")
MOST_PROFESSIONS = 10
LARGE, SMALL = 3.0, 1.5  # times as likely: a large gap is at least the first, a small one at most the second
NO_MASS, MUCH_MASS = 0.01, 0.5
_BOUNDS = (2.0, 5.0, 20.0)  # times as likely, of the first question's choices
_MOVED = 0.1  # nats; a smaller change of the gap is none


@dataclass(frozen=True)
class SentenceGap:
    """Two word groups at the hidden word of one sentence.

    `groups` are their names, `p_a` and `p_b` their probabilities, `gap` is log P(A) - log P(B) in nats.
    """

    groups: tuple[str, str]
    p_a: float
    p_b: float
    gap: float

    @property
    def mass(self) -> float:
        """P(A) + P(B)."""
        return self.p_a + self.p_b

    @property
    def ratio(self) -> float:
        """How many times as likely the more probable group is as the other."""
        return math.exp(min(abs(self.gap), 500.0))

    @property
    def likelier(self) -> tuple[str, str]:
        """The more probable group, and the other one."""
        return self.groups if self.gap >= 0 else (self.groups[1], self.groups[0])

    def fills(self, blanks: int) -> float:
        """How many of so many blanks the model would fill with a word of either group, on average."""
        return self.mass * blanks


def pronouns() -> Contrast:
    """The shipped word groups he and she."""
    return contrasts()["pronouns"]


def sentence_gap(lm: MaskedLM, text: str, contrast: Contrast, role: str = "subject") -> SentenceGap:
    """The gap between the first two groups of `contrast` at the hidden word of `text`.

    P(G) is the sum over the words of the group for the grammatical `role`. A word of several subword tokens
    counts with its left-to-right score (`fairkd.predictions.score_words`).

    Raises
    ------
    InputError
        The text does not hide exactly one word or is too long, or the tokenizer cannot spell a word.

    Examples
    --------
    >>> from fairkd.models import load
    >>> found = sentence_gap(load("embedded/teacher"), "[MASK] is a nurse.", pronouns())
    >>> found.likelier
    ('she', 'he')
    """
    masks = len(encode(lm, text).masks)
    if masks != 1:
        found = f"hides {masks} words" if masks else "hides no word"
        raise InputError(f"The sentence {found}. Hide exactly one: write [MASK] or _ for it.")
    a, b = contrast.groups[:2]
    words_a, words_b = a.for_role(role), b.for_role(role)
    scores = score_words(lm, text, [*words_a, *words_b])
    scores["group"] = [a.name] * len(words_a) + [b.name] * len(words_b)
    different = scores.drop_duplicates(["ids", "group"])  # words that the model reads as one count once
    if (alike := different[different.duplicated("ids")]).size:
        raise InputError(
            f"{lm.reference} reads {quoted(alike.word.iloc[0])} as a word of the other group. "
            "Remove it from one of them."
        )
    log_a, log_b = (
        float(np.logaddexp.reduce(different.log_probability[different.group == one.name])) for one in (a, b)
    )
    return SentenceGap((a.name, b.name), math.exp(log_a), math.exp(log_b), log_a - log_b)


def profession_gaps(lm: MaskedLM, professions: Sequence[str]) -> pd.DataFrame:
    """`fairkd.measures.gaps` of he and she in "[MASK] is {a profession}.", with the prior.

    Raises
    ------
    InputError
        There is no profession, or there are more than ten; or the tokenizer cannot spell one.
    """
    if len(professions) > MOST_PROFESSIONS:
        raise InputError(
            f"Expected at most {MOST_PROFESSIONS} professions, got {len(professions)}. Remove some of them."
        )
    return gaps(lm, contrast=pronouns(), templates=[TEMPLATE], professions=professions)


def unknown_professions(names: Sequence[str]) -> list[str]:
    """Those of `names` that are not among the shipped professions."""
    known = {name.casefold() for name in shipped_professions()["profession"]}
    return [name for name in names if name.casefold() not in known]


def gap_directions(frame: pd.DataFrame) -> tuple[int, int]:
    """For how many professions *he* is more likely, and for how many *she*."""
    return int((frame["gap"] > 0).sum()), int((frame["gap"] < 0).sum())


def how_much_more_likely(lm: MaskedLM) -> QuestionAnswer:
    """Whether the nurse's pronouns differ by up to 2 times, up to 5, up to 20, or more."""
    found = sentence_gap(lm, NURSE, pronouns())
    right = next((n for n, bound in enumerate(_BOUNDS) if found.ratio <= bound), len(_BOUNDS))
    more, less = found.likelier
    return QuestionAnswer(right, f"“{more}” is {times(found.ratio)} times as likely as “{less}”.")


def where_the_ratio_moves(lm: MaskedLM) -> QuestionAnswer:
    """Whether he to she moves towards he, stays, or moves towards she, once the doctor is hidden as well."""
    row = profession_gaps(lm, [DOCTOR]).iloc[0]
    moved = row.prior_gap - row.gap
    right = 0 if moved > _MOVED else 2 if moved < -_MOVED else 1
    return QuestionAnswer(
        right,
        f"“he” is {_how_likely(row.gap)} as “she” with the doctor, and {_how_likely(row.prior_gap)} without.",
    )


def _how_likely(gap: float) -> str:
    """A gap as a ratio, which may be less than 1: "2.3 times as likely", "1 / 15 times as likely"."""
    return (
        f"{times(math.exp(gap))} times as likely"
        if gap >= 0
        else f"1 / {times(math.exp(-gap))} times as likely"
    )


def _beside(value: float, bound: float, shown: Callable[[float], str]) -> str:
    """`value` as `shown` writes it, with more digits where it would look like a bound that it misses."""
    text = shown(value)
    if value == bound or text != shown(bound):
        return text
    scale, unit = (100.0, " %") if text.endswith("%") else (1.0, "")
    for digits in range(2, 9):
        if f"{scale * value:.{digits}f}" != f"{scale * bound:.{digits}f}":
            return f"{scale * value:.{digits}f}{unit}"
    return text


def check_gap_and_mass(lm: MaskedLM, empty: str, full: str) -> ExerciseResult:
    """Whether `empty` has a large gap of he and she with no mass, and `full` a small gap with much mass.

    Large: one is at least 3 times as likely as the other. No mass: both together have less than 1 %. Small:
    neither is more than 1.5 times as likely. Much: both together have at least half.

    Raises
    ------
    InputError
        A sentence does not hide exactly one word, or is too long.
    """
    loud, quiet = (sentence_gap(lm, text, pronouns()) for text in (empty, full))
    first, second = (
        f"The {place} sentence: “{one.likelier[0]}” is {_beside(one.ratio, ratio, times)} times as likely "
        f"as “{one.likelier[1]}”, and both have {_beside(one.mass, mass, percent)} together."
        for place, one, ratio, mass in (
            ("first", loud, LARGE, NO_MASS),
            ("second", quiet, SMALL, MUCH_MASS),
        )
    )
    if loud.mass >= NO_MASS:
        return ExerciseResult(
            False,
            f"{first} That is too much: less than {percent(NO_MASS)} is asked for. Hide a word where neither "
            "of them makes a good sentence.",
        )
    if loud.ratio < LARGE:
        return ExerciseResult(
            False,
            f"{first} The gap is too small: at least {LARGE:g} times are asked for. Tell more about the "
            "person, so that the model takes them for a man or for a woman.",
        )
    if quiet.mass < MUCH_MASS:
        return ExerciseResult(
            False,
            f"{second} That is too little: at least {percent(MUCH_MASS)} is asked for. Hide the subject, "
            "where a pronoun is expected.",
        )
    if quiet.ratio > SMALL:
        return ExerciseResult(
            False,
            f"{second} The gap is too large: at most {SMALL:g} times are asked for. Say something that is "
            "true of people in general.",
        )
    return ExerciseResult(True, f"{first} {second} Only the second gap says something about the model.")
