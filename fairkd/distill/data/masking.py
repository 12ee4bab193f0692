"""Batches of sentences of nearly one length, and masks that depend on (seed, epoch, example) alone.

No state is carried along: batch n of epoch e is the same whenever it is asked for, so that two runs on one
seed see the same data in the same order, and a resumed run goes on where the first would have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from fairkd.distill.losses import IGNORED
from fairkd.errors import InputError
from fairkd.models import token_ids

LENGTHS_AT_ONCE = 512


@dataclass(frozen=True)
class Masking:
    """How positions are chosen and what becomes of a chosen token.

    A position is chosen with probability `rate`, one whose token is a group word with `group_rate` (`rate`
    if None). Of the chosen ones the part `masked` becomes the mask token, `random` a random word, and the
    others stay.
    """

    rate: float = 0.2
    masked: float = 0.8
    random: float = 0.1
    group_rate: float | None = None


@dataclass(frozen=True)
class Batch:
    """A masked batch: flat `rows` [M] of `ids` [batch, length] are trained on.

    `labels` [M] is IGNORED where a position was not chosen for masking.
    """

    ids: Tensor
    real: Tensor | None
    rows: Tensor
    labels: Tensor

    @property
    def tokens(self) -> int:
        return self.ids.numel() if self.real is None else int(self.real.sum())


def encode(
    tokenizer: PreTrainedTokenizerBase, sentences: Sequence[str], *, max_tokens: int = 128
) -> list[np.ndarray]:
    """Token ids of each sentence, special tokens included, cut at `max_tokens`."""
    encoded: list[np.ndarray] = []
    for start in range(0, len(sentences), LENGTHS_AT_ONCE):
        part = token_ids(tokenizer, sentences[start : start + LENGTHS_AT_ONCE], max_tokens=max_tokens)
        encoded += [np.array(ids, dtype=np.int32) for ids in part]
    return encoded


class Stream:
    """Batches of at most `tokens` tokens (at least one sentence), in an order drawn anew for each epoch.

    Sentences of one length go together, so that next to no padding is computed. Raises InputError where
    there is no sentence with anything but special tokens.
    """

    def __init__(self, sentences: Sequence[np.ndarray], *, tokens: int, seed: int, pad_id: int) -> None:
        self.sentences = sentences
        self.lengths = np.array([len(ids) for ids in sentences])
        if not len(sentences) or self.lengths.max() <= 2:
            raise InputError("The corpus has no usable sentence: expected text of at least one word a line.")
        self.tokens, self.seed, self.pad_id = tokens, seed, pad_id

    def epoch(self, number: int) -> list[np.ndarray]:
        """Indices of the sentences of each batch of an epoch."""
        random = np.random.default_rng([self.seed, number])
        order = random.permutation(len(self.sentences))
        order = order[np.argsort(self.lengths[order], kind="stable")]
        order = order[self.lengths[order] > 2]
        batches, start = [], 0
        while start < len(order):
            # By the length of the last one that would fit: padded, the batch still holds `tokens` at most.
            count = max(1, self.tokens // self.lengths[order[start]])
            while count > 1 and count * self.lengths[order[min(start + count, len(order)) - 1]] > self.tokens:
                count -= 1
            batches.append(order[start : start + count])
            start += count
        return [batches[i] for i in random.permutation(len(batches))]

    def pad(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Ids [batch, length] of the sentences at `index`, and what is real of them (None: everything)."""
        return pad([self.sentences[i] for i in index], self.pad_id)


def pad(sentences: Sequence[np.ndarray], pad_id: int) -> tuple[np.ndarray, np.ndarray | None]:
    lengths = np.array([len(sentence) for sentence in sentences])
    ids = np.full((len(sentences), lengths.max()), pad_id, dtype=np.int64)
    for row, sentence in enumerate(sentences):
        ids[row, : len(sentence)] = sentence
    real = None if (lengths == lengths[0]).all() else np.arange(lengths.max()) < lengths[:, None]
    return ids, real


def uniform(seed: int, epoch: int, examples: np.ndarray, length: int, draw: int) -> np.ndarray:
    """Numbers in [0, 1) [examples, length]: splitmix64 of seed, epoch, example, position and draw."""
    with np.errstate(over="ignore"):
        state = _mix(np.array(seed, dtype=np.uint64) * np.uint64(4) + np.uint64(draw))
        state = _mix(state + np.uint64(epoch))
        rows = _mix(state + examples.astype(np.uint64))
        mixed = _mix(rows[:, None] + np.arange(length, dtype=np.uint64))
    return (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53


def _mix(x: np.ndarray) -> np.ndarray:
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


class Masker:
    """Draws masks for a tokenizer's vocabulary."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        vocabulary_size: int,
        masking: Masking,
        *,
        seed: int,
        group_words: Sequence[int] = (),
        sample: float = 0.0,
    ) -> None:
        """`sample` is the part of all other positions that is trained on without being masked."""
        self.masking, self.seed, self.sample = masking, seed, sample
        self.mask_id = tokenizer.mask_token_id
        special = np.zeros(vocabulary_size, dtype=bool)
        special[[i for i in tokenizer.all_special_ids if i != tokenizer.unk_token_id]] = True
        self.special = special
        self.ordinary = np.flatnonzero(~special)
        group_rate = masking.rate if masking.group_rate is None else masking.group_rate
        self.rates = np.full(vocabulary_size, masking.rate)
        self.rates[list(group_words)] = group_rate
        self.rates[special] = 0.0

    def __call__(self, ids: np.ndarray, real: np.ndarray | None, examples: np.ndarray, epoch: int) -> Batch:
        length = ids.shape[1]
        draws = [uniform(self.seed, epoch, examples, length, draw) for draw in range(3)]
        maskable = ~self.special[ids] if real is None else ~self.special[ids] & real
        chosen = (draws[0] < self.rates[ids]) & maskable
        if not chosen.any():  # a short batch may draw nothing: its lowest number counts then
            chosen.flat[np.where(maskable, draws[0], 2.0).argmin()] = True
        masking = self.masking
        new = ids.copy()
        new[chosen & (draws[1] < masking.masked)] = self.mask_id
        noise = chosen & (draws[1] >= masking.masked) & (draws[1] < masking.masked + masking.random)
        new[noise] = self.ordinary[(draws[2][noise] * len(self.ordinary)).astype(np.int64)]
        wanted = chosen
        if self.sample:
            wanted = chosen | (maskable & (draws[2] < self.sample))
        rows = np.flatnonzero(wanted)
        labels = np.where(chosen, ids, IGNORED).flat[rows]
        return Batch(
            torch.from_numpy(new),
            None if real is None else torch.from_numpy(real),
            torch.from_numpy(rows),
            torch.from_numpy(labels),
        )
