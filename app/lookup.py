"""The probability and rank of any word that a person names, at one position of a prediction."""

from __future__ import annotations

from dataclasses import dataclass

from app.loading import get_model
from fairkd.cloze import score_words
from fairkd.distributions import Prediction
from fairkd.errors import InputError
from fairkd.words import UnknownWord, parse, spell


@dataclass(frozen=True)
class Found:
    """One model's answer. `probability` and `rank` are None where there is none; `note` then says why."""

    pieces: str
    probability: float | None
    rank: int | None
    note: str


def look_up(prediction: Prediction, position: int, word: str) -> Found:
    """How probable `word` is at `position`, spelled by the model's own tokenizer in that place.

    A word of one piece is read off the distribution, at its temperature and in its reading. A word of
    several pieces is scored over as many masks (see `fairkd.cloze.score_words`), at temperature 1; it has no
    rank, and at a visible token no score. A word that cannot be spelled or scored raises nothing: the
    note says so.
    """
    lm = get_model(prediction.reference)
    token = prediction.tokens[position]
    before, after = parse(lm, prediction.text[: token.start]), parse(lm, prediction.text[token.end :])
    try:
        spelling = spell(lm, word, before=before, after=after)
    except UnknownWord as error:
        return Found("", None, None, str(error))
    pieces = " ".join(prediction.label(position, i) for i in spelling.ids)
    if spelling.single:
        log_p = prediction.row(position)[spelling.ids[0]]
        return Found(pieces, float(log_p.exp()), prediction.rank(position, spelling.ids)[0], "")
    count = len(spelling.ids)
    if not token.masked:
        return Found(pieces, None, None, f"{count} pieces: scored only where the sentence has a mask")
    try:
        scored = score_words(lm, prediction.text, [word], position=position)
    except InputError as error:
        return Found(pieces, None, None, str(error))
    note = f"{count} pieces scored one after the other, at temperature 1; no rank"
    return Found(pieces, float(scored.probability.iloc[0]), None, note)
