"""Many words at many masked places, in as few forward passes as possible.

A `Cloze` collects questions of the form "how probable is this spelling in place of that mask?" and
answers them all at once: equal inputs are run once, inputs of one length together without padding, and
the vocabulary projection only at the masked place. Words of several pieces are questions like any other
(one for each piece).

    cloze = Cloze(lm)
    first = cloze.ask(ids, target, spelling.ids)
    cloze.answer()[first]
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import numpy as np
import torch
from numpy.typing import NDArray

from fairkd.errors import InputError
from fairkd.models import MaskedLM
from fairkd.words import logits_by_row

# Small enough for [rows, vocabulary] to stay near the cache, and for progress to move.
_ROWS_AT_ONCE = 64

_Input = tuple[tuple[int, ...], int]


class Cloze:
    """Questions about one model, answered together."""

    def __init__(self, lm: MaskedLM) -> None:
        self._lm = lm
        self._pieces: dict[_Input, dict[int, int]] = {}  # input -> piece -> its number among all pieces
        self._count = 0
        self._questions: list[tuple[int, ...]] = []  # the pieces of each question, by number

    def ask(self, ids: tuple[int, ...], target: int, spelling: tuple[int, ...]) -> int:
        """Ask for `spelling` (one id or more) in place of the mask at index `target` of `ids`; returns
        its number.

        Raises InputError when the word's pieces make the input longer than the model takes.
        """
        length = len(ids) - 1 + len(spelling)
        if length > self._lm.max_tokens:
            raise InputError(
                f"With a word of {len(spelling)} pieces the text has {length} tokens, and "
                f"{self._lm.reference} takes at most {self._lm.max_tokens}; shorten it."
            )
        numbers = []
        for done, piece in enumerate(spelling):
            masks = (self._lm.mask_id,) * (len(spelling) - done)
            filled = (*ids[:target], *spelling[:done], *masks, *ids[target + 1 :])
            wanted = self._pieces.setdefault((filled, target + done), {})
            if piece not in wanted:
                wanted[piece] = self._count
                self._count += 1
            numbers.append(wanted[piece])
        self._questions.append(tuple(numbers))
        return len(self._questions) - 1

    def answer(self, progress: Callable[[float], None] | None = None) -> NDArray[np.float64]:
        """The log-probability (nats) of every question, by number.

        `log p(v | text)` for one piece, a log-softmax over the whole vocabulary; for several the within-word
        left-to-right sum that `fairkd.words.score_words` defines.
        """
        log_p = np.empty(self._count)
        inputs = sorted(self._pieces, key=lambda pair: len(pair[0]))
        done = 0
        for _, same_length in groupby(inputs, key=lambda pair: len(pair[0])):
            rows = list(same_length)
            for start in range(0, len(rows), _ROWS_AT_ONCE):
                self._run(rows[start : start + _ROWS_AT_ONCE], log_p)
                done += len(rows[start : start + _ROWS_AT_ONCE])
                if progress is not None:
                    progress(done / len(inputs))
        return np.array([log_p[list(pieces)].sum() for pieces in self._questions])

    def _run(self, rows: list[_Input], log_p: NDArray[np.float64]) -> None:
        """Fill in the pieces of inputs of one length."""
        ids = torch.tensor([ids for ids, _ in rows])
        columns = torch.tensor([target for _, target in rows])
        logits = torch.cat(list(logits_by_row(self._lm, ids, columns)))
        for row, scores, total in zip(rows, logits, logits.logsumexp(-1), strict=True):
            wanted = self._pieces[row]
            log_p[list(wanted.values())] = (scores[list(wanted)] - total).numpy()
