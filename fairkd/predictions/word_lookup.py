"""The probability and rank of any word that a person names, at one position of a prediction.

lm = models.load("embedded/teacher")
look_up(lm, predict(lm, "Milk is a [MASK]."), "milkshake")
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fairkd.models import MaskedLM, parse, spell
from fairkd.predictions.cloze import Cloze
from fairkd.predictions.distribution import Prediction


@dataclass(frozen=True)
class WordLookup:
    """A word at a position. `probability` and `rank` are None where there is none; `note` then says why."""

    word: str
    spelling: tuple[str, ...]  # the subwords, as predictions at this position are shown
    probability: float | None
    rank: int | None
    note: str = ""

    @property
    def subwords(self) -> int:
        """How many subwords the word is spelled with."""
        return len(self.spelling)


def look_up(lm: MaskedLM, prediction: Prediction, word: str, *, position: int | None = None) -> WordLookup:
    """How probable `word` is at a position, spelled by the model's own tokenizer in that place.

    A word of one subword is read off the distribution: in its reading, at its temperature, with its rank
    among the whole vocabulary. A word of several subwords is scored over as many masks in place of the
    position, by the pseudo-log-likelihood that `fairkd.predictions.cloze.score_words` defines. That is no
    part of the same distribution: it has no rank, and the temperature does not apply to it.

    Parameters
    ----------
    lm : MaskedLM
        The model that made the prediction.
    prediction : Prediction
    word : str
    position : int, optional
        By default the prediction's `default_position`.

    Returns
    -------
    WordLookup
        Without a probability where a word of several subwords is asked for at a visible token of a text that
        was read as written: it could only be scored with the token masked, which is the other reading.

    Raises
    ------
    InputError
        The position has no distribution, the tokenizer cannot spell the word (UnknownWord), or the text with
        the word's masks is too long.

    Examples
    --------
    >>> from fairkd import models
    >>> from fairkd.predictions import predict
    >>> lm = models.load("embedded/teacher")
    >>> prediction = predict(lm, "Milk is a [MASK].")
    >>> look_up(lm, prediction, prediction.top(4, 3).token[2]).rank
    3
    >>> look_up(lm, prediction, "milkshake").subwords
    3
    """
    position = prediction.default_position if position is None else position
    row, token = prediction.row(position), prediction.tokens[position]
    before, after = parse(lm, prediction.text[: token.start]), parse(lm, prediction.text[token.end :])
    ids = spell(lm, word, before=before, after=after).ids
    spelling = tuple(prediction.token_string(position, i) for i in ids)
    if len(ids) == 1:
        return WordLookup(
            word, spelling, float(row[ids[0]].double().exp()), prediction.rank(position, ids)[0]
        )
    if not (token.masked or prediction.mask_each):
        note = f"{len(ids)} subwords: scored only at a mask, or where each token is masked in turn"
        return WordLookup(word, spelling, None, None, note)
    cloze = Cloze(lm)
    asked = cloze.ask(tuple(token.id for token in prediction.tokens), position, ids)
    note = f"{len(ids)} subwords: pseudo-log-likelihood, whatever the temperature; no rank"
    return WordLookup(word, spelling, float(np.exp(cloze.answer()[asked])), None, note)
