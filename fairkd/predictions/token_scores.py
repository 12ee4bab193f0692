"""Log-probabilities of tokens at positions of many inputs, in as few forward passes as possible.

A `TokenScores` collects questions of the form "how probable is this token at this position of that input?"
and answers all of them at once. Equal questions are asked once and equal inputs run once. Inputs of one
length are run together. The last layer and the vocabulary head are computed at the scored positions alone.

    scores = TokenScores(lm)
    number = scores.ask(ids, position, token)      # `ids` as they go in, with masks
    scores.answer()[number]                        # log p(token | ids, position), in nats
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import groupby
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from fairkd.errors import InputError
from fairkd.models import MaskedLM, batch_tokens, bf16_copy, log_probabilities_at, token_batches
from fairkd.utils import parallel_map

Precision = Literal["strict", "fast"]
Floats = NDArray[np.float64]

_Ids = tuple[int, ...]
_Question = tuple[int, int]  # a position, and a token asked for there


class ScoreStore(Protocol):
    """Where scores are kept, by the digest of a question."""

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, float]: ...

    def put(self, scores: Mapping[bytes, float]) -> None: ...


class TokenScores:
    """Questions about one model, answered together.

    Parameters
    ----------
    lm : MaskedLM
    precision : "strict" or "fast"
        "strict" computes in fp32. "fast" uses bf16 for matrix products; the logits of the tokens that are
        asked for stay in fp32.
    store : ScoreStore, optional
        Scores of this model at this precision: those that it has are not computed again.
    """

    def __init__(
        self, lm: MaskedLM, *, precision: Precision = "strict", store: ScoreStore | None = None
    ) -> None:
        self._lm = lm if precision == "strict" else bf16_copy(lm)
        self._precision, self._store = precision, store
        self._inputs: dict[_Ids, dict[_Question, int]] = {}
        self._count = 0

    def ask(self, ids: _Ids, position: int, token: int) -> int:
        """Ask for `token` at `position` of the input `ids`. Returns the question's number.

        Raises InputError where the input is too long for the model.
        """
        if len(ids) > self._lm.max_tokens:
            raise InputError(
                f"The text has {len(ids)} tokens, and {self._lm.reference} takes at most "
                f"{self._lm.max_tokens} (special tokens included); shorten it."
            )
        questions = self._inputs.setdefault(ids, {})
        number = questions.setdefault((position, token), self._count)
        self._count += number == self._count
        return number

    def answer(self, report: Callable[[float], None] | None = None) -> Floats:
        """The log-probabilities (nats) of all questions, by their numbers.

        `report` is called with the fraction done. What it raises ends the work; the scores that were computed
        until then are in the store.
        """
        log_p = np.full(self._count, np.nan)
        waiting = self._waiting(log_p)
        batches = [
            [(ids, waiting[ids]) for ids in batch] for batch in _batches(waiting, batch_tokens(self._lm))
        ]
        work = parallel_map if self._lm.model.device.type == "cpu" else map
        done = 0
        for batch, values in zip(batches, work(self._run, batches), strict=True):
            numbers = [questions[one] for _, questions in batch for one in sorted(questions)]
            log_p[numbers] = values
            if self._store is not None:
                keys = [_key(ids, one) for ids, questions in batch for one in sorted(questions)]
                self._store.put(dict(zip(keys, values.tolist(), strict=True)))
            done += len(batch)
            if report is not None:
                report(done / len(waiting))
        return log_p

    def _waiting(self, log_p: Floats) -> dict[_Ids, dict[_Question, int]]:
        """The questions that the store cannot answer; the answers of the others go into `log_p`."""
        if self._store is None:
            return self._inputs
        keys = {
            _key(ids, question): number
            for ids, questions in self._inputs.items()
            for question, number in questions.items()
        }
        for key, value in self._store.get([*keys]).items():
            log_p[keys[key]] = value
        waiting = {
            ids: {one: number for one, number in questions.items() if np.isnan(log_p[number])}
            for ids, questions in self._inputs.items()
        }
        return {ids: questions for ids, questions in waiting.items() if questions}

    def _run(self, batch: Sequence[tuple[_Ids, Mapping[_Question, int]]]) -> Floats:
        """The log-probabilities of the questions of some inputs, in order."""
        length = max(len(ids) for ids, _ in batch)
        ids = torch.full((len(batch), length), self._lm.tokenizer.pad_token_id or 0)
        real = torch.zeros_like(ids)
        at, rows, tokens = [], [], []
        for row, (own, questions) in enumerate(batch):
            ids[row, : len(own)] = torch.tensor(own)
            real[row, : len(own)] = 1
            before = -1
            for position, token in sorted(questions):
                if position != before:
                    at.append(row * length + position)
                    before = position
                rows.append(len(at) - 1)
                tokens.append(token)
        places = (torch.tensor(values) for values in (at, rows, tokens))
        with torch.inference_mode(), autocast(self._lm.model.device.type, self._precision):
            return log_probabilities_at(self._lm, ids, real, *places).double().numpy()


def autocast(device: str, precision: Precision) -> AbstractContextManager[object]:
    """bf16 for the matrix products on this kind of device if `precision` is "fast"."""
    return nullcontext() if precision == "strict" else torch.autocast(device, torch.bfloat16)


def _batches(inputs: Iterable[_Ids], tokens: int) -> list[list[_Ids]]:
    """The inputs in batches of at most `tokens` tokens, but always one input.

    Most batches hold inputs of one length: attention without padding is several times faster. What is left of
    each length, less than half a batch, is padded to the longest.
    """
    found: list[list[_Ids]] = []
    rest: list[_Ids] = []
    for length, group in groupby(sorted(inputs, key=len, reverse=True), key=len):
        alike = list(group)
        for part in token_batches([length] * len(alike), tokens=tokens):
            batch = alike[part]
            if 2 * length * len(batch) > tokens:
                found.append(batch)
            else:
                rest += batch
    return found + [rest[part] for part in token_batches([len(ids) for ids in rest], tokens=tokens)]


def _key(ids: _Ids, question: _Question) -> bytes:
    """A digest of an input and what is asked about it."""
    data = np.array([*ids, -1, *question], dtype=np.int32).tobytes()
    return hashlib.blake2b(data, digest_size=16).digest()
