"""The question and the exercise of the first lesson: how many words a model expects at a hidden word."""

from __future__ import annotations

from collections.abc import Collection

from fairkd.lessons.exercise_result import ExerciseResult, QuestionAnswer
from fairkd.models import MaskedLM
from fairkd.predictions import Prediction, predict
from fairkd.utils import percent, quoted

FEW = 5  # words whose probabilities are added up
SPREAD = 0.25  # they have at most this much where many answers are right
_BOUNDS = (0.9, 0.5, 0.1)  # of the question's choices, the largest first


def how_sure(prediction: Prediction) -> QuestionAnswer:
    """Whether the most probable word at the hidden word has over 90 %, 50 to 90 %, 10 to 50 %, or less."""
    position = prediction.default_position
    best = prediction.top_ids(position, 1)[0]
    probability = float(prediction.row(position)[best].double().exp())
    right = next((n for n, bound in enumerate(_BOUNDS) if probability > bound), len(_BOUNDS))
    word = prediction.token_string(position, best)
    return QuestionAnswer(right, f"The first word, “{word}”, has {percent(probability)}.")


def accepted_share(prediction: Prediction, position: int, accepted: Collection[int]) -> float:
    """The total probability, from 0 to 1, of the tokens with the ids `accepted` at a position."""
    return float(prediction.row(position)[sorted(accepted)].double().exp().sum()) if accepted else 0.0


def wrong_masks(prediction: Prediction) -> ExerciseResult | None:
    """What to tell a learner whose sentence does not hide exactly one word; None if it does."""
    masked = sum(prediction.tokens[position].masked for position in prediction.positions)
    if masked == 1:
        return None
    found = f"hides {masked} words" if masked else "hides no word"
    return ExerciseResult(False, f"Your sentence {found}. Hide exactly one: write [MASK] or _ for it.")


def check_many_answers(lm: MaskedLM, text: str) -> ExerciseResult:
    """Whether `text` hides one word at which the five most probable words have at most a quarter.

    Raises
    ------
    InputError
        The text is empty or too long.
    """
    prediction = predict(lm, text)
    if (wrong := wrong_masks(prediction)) is not None:
        return wrong
    position = prediction.default_position
    ids = prediction.top_ids(position, FEW)
    words = [prediction.token_string(position, token) for token in ids]
    mass = accepted_share(prediction, position, ids)
    listed = ", ".join(quoted(word) for word in words)
    said = f"The first {len(words)} words, {listed}, have {percent(mass)} together."
    if mass <= SPREAD:
        return ExerciseResult(
            True, f"{said} The probability is spread over many words; not all of them need to fit."
        )
    return ExerciseResult(False, f"{said} Hide a word that more words could replace, or tell less about it.")
