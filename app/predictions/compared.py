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

UNLIKELY = 1e-4  # below it, a ratio of two words is no finding
PRACTICALLY_NONE = 1e-6


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
    found: dict[Role, tuple[float, float]] = {}
    pieces: dict[str, dict[Role, int]] = {word: {} for word in words}
    others = []  # lines of models without a ratio
    for role, model, place in here.sides:
        try:
            (one, first), (other, second) = (_probability(here, role, model, place, word) for word in words)
        except InputError as error:
            others.append({"role": role, "text": f": {error}"})
            continue
        pieces[words[0]][role], pieces[words[1]][role] = first, second
        if first == second == 1:
            found[role] = one, other
        else:
            others.append({"role": role, "text": _two_estimates(words, (one, other), (first, second))})
    view = odds_view(words, found, in_order=True)
    likely = max((max(pair) for pair in found.values()), default=0.0)
    warnings = [written_in_pieces(word, counts) for word, counts in pieces.items()]
    if found and likely < UNLIKELY:
        warnings.append("Both words are very unlikely here, so their ratio says little.")
    headline = likely >= UNLIKELY and words[0] != words[1] and all(map(all, found.values()))
    title = {"finding": f"At “{here.text}”: {here.comparison(words, found)}"} if headline else {}
    warning = " ".join(filter(None, warnings))
    return {**view, **title, "number": number, "lines": view["lines"] + others, "warning": warning}


def _two_estimates(words: tuple[str, str], values: tuple[float, float], counts: tuple[int, int]) -> str:
    """The probabilities of two words, one of which is an estimate, so that their ratio is not shown."""
    shown = (
        f"“{word}” {_amount(value)}{' (an estimate)' if count > 1 else ''}"
        for word, value, count in zip(words, values, counts, strict=True)
    )
    return f"gives {' and '.join(shown)}"


def _amount(probability: float) -> str:
    return "practically no probability" if probability < PRACTICALLY_NONE else exactly(probability)


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
    if found.probability is None:
        return f"gives no probability to “{text}” ({found.note})"
    if found.subwords > 1:
        heated = " at temperature 1" if model.temperature != 1 else ""
        return (
            f"gives “{text}” {_amount(found.probability)}. It is written in {found.subwords} pieces, "
            f"{spelling}, so this is an estimate{heated}, without a rank"
        )
    note = f" (spelled {spelling})" if spelling != text else ""
    return _sentence(text, found.probability, found.rank, len(model.token_strings)) + note


def _sentence(text: str, probability: float, rank: int | None, words: int) -> str:
    place = f", rank {rank:,} of {words:,}" if rank is not None else ""
    return f"gives “{text}” a probability of {exactly(probability)}{place}"
