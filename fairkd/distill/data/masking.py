"""Masked batches. A mask depends on (seed, epoch, example) only.

There is no random state: batch n of epoch e is the same whenever it is made. So two runs with one seed see
the same data in the same order, and a resumed run sees what it would have seen without the interruption.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from fairkd.distill.losses import IGNORED


@dataclass(frozen=True)
class Masking:
    """How tokens are selected for prediction, and what replaces them.

    A token is selected with probability `rate`, a group word with `group_rate` (`rate` if None). Of the
    selected tokens the fraction `masked` becomes the mask token and `random` a random token. The rest stay.
    """

    rate: float = 0.2
    masked: float = 0.8
    random: float = 0.1
    group_rate: float | None = None


@dataclass(frozen=True)
class Batch:
    """A masked batch.

    Attributes
    ----------
    ids
        Token ids [batch, length] after masking.
    attention_mask
        False at padding [batch, length]; None without padding.
    rows
        The positions to train on [M], as indices into the flattened ids.
    labels
        The original tokens at `rows` [M]; IGNORED where the token was not selected for masking.
    """

    ids: Tensor
    attention_mask: Tensor | None
    rows: Tensor
    labels: Tensor

    @property
    def tokens(self) -> int:
        """The number of tokens without padding."""
        return self.ids.numel() if self.attention_mask is None else int(self.attention_mask.sum())

    def to(self, device: torch.device) -> Batch:
        """The batch on a device; tensors that are there already are not copied."""
        mask = None if self.attention_mask is None else self.attention_mask.to(device)
        return Batch(self.ids.to(device), mask, self.rows.to(device), self.labels.to(device))


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
    """Makes masked batches for a tokenizer's vocabulary."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        vocabulary_size: int,
        masking: Masking,
        *,
        seed: int,
        group_words: Sequence[int] = (),
        sample: float = 0.0,
        special_tokens: bool = False,
    ) -> None:
        """`sample` is the fraction of all other tokens to train on without masking them.

        With `special_tokens` these are trained on, too, but never masked; padding is neither.
        """
        self.masking, self.seed, self.sample = masking, seed, sample
        self.special_tokens = special_tokens
        self.mask_id = tokenizer.mask_token_id
        special = np.zeros(vocabulary_size, dtype=bool)
        special[[i for i in tokenizer.all_special_ids if i != tokenizer.unk_token_id]] = True
        self.special = special
        self.ordinary = np.flatnonzero(~special)
        group_rate = masking.rate if masking.group_rate is None else masking.group_rate
        self.rates = np.full(vocabulary_size, masking.rate)
        self.rates[list(group_words)] = group_rate
        self.rates[special] = 0.0

    def __call__(
        self, ids: np.ndarray, attention_mask: np.ndarray | None, examples: np.ndarray, epoch: int
    ) -> Batch:
        """The masked batch of ids [batch, length]; `examples` [batch] number the sentences."""
        length = ids.shape[1]
        draws = [uniform(self.seed, epoch, examples, length, draw) for draw in range(3)]
        maskable = ~self.special[ids]
        if attention_mask is not None:
            maskable &= attention_mask
        selected = (draws[0] < self.rates[ids]) & maskable
        if not selected.any():  # in a short batch: select the position with the lowest number
            selected.flat[np.where(maskable, draws[0], 2.0).argmin()] = True
        masking = self.masking
        masked_ids = ids.copy()
        masked_ids[selected & (draws[1] < masking.masked)] = self.mask_id
        noise = selected & (draws[1] >= masking.masked) & (draws[1] < masking.masked + masking.random)
        masked_ids[noise] = self.ordinary[(draws[2][noise] * len(self.ordinary)).astype(np.int64)]
        used = selected
        if self.sample:
            used = selected | (maskable & (draws[2] < self.sample))
        if self.special_tokens:
            real = np.ones_like(maskable) if attention_mask is None else attention_mask.astype(bool)
            used = used | (real & self.special[ids])
        rows = np.flatnonzero(used)
        labels = np.where(selected, ids, IGNORED).flat[rows]
        return Batch(
            torch.from_numpy(masked_ids),
            None if attention_mask is None else torch.from_numpy(attention_mask),
            torch.from_numpy(rows),
            torch.from_numpy(labels),
        )
