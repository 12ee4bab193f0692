"""The probabilities of many words at many masks, in as few forward passes as possible.

A `Cloze` collects questions of the form "how probable are these tokens in place of that mask?" and answers
all of them at once, by `TokenScores`. A word of several subword tokens adds one input for each of them.

    cloze = Cloze(lm)
    first = cloze.ask(ids, target, spelling.ids)
    cloze.answer()[first]

    score_words(lm, "[MASK] is a nurse.", ["he", "she"])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairkd.errors import InputError
from fairkd.models import MaskedLM, encode, parse, tokenize_word
from fairkd.predictions.token_scores import TokenScores


class Cloze:
    """Questions about one model, answered together."""

    def __init__(self, lm: MaskedLM) -> None:
        self._lm = lm
        self._scores = TokenScores(lm)
        self._questions: list[list[int]] = []  # the numbers of each question's tokens

    def ask(self, ids: tuple[int, ...], target: int, spelling: tuple[int, ...]) -> int:
        """Ask for the token ids `spelling` in place of the mask at index `target` of `ids`.

        Returns the question's number. Raises InputError if the word's tokens make the input too long.
        """
        length = len(ids) - 1 + len(spelling)
        if length > self._lm.max_tokens:
            raise InputError(
                f"With a word of {len(spelling)} subword tokens the text has {length} tokens, and "
                f"{self._lm.reference} takes at most {self._lm.max_tokens}. Shorten the text."
            )
        numbers = []
        for done, subword in enumerate(spelling):
            masks = (self._lm.mask_id,) * (len(spelling) - done)
            filled = (*ids[:target], *spelling[:done], *masks, *ids[target + 1 :])
            numbers.append(self._scores.ask(filled, target + done, subword))
        self._questions.append(numbers)
        return len(self._questions) - 1

    def answer(self, progress: Callable[[float], None] | None = None) -> NDArray[np.float64]:
        """The log-probability (nats) of every question, in the order of their numbers.

        For one token: `log p(v | text)`, a log-softmax over the whole vocabulary. For several: the
        within-word left-to-right sum that `score_words` defines.
        """
        log_p = self._scores.answer(progress)
        return np.array([log_p[subwords].sum() for subwords in self._questions])


def score_words(
    lm: MaskedLM, text: str, words: Sequence[str], *, position: int | None = None
) -> pd.DataFrame:
    """The probability of each word at a mask: one row per word, in the given order.

    A word of one token v has the log-probability `log p(v | text)`, the log-softmax over the whole
    vocabulary. A word of n subword tokens takes the place of n masks that are filled from left to right. Its
    score is `sum_j log p(token_j | text with token_1 .. token_j-1 filled in and the later ones masked)`, the
    within-word left-to-right pseudo-log-likelihood of Kauf and Ivanova 2023 (arXiv 2305.10588). Scores of
    words with different numbers of tokens do not belong to one distribution; compare them with care.

    Parameters
    ----------
    lm : MaskedLM
    text : str
        With at least one typed mask (see `parse`).
    words : sequence of str
        Spelled in the context of the mask (see `tokenize_word`).
    position : int, optional
        Token index of the mask, counting special tokens. By default the only mask.

    Returns
    -------
    DataFrame
        word, log_probability (nats), probability, subwords (number of tokens), ids (tuple of token ids).

    Raises
    ------
    InputError
        If there is no mask, or several masks but no `position`; if the text is too long; or (UnknownWord) if
        the tokenizer cannot spell a word.

    Examples
    --------
    >>> from fairkd import models
    >>> scores = score_words(models.load("embedded/teacher"), "Milk is a [MASK].", ["liquid", "milkshake"])
    >>> scores.subwords.tolist()
    [1, 3]
    """
    encoding = encode(lm, text)
    target = encoding.target(position)
    start, end = encoding.spans[target]
    before, after = parse(lm, text[:start]), parse(lm, text[end:])
    spellings = [tokenize_word(lm, word, before=before, after=after) for word in words]
    cloze = Cloze(lm)
    asked = [cloze.ask(encoding.ids, target, spelling.ids) for spelling in spellings]
    log_p = cloze.answer()[asked]
    return pd.DataFrame(
        {
            "word": pd.Series(list(words), dtype="str"),
            "log_probability": log_p,
            "probability": np.exp(log_p),
            "subwords": pd.Series([len(spelling.ids) for spelling in spellings], dtype="int64"),
            "ids": [spelling.ids for spelling in spellings],
        }
    )
