"""Any word that a person names, looked up at one position of a prediction, for the page to show."""

from __future__ import annotations

from dataclasses import dataclass

from app.shared.model_cache import get_model
from fairkd.errors import InputError
from fairkd.predictions import Prediction


@dataclass(frozen=True)
class LookedUpWord:
    """One model's answer. `probability` and `rank` are None where there is none; `note` then says why."""

    subwords: str
    probability: float | None
    rank: int | None
    note: str


def look_up(prediction: Prediction, position: int, word: str) -> LookedUpWord:
    """`fairkd.predictions.word_lookup.look_up`; a word that cannot be spelled or scored raises nothing: the
    note says so.
    """
    from fairkd import predictions  # PyTorch comes with it

    try:
        found = predictions.look_up(get_model(prediction.reference), prediction, word, position=position)
    except InputError as error:
        return LookedUpWord("", None, None, str(error))
    return LookedUpWord(" ".join(found.spelling), found.probability, found.rank, found.note)
