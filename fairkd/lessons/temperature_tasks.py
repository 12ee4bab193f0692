"""The lesson on temperature: flattened distributions, and the gradient of the soft targets' loss.

A row is one position's log-probabilities [V] at T = 1. They are the model's logits up to a constant, which
the softmax ignores, so `log_softmax(row / T)` is the distribution at temperature T.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from fairkd.errors import InputError
from fairkd.lessons.exercise_result import ExerciseResult, QuestionAnswer
from fairkd.lessons.prediction_tasks import wrong_masks
from fairkd.models import MaskedLM
from fairkd.predictions import Prediction, compare, entropy, predict
from fairkd.utils import percent, quoted, times

FEW = 10  # words that an audience can look at; all others are "all other words"
KEPT = 0.1  # of its probability, the exercise's first word keeps at most this much
LEAD = 10.0  # and is at least this many times as likely as the tenth word
_KEPT_BOUNDS = (0.9, 0.5, 0.1)  # of the first question's choices, the largest first
_SHRINK_BOUNDS = (1.0, 4.0, 16.0)  # of the second question's choices, the smallest first


@dataclass(frozen=True)
class FlattenedWords:
    """The words that are most probable at T = 1, at another temperature.

    Attributes
    ----------
    words, probabilities : tuple
        The first ones, in order. A temperature changes the probabilities, but not their order.
    others : float
        The probability of all other words together.
    entropy : float
        Of the whole distribution, in nats.
    """

    temperature: float
    words: tuple[str, ...]
    probabilities: tuple[float, ...]
    others: float
    entropy: float

    @property
    def lead(self) -> float:
        """How many times as likely the first of the words is as the last of them."""
        return self.probabilities[0] / self.probabilities[-1]

    @property
    def equal_choices(self) -> float:
        """Among how many equally likely words a choice would be as uncertain: exp of the entropy."""
        return math.exp(self.entropy)


def at_temperature(row: Tensor, temperature: float) -> Tensor:
    """The log-probabilities [V], fp64, of a row [V] at another temperature.

    >>> import torch
    >>> at_temperature(torch.tensor([0.8, 0.2]).log(), 2).exp().tolist()
    [0.6666666..., 0.3333333...]
    """
    return (row.double() / temperature).log_softmax(-1)


def flattened(prediction: Prediction, temperature: float, k: int = FEW) -> FlattenedWords:
    """The k most probable words of a prediction (made at T = 1) at its first mask, at `temperature`."""
    position = prediction.default_position
    ids = prediction.top_ids(position, k)
    log_p = at_temperature(prediction.row(position), temperature)
    probabilities = log_p.exp()
    shown = tuple(probabilities[ids].tolist())
    return FlattenedWords(
        temperature,
        tuple(prediction.token_string(position, token) for token in ids),
        shown,
        max(0.0, 1 - math.fsum(shown)),
        entropy(log_p),
    )


def shares_by_temperature(prediction: Prediction, temperatures: Sequence[float]) -> pd.DataFrame:
    """How the probability at the first mask is divided: temperature, first (word), next (nine), others."""
    found = [flattened(prediction, temperature) for temperature in temperatures]
    return pd.DataFrame(
        {
            "temperature": list(temperatures),
            "first": [one.probabilities[0] for one in found],
            "next": [math.fsum(one.probabilities[1:]) for one in found],
            "others": [one.others for one in found],
        }
    )


def soft_gradient(teacher: Tensor, student: Tensor, temperature: float) -> Tensor:
    """The gradient of KL(q_T || s_T) with respect to the student's logits: `(s_T - q_T) / T`, [V], fp64.

    q_T and s_T are the softmax of the teacher's and the student's logits divided by T. Hinton et al. 2015
    (arXiv 1503.02531), equation 2.

    Parameters
    ----------
    teacher, student : Tensor[V]
        Both models' rows at T = 1, over one vocabulary.

    Examples
    --------
    >>> import torch
    >>> soft_gradient(torch.tensor([0.9, 0.1]).log(), torch.tensor([0.5, 0.5]).log(), 1).tolist()
    [-0.4..., 0.4...]
    """
    q, s = (at_temperature(row, temperature).exp() for row in (teacher, student))
    return (s - q) / temperature


def matched_logits(teacher: Tensor, student: Tensor) -> Tensor:
    """What T^2 times `soft_gradient` tends to as T grows: `(z - v) / V`, [V], fp64.

    v and z are the teacher's and the student's logits, each minus their mean. At a high temperature the soft
    targets thus make the student match the teacher's logits (Hinton et al. 2015, section 2.1).
    """
    v, z = (row.double() - row.double().mean() for row in (teacher, student))
    return (z - v) / len(v)


def both_rows(teacher: Prediction, student: Prediction) -> tuple[Tensor, Tensor]:
    """Both models' rows at the teacher's first mask.

    Raises
    ------
    InputError
        The vocabularies differ, so that the student cannot learn from these soft targets.
    """
    found = compare(teacher, student)
    place = dict(found.aligned).get(teacher.default_position)
    if not found.same_vocabulary or place is None:
        raise InputError(
            f"{teacher.reference} and {student.reference} have different vocabularies, so this loss has no "
            "gradient. Choose a student with the vocabulary of its teacher."
        )
    return teacher.row(teacher.default_position), student.row(place)


def gradient_sizes(teacher: Tensor, student: Tensor, temperatures: Sequence[float]) -> pd.DataFrame:
    """The size of `soft_gradient` at some temperatures: temperature, plain, and scaled by T^2.

    The size is the sum of the absolute values over all words of the vocabulary.
    """
    plain = [float(soft_gradient(teacher, student, t).abs().sum()) for t in temperatures]
    return pd.DataFrame(
        {
            "temperature": list(temperatures),
            "plain": plain,
            "scaled": [t**2 * size for t, size in zip(temperatures, plain, strict=True)],
        }
    )


def logit_matching(teacher: Tensor, student: Tensor, temperature: float, words: int = 400) -> pd.DataFrame:
    """For some words: how far the student's logit is from the teacher's, and how hard the gradient pulls.

    The words are those at equal steps in the order of `difference`.

    Returns
    -------
    DataFrame
        difference: z - v, the logits minus their means. pull: V T^2 times the gradient, which tends to the
        difference as T grows (see `matched_logits`).
    """
    scale = len(teacher)
    difference = matched_logits(teacher, student) * scale
    pull = soft_gradient(teacher, student, temperature) * scale * temperature**2
    steps = torch.linspace(0, scale - 1, min(words, scale)).long()
    chosen = difference.argsort()[steps]
    return pd.DataFrame({"difference": difference[chosen].numpy(), "pull": pull[chosen].numpy()})


def agreement_with_limit(teacher: Tensor, student: Tensor, temperature: float) -> float:
    """Pearson's correlation, over the vocabulary, of the gradient at T with its limit `matched_logits`.

    NaN where one of them is the same for all words, as for equal models.
    """
    gradient, limit = soft_gradient(teacher, student, temperature), matched_logits(teacher, student)
    gradient, limit = gradient - gradient.mean(), limit - limit.mean()
    norm = float(gradient.norm() * limit.norm())
    return float(gradient.dot(limit)) / norm if norm else math.nan


def first_word_flattened(prediction: Prediction) -> QuestionAnswer:
    """How much of its probability the first word keeps at T = 2: over 90 %, over 50 %, over 10 %, or less."""
    before, after = (flattened(prediction, t) for t in (1.0, 2.0))
    kept = after.probabilities[0] / before.probabilities[0]
    right = next((n for n, bound in enumerate(_KEPT_BOUNDS) if kept > bound), len(_KEPT_BOUNDS))
    was, now = percent(before.probabilities[0]), percent(after.probabilities[0])
    return QuestionAnswer(right, f"“{before.words[0]}” goes from {was} to {now}.")


def gradient_shrinks(teacher: Prediction, student: Prediction) -> QuestionAnswer:
    """How many times smaller the gradient is at T = 4 than at T = 1: none, up to 4, up to 16, or more."""
    try:
        rows = both_rows(teacher, student)
    except InputError:
        return QuestionAnswer(None, "These two models have no such gradient: their vocabularies differ.")
    one, four = gradient_sizes(*rows, [1.0, 4.0]).plain
    if four == 0:
        return QuestionAnswer(None, "Both models predict the same here, so there is no gradient at all.")
    shrinks = one / four
    right = next((n for n, bound in enumerate(_SHRINK_BOUNDS) if shrinks <= bound), len(_SHRINK_BOUNDS))
    return QuestionAnswer(
        right,
        f"Its size goes from {one:.2g} at T = 1 to {four:.2g} at T = 4: {times(shrinks)} times smaller.",
    )


def check_first_word_drowns(
    lm: MaskedLM, text: str, temperature: float, *, example: str = ""
) -> ExerciseResult:
    """Whether `temperature` takes nine tenths of the first word's probability, but leaves it its lead.

    The lead: it is still at least ten times as likely as the tenth word. `example` is the lesson's own
    sentence, which does not count.

    Raises
    ------
    InputError
        The text is empty or too long.
    """
    if example and text.strip().casefold() == example.casefold():
        return ExerciseResult(False, "That is the sentence of this lesson. Find one of your own.")
    prediction = predict(lm, text)
    if (wrong := wrong_masks(prediction)) is not None:
        return wrong
    before, after = flattened(prediction, 1.0), flattened(prediction, temperature)
    kept = after.probabilities[0] / before.probabilities[0]
    first, tenth = quoted(before.words[0]), quoted(before.words[-1])
    said = (
        f"At T = {temperature:g}, {first} goes from {percent(before.probabilities[0])} to "
        f"{percent(after.probabilities[0])}, and is {times(after.lead)} times as likely as the tenth "
        f"word, {tenth}."
    )
    if kept <= KEPT and after.lead >= LEAD:
        return ExerciseResult(True, f"{said} What it lost went to all the other words together.")
    # The lead is a power 1 / T of the lead at T = 1, and the first word only falls as T grows.
    highest = math.log(before.lead) / math.log(LEAD)
    if highest <= 1 or _kept(prediction, highest) > KEPT:
        return ExerciseResult(
            False,
            f"{said} No temperature can do both with this sentence: even at T = 1 {first} is only "
            f"{times(before.lead)} times as likely as {tenth}. Hide a word that the teacher is surer of.",
        )
    if kept > KEPT:
        return ExerciseResult(False, f"{said} It keeps {percent(kept)} of its probability: raise T.")
    return ExerciseResult(False, f"{said} Its lead is too small: lower T.")


def _kept(prediction: Prediction, temperature: float) -> float:
    """The part of its probability at T = 1 that the first word keeps."""
    now, before = (flattened(prediction, t, 1).probabilities[0] for t in (temperature, 1.0))
    return now / before
