"""Any two words at a position, compared as odds; any one word looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.charts.text import exactly
from app.predictions.position import NAMES, Position, Role, odds_view
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
    pieces: dict[str, dict[Role, int]] = {word: {} for word in words}
    problems = []
    for role, model, place in here.sides:
        try:
            (one, first), (other, second) = (_probability(here, role, model, place, word) for word in words)
        except InputError as error:
            problems.append({"role": role, "text": f": {error}"})
        else:
            found[role] = one, other
            pieces[words[0]][role], pieces[words[1]][role] = first, second
    view = odds_view(words, found)
    warning = " ".join(written_in_pieces(word, counts) for word, counts in pieces.items()).strip()
    return {**view, "number": number, "lines": view["lines"] + problems, "warning": warning}


def written_in_pieces(word: str, counts: Mapping[Role, int]) -> str:
    """A warning if a word has several tokens, given its number of tokens for each model; else ""."""
    several = {role: count for role, count in counts.items() if count > 1}
    if not several:
        return ""
    if len(several) == len(counts) and len(set(several.values())) == 1:
        how = f"in {next(iter(several.values()))} pieces"
    else:
        how = "in " + ", ".join(f"{count} pieces by the {NAMES[role]}" for role, count in several.items())
    return (
        f"“{word}” is written {how}. Its probability is an estimate over all pieces, usually much lower than "
        "that of a word in one piece: compare with care."
    )


def _probability(here: Position, role: Role, model: Prediction, place: int, text: str) -> tuple[float, int]:
    """A word's probability and number of tokens; InputError, which says why, if there is no probability."""
    for word in here.words:
        known = word.probabilities[here.roles.index(role)]
        if word.text == text and known is not None:
            return known, 1
    found = predictions.look_up(get_model(model.reference), model, text, position=place)
    if found.probability is None:
        raise InputError(f"“{text}” is {found.note}.")
    return found.probability, found.subwords


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
