"""Questions about words with two readings, which a masked language model answers.

A model reads the sentence with the word masked, and compares how likely it finds clear words of either
reading in its place: after "Two officers" and before "the station", verbs are likelier than nouns, so "man"
is one. The words are those under `readings` in `resources/swaps.yaml`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fairkd.augmentation.masked_words import MaskedWords, context
from fairkd.augmentation.swap_lexicon import lexicon
from fairkd.augmentation.word_context import WordInSentence
from fairkd.models import MaskedLM
from fairkd.utils import Progress


class TwoReadings(NamedTuple):
    """Two readings of a word: it is gendered if log P(gendered) - log P(other) in its place exceeds `margin`.

    The names are keys of `readings` in the swap lexicon; without `other`, log P(gendered) alone counts.
    """

    gendered: tuple[str, ...]
    other: tuple[str, ...] = ()
    margin: float = 0.0


class Question(NamedTuple):
    """A word that a masked language model shall read in its context, and the likelier answer without one."""

    place: WordInSentence
    reading: TwoReadings
    likelier: bool


@dataclass(frozen=True, eq=False)
class Senses:
    """Answers questions by a masked language model; without one, with the likelier reading."""

    lm: MaskedLM | None

    def many(self, questions: Sequence[Question], progress: Progress | None = None) -> list[bool]:
        """Whether the word of each question is gendered; the model reads many in one forward pass.

        >>> from fairkd import models
        >>> readings = TwoReadings(("noun",), ("verb",))
        >>> question = Question(WordInSentence("They man pumps.", 5, 8), readings, likelier=True)
        >>> Senses(models.load("embedded/teacher")).many([question]), Senses(None).many([question])
        ([False], [True])
        """
        if self.lm is None or not questions:
            return [question.likelier for question in questions]
        masses = MaskedWords(self.lm).log_masses(
            [context(each.place.text, each.place.start, each.place.end) for each in questions],
            [_sides(each.reading) for each in questions],
            doing="Deciding whether words are gendered",
            progress=progress,
        )
        return [
            question.likelier if mass is None else mass[0] - sum(mass[1:]) > question.reading.margin
            for question, mass in zip(questions, masses, strict=True)
        ]


def _sides(reading: TwoReadings) -> tuple[tuple[str, ...], ...]:
    readings = lexicon().readings
    sides = (reading.gendered, reading.other) if reading.other else (reading.gendered,)
    return tuple(tuple(word for name in side for word in readings[name]) for side in sides)
