"""The questions and the exercise of the lesson on constraints: what leaks, and how far a label pulls back."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fairkd.augmentation import SwappedWord, swapped_words
from fairkd.constraints import SimplexEdit, edit_simplex, simplex_point
from fairkd.distill.config import ObjectiveConfig
from fairkd.distill.losses import mixed_target
from fairkd.lessons.exercise_result import ExerciseResult, QuestionAnswer
from fairkd.models import MaskedLM, token_ids
from fairkd.predictions import Prediction, predict
from fairkd.utils import percent, times

Three = tuple[float, float, float]  # probabilities of both words, and of all others

PAIR = ("he", "she")
ENOUGH = 0.2  # the exercise asks for more leaked mass than this
# The default weights of a distillation: of the soft target, and of the hard label.
KD = ObjectiveConfig().kd
MLM = ObjectiveConfig().mlm
_LEAKS = (5e-5, 0.05, 0.2)  # bounds of the first question's choices
_TIMES = (1.05, 2.5, 10.0)  # bounds of the second question's choices
_FAR = 5.0  # times as likely as the other word: below it, the mean of the logits leaks little
_ROOM = 0.03  # probability of all other words: with less, little comes to them


def leak_at_mask(lm: MaskedLM, prediction: Prediction, words: tuple[str, str] = PAIR) -> SimplexEdit:
    """The mean of the logits of two words at a prediction's first mask: one point, before and after."""
    return edit_simplex(torch.tensor([simplex_point(lm, prediction, words)]), kind="logit_mean")


def _three(row: Tensor) -> Three:
    first, second, others = row[0].tolist()
    return first, second, others


def how_much_leaks(lm: MaskedLM, prediction: Prediction) -> QuestionAnswer:
    """Whether nothing leaks to all other words, under 5 %, 5 to 20 %, or more."""
    leaked = float(leak_at_mask(lm, prediction).leaked_mass)
    right = sum(leaked > bound for bound in _LEAKS)
    if not right:
        return QuestionAnswer(0, "Here both words are equally probable already, so nothing changes.")
    return QuestionAnswer(
        right,
        f"{percent(leaked)} leaks. The mean of two logits gives both words the geometric mean of their "
        "probabilities, which is smaller than the usual mean. To add up to 100 % again, all words grow in "
        "proportion, the other words too.",
    )


def label_pull(
    lm: MaskedLM, prediction: Prediction, *, label: int = 1, kd: float = KD, mlm: float = MLM
) -> tuple[Three, Three]:
    """The balanced soft target, and what a student learns that gets a hard label as well: three words each.

    Parameters
    ----------
    label
        Which of `PAIR` the text has in place of the mask: 0 or 1.
    kd, mlm
        The weights of soft target and hard label.
    """
    point = torch.tensor([simplex_point(lm, prediction, PAIR)], dtype=torch.float64)
    soft = edit_simplex(point, kind="mass_preserving").after
    learnt = mixed_target(soft, torch.tensor([label]), kd=kd, mlm=mlm)
    return _three(soft), _three(learnt)


def how_far_a_label_pulls(lm: MaskedLM, prediction: Prediction) -> QuestionAnswer:
    """How many times as likely "she" is as "he" for the student: as likely, to 2.5, to 10 times, or more."""
    _, learnt = label_pull(lm, prediction)
    he, she, _ = learnt
    ratio = she / he
    return QuestionAnswer(
        sum(ratio > bound for bound in _TIMES),
        f"The student that makes this loss smallest gives “she” {percent(she)} and “he” {percent(he)}: "
        f"{times(ratio)} times as much.",
    )


@dataclass(frozen=True)
class SwappedExample:
    """A sentence and its swapped copy, in parts: text, and whether it is a swapped word.

    `tokens` and `copied_tokens` are the numbers of tokens of both, without special tokens.
    """

    words: tuple[SwappedWord, ...]
    marked: tuple[tuple[str, bool], ...]
    marked_copy: tuple[tuple[str, bool], ...]
    tokens: int
    copied_tokens: int


def swapped_example(lm: MaskedLM, sentence: str) -> SwappedExample:
    """What counterfactual data augmentation makes of a sentence; `lm` reads "her" and "his" in context."""
    words = tuple(swapped_words(sentence, lm))
    parts: list[tuple[str, str, bool]] = []
    done = 0
    for word in words:
        parts += [(sentence[done : word.start],) * 2 + (False,), (word.word, word.counterpart, True)]
        done = word.start + len(word.word)
    parts = [part for part in [*parts, (sentence[done:],) * 2 + (False,)] if part[0]]
    marked = tuple((text, swapped) for text, _, swapped in parts)
    copy = tuple((text, swapped) for _, text, swapped in parts)
    sides = ["".join(text for text, _ in side) for side in (marked, copy)]
    special = lm.tokenizer.num_special_tokens_to_add()
    tokens, copied = (len(ids) - special for ids in token_ids(lm.tokenizer, sides, max_tokens=lm.max_tokens))
    return SwappedExample(words, marked, copy, tokens, copied)


def check_leak(lm: MaskedLM, text: str) -> ExerciseResult:
    """Whether the mean of the logits of "he" and "she" leaks more than `ENOUGH` at the hidden word of `text`.

    Raises
    ------
    InputError
        The text is empty or too long, or the model writes "he" or "she" in several tokens.
    """
    prediction = predict(lm, text)
    masked = sum(prediction.tokens[place].masked for place in prediction.positions)
    if masked != 1:
        found = "hides no word" if not masked else f"hides {masked} words"
        return ExerciseResult(False, f"Your sentence {found}. Hide exactly one: write [MASK] or _ for it.")
    edit = leak_at_mask(lm, prediction)
    he, she, others = edit.before[0].tolist()
    leaked = float(edit.leaked_mass)
    said = (
        f"he {percent(he)}, she {percent(she)}, all other words {percent(others)}: {percent(leaked)} leaks."
    )
    if leaked > ENOUGH:
        return ExerciseResult(True, f"{said} The balanced answer speaks of a person less often.")
    if he + she <= ENOUGH:
        return ExerciseResult(
            False, f"{said} Both words together have no more to lose. Hide a word that stands for a person."
        )
    likelier, ratio = ("he", he / she) if he > she else ("she", she / he)
    if ratio < _FAR:
        return ExerciseResult(
            False,
            f"{said} “{likelier}” is only {times(ratio)} times as likely as the other word, so their mean is "
            "close to both. Describe somebody whom the model takes for a man, or for a woman.",
        )
    if others < _ROOM:
        return ExerciseResult(
            False,
            f"{said} All other words have so little that almost everything returns to “he” and “she”. Write "
            "a sentence in which a name or a noun would fit as well.",
        )
    return ExerciseResult(
        False, f"{said} You are on the way: make one of both words more likely still than the other."
    )
