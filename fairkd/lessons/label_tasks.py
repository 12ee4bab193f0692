"""The questions and the exercise of the lesson on hard labels and soft targets.

prediction = predict(lm, "Milk is a drink that children like.", mask_each=True)
targets_at(prediction, 4).soft        # what the teacher gives to each of the shown words
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairkd.errors import InputError
from fairkd.lessons.exercise_result import ExerciseResult, QuestionAnswer
from fairkd.lessons.experiment_result import ExperimentResult, standing, value_heading, value_text
from fairkd.utils import quoted

if TYPE_CHECKING:
    from fairkd.models import MaskedLM
    from fairkd.predictions import Prediction

SURE, UNSURE = 2.0, 50.0  # words that a target is worth, in the exercise
_BOUNDS = (3.0, 20.0, 200.0)  # of the question's choices, the smallest first


@dataclass(frozen=True)
class PositionTargets:
    """What a hidden word of a known sentence teaches.

    Attributes
    ----------
    right : str
        The word of the text.
    words : tuple of str
        The teacher's most probable words, and the right one.
    hard, soft : tuple of float
        The two targets' probabilities of these words.
    others : float
        What the soft target gives to all other words together.
    """

    right: str
    words: tuple[str, ...]
    hard: tuple[float, ...]
    soft: tuple[float, ...]
    others: float

    @property
    def wrong(self) -> tuple[tuple[str, float], ...]:
        """The shown wrong words, each with its share of the probability of all wrong words."""
        all_wrong = 1 - sum(soft for soft, hard in zip(self.soft, self.hard, strict=True) if hard)
        return tuple(
            (word, soft / all_wrong if all_wrong > 0 else 0.0)
            for word, soft, hard in zip(self.words, self.soft, self.hard, strict=True)
            if not hard
        )


def targets_at(prediction: Prediction, position: int, *, k: int = 8) -> PositionTargets:
    """Hard label and soft target at a position of a prediction made with `mask_each`.

    `prediction` is the teacher's; its `k` most probable words are shown.
    """
    right = prediction.tokens[position].id
    ids = prediction.top_ids(position, k)
    ids = ids if right in ids else [*ids, right]
    row = prediction.row(position).double().exp()
    soft = tuple(float(row[token]) for token in ids)
    return PositionTargets(
        right=prediction.token_string(position, right),
        words=tuple(prediction.token_string(position, token) for token in ids),
        hard=tuple(float(token == right) for token in ids),
        soft=soft,
        others=max(0.0, 1 - sum(soft)),
    )


def words_worth(prediction: Prediction, position: int) -> float:
    """Among how many equally probable words a choice would be as uncertain: exp(entropy)."""
    return math.exp(prediction.entropy(position))


def how_many_words(prediction: Prediction) -> QuestionAnswer:
    """Whether the hidden word is worth under 3 words, 3 to 20, 20 to 200, or more."""
    position = prediction.default_position
    count = words_worth(prediction, position)
    right = next((n for n, bound in enumerate(_BOUNDS) if count < bound), len(_BOUNDS))
    nats = prediction.entropy(position)
    return QuestionAnswer(
        right,
        f"The teacher's entropy there is {nats:.2f} nats: it is as uncertain as if it chose among "
        f"{count_text(count)} equally probable words.",
    )


def count_text(count: float) -> str:
    """A number of words for people: one decimal below 10.

    >>> count_text(1.96), count_text(34.6), count_text(1234.5)
    ('2.0', '35', '1,234')
    """
    return f"{count:.1f}" if count < 9.95 else f"{count:,.0f}"


def compare_wrong_words(lm: MaskedLM, prediction: Prediction, position: int, first: str, second: str) -> str:
    """How many times as likely the teacher finds one wrong word as another at a position of a known sentence.

    Raises
    ------
    InputError
        A word is missing, is the right one, or the model cannot spell it.
    """
    from fairkd.predictions import look_up  # loads torch

    words = [word.strip() for word in (first, second)]
    if not all(words):
        raise InputError("Type two words to compare them.")
    right = prediction.token_string(position, prediction.tokens[position].id)
    if right.casefold() in {word.casefold() for word in words}:
        raise InputError(f"{quoted(right)} is the word of the text: compare two wrong words.")
    found = [look_up(lm, prediction, word, position=position) for word in words]
    for one in found:
        if not one.probability:
            raise InputError(f"There is no probability for {quoted(one.word)} here: {one.note}.")
    (more, less) = sorted(found, key=lambda one: -(one.probability or 0.0))
    assert more.probability and less.probability
    ratio = more.probability / less.probability
    return (
        f"The teacher finds {quoted(more.word)} {count_text(ratio)} times as likely as {quoted(less.word)} "
        f"here."
    )


def check_sure_and_unsure(lm: MaskedLM, text: str) -> ExerciseResult:
    """Whether `text` hides two words: one worth under 2 words to the model, the other over 50.

    Raises
    ------
    InputError
        The text is empty or too long.
    """
    from fairkd.predictions import predict  # loads torch

    prediction = predict(lm, text)
    masked = [place for place in prediction.positions if prediction.tokens[place].masked]
    if len(masked) != 2:
        found = {0: "hides no word", 1: "hides one word"}.get(len(masked), f"hides {len(masked)} words")
        return ExerciseResult(False, f"Your sentence {found}. Hide exactly two: write [MASK] or _ for each.")
    counts = [words_worth(prediction, place) for place in masked]
    first, second = (
        f"{count_text(count)} words (the first is {quoted(prediction.token_string(place, token))})"
        for place, count in zip(masked, counts, strict=True)
        for token in prediction.top_ids(place, 1)
    )
    said = f"The first hidden word is worth {first}, the second {second}."
    if min(counts) < SURE and max(counts) > UNSURE:
        return ExerciseResult(True, f"{said} At one place the soft target is nearly a hard label.")
    if min(counts) >= SURE:
        return ExerciseResult(False, f"{said} Neither is below {SURE:.0f}: tell more about one of them.")
    return ExerciseResult(False, f"{said} None is above {UNSURE:.0f}: let one of them be almost any word.")


def sentences_needed(result: ExperimentResult, name: str) -> QuestionAnswer:
    """How many sentences with hard labels come up to the smallest number with soft targets.

    The choices of the question are the experiment's sizes, then "more than" the largest. A size comes up to
    the soft targets where its students are not worse, as far as the seeds show.
    """
    sizes = sorted({cell.sentences for cell in result.cells})
    soft = result.cell(sentences=sizes[0], targets="soft")
    hard = [result.cell(sentences=size, targets="hard") for size in sizes]
    standings = [standing(result, soft, cell, name) for cell in hard]
    if "too few" in standings:
        return QuestionAnswer(
            None, "There are too few seeds for a test (at least 6), so the data do not say."
        )
    right = next((n for n, one in enumerate(standings) if one != "worse"), len(sizes))
    few, many = f"{sizes[0]:,}", f"{sizes[-1]:,}"
    if right == len(sizes):
        steps = result.runs[0].steps
        end = (
            f"In {steps} steps, not even {many} sentences with hard labels come up to {few} with soft targets"
        )
    elif standings[right] == "no clear difference":
        size_text = f"{sizes[right]:,}"
        end = f"{size_text} sentences with hard labels are not shown to be worse than {few} with soft targets"
    else:
        end = f"{sizes[right]:,} sentences with hard labels give better students than {few} with soft targets"
    told = [
        f"{few} sentences, soft targets: {value_text(result, soft, name)}",
        *(
            f"{size:,}, hard labels: {value_text(result, cell, name)}"
            for size, cell in zip(sizes, hard, strict=True)
        ),
    ]
    return QuestionAnswer(right, f"{end}. {value_heading(name)} with {'; with '.join(told)}.")


def passes_text(result: ExperimentResult) -> str:
    """How often the students read their sentences, for each number of sentences: one or two sentences.

    Where the larger text is not read once, the steps are its limit, not the number of its sentences.
    """
    sizes = sorted({cell.sentences for cell in result.cells})
    passes = {
        size: result.passes(next(cell.key for cell in result.cells if cell.sentences == size))
        for size in sizes
    }
    told = [
        f"about {round(size * passes[size], -2):,.0f} of {size:,} sentences once"
        if passes[size] < 1
        else f"{size:,} sentences about {passes[size]:.0f} times"
        for size in sizes
    ]
    said = f"In {result.runs[0].steps} steps the students read {' or '.join(told)}"
    return f"{said}: there the steps are the limit." if passes[sizes[-1]] < 1 else f"{said}."


def finding_by_size(result: ExperimentResult, name: str) -> str:
    """At which numbers of sentences one kind of target gave better students: a title."""
    better: dict[str, list[str]] = {"better": [], "worse": [], "no clear difference": [], "too few": []}
    for size in sorted({cell.sentences for cell in result.cells}):
        hard, soft = (result.cell(sentences=size, targets=kind) for kind in ("hard", "soft"))
        better[standing(result, hard, soft, name)].append(f"{size:,}")
    parts = [
        f"{said} with {_listed(sizes)} sentences"
        for said, sizes in (
            ("soft targets are better", better["better"]),
            ("hard labels are better", better["worse"]),
            ("they cannot be told apart", better["no clear difference"]),
            ("there are too few seeds for a test", better["too few"]),
        )
        if sizes
    ]
    return f"{value_heading(name)}: {', '.join(parts)}"


def _listed(sizes: list[str]) -> str:
    return sizes[0] if len(sizes) == 1 else f"{', '.join(sizes[:-1])} and {sizes[-1]}"
