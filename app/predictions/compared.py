"""Any two words at a position, compared as odds; any one word looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.charts.text import exactly
from app.predictions.position import Position, Role, odds_view
from app.shared.model_cache import get_model
from fairkd import predictions
from fairkd.errors import InputError

if TYPE_CHECKING:
    from fairkd.predictions import Prediction


def compare_words(here: Position, number: int, words: tuple[str, str]) -> dict[str, Any] | None:
    """What the browser shows about the words, either of which may be empty; None without any.

    `number` is the position's column. Words of the table keep their numbers there. Others are looked up.
    """
    asked = [word for word in words if word]
    if not asked:
        return None
    if len(asked) == 1:
        lines = [
            {"role": role, "text": _looked_up(here, role, model, place, asked[0])}
            for role, model, place in here.sides
        ]
        return {"number": number, "words": list(words), "lines": lines, "note": ""}
    found: dict[Role, tuple[float | None, float | None]] = {}
    problems = []
    for role, model, place in here.sides:
        try:
            one, other = (_probability(here, role, model, place, word) for word in words)
            found[role] = one, other
        except InputError as error:
            problems.append({"role": role, "text": f": {error}"})
    view = odds_view(words, found)
    return {**view, "number": number, "lines": view["lines"] + problems}


def _probability(here: Position, role: Role, model: Prediction, place: int, text: str) -> float:
    """A word's probability; InputError, which says why, if there is none."""
    for word in here.words:
        known = word.probabilities[here.roles.index(role)]
        if word.text == text and known is not None:
            return known
    found = predictions.look_up(get_model(model.reference), model, text, position=place)
    if found.probability is None:
        raise InputError(f"“{text}” is {found.note}.")
    return found.probability


def _looked_up(here: Position, role: Role, model: Prediction, place: int, text: str) -> str:
    """One model's probability and rank for a word, or why there are none."""
    for word in here.words:
        number = here.roles.index(role)
        known, rank = word.probabilities[number], word.ranks[number]
        if word.text == text and known is not None and rank is not None:
            return _sentence(text, known, rank, len(model.token_strings))
    try:
        found = predictions.look_up(get_model(model.reference), model, text, position=place)
    except InputError as error:
        return f": {error}"
    spelling = " ".join(found.spelling)
    notes = [f"spelled {spelling}"] if spelling != text else []
    notes += [found.note] if found.note else []
    note = f" ({'; '.join(notes)})" if notes else ""
    if found.probability is None:
        return f"gives no probability to “{text}”{note}"
    return _sentence(text, found.probability, found.rank, len(model.token_strings)) + note


def _sentence(text: str, probability: float, rank: int | None, words: int) -> str:
    place = f", rank {rank:,} of {words:,}" if rank is not None else ""
    return f"gives “{text}” a probability of {exactly(probability)}{place}"
