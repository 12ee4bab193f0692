"""The probability and rank of any word at one position of a prediction.

lm = models.load("embedded/teacher")
look_up(lm, predict(lm, "Milk is a [MASK]."), "milkshake")
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fairkd.models import MaskedLM, parse, tokenize_word
from fairkd.predictions.cloze import Cloze
from fairkd.predictions.distribution import Prediction


@dataclass(frozen=True)
class WordLookup:
    """A word at a position. `probability` and `rank` are None if there is none; `note` then says why."""

    word: str
    spelling: tuple[str, ...]  # its token strings at this position
    probability: float | None
    rank: int | None
    note: str = ""

    @property
    def subwords(self) -> int:
        """The number of subword tokens of the word."""
        return len(self.spelling)


def look_up(lm: MaskedLM, prediction: Prediction, word: str, *, position: int | None = None) -> WordLookup:
    """The probability and rank of `word` at a position, tokenized by the model's own tokenizer in context.

    The probability and rank of a word of one token come from the prediction's distribution. A word of several
    subword tokens is scored over as many masks, by the pseudo-log-likelihood that
    `fairkd.predictions.cloze.score_words` defines. This score is not part of the distribution: it has no
    rank, and the temperature does not apply to it.

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
        Without a probability for a word of several subword tokens at a visible token, unless the prediction
        was made with `mask_each`: such a word can only be scored at a mask.

    Raises
    ------
    InputError
        If the position has no distribution, the tokenizer cannot spell the word (UnknownWord), or the text
        with the word's masks is too long.

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
    ids = tokenize_word(lm, word, before=before, after=after).ids
    spelling = tuple(prediction.token_string(position, i) for i in ids)
    if len(ids) == 1:
        return WordLookup(
            word, spelling, float(row[ids[0]].double().exp()), prediction.rank(position, ids)[0]
        )
    if not (token.masked or prediction.mask_each):
        note = f"{len(ids)} subword tokens: scored only at a mask, or if each token is masked"
        return WordLookup(word, spelling, None, None, note)
    cloze = Cloze(lm)
    asked = cloze.ask(tuple(token.id for token in prediction.tokens), position, ids)
    note = (
        f"{len(ids)} subword tokens: estimated probability (pseudo-log-likelihood at temperature 1), no rank"
    )
    return WordLookup(word, spelling, float(np.exp(cloze.answer()[asked])), None, note)
