"""The data loader of a run: an endless order of batches, each made when it is needed.

The order depends on the seed and the text only. With counterfactual data augmentation a batch holds the same
sentences in the same order as without, followed by the swapped form of each sentence that has one. Sentences
are swapped when they are read, so a short run does not wait until a whole corpus has been swapped.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from transformers import PreTrainedTokenizerBase

from fairkd.distill.data.batching import BatchSampler, encode, pad
from fairkd.distill.data.masking import Batch, Masker

Swap = Callable[[Sequence[str]], Sequence[str]]


@dataclass(frozen=True)
class DataPosition:
    """How far a run has read: `offset` batches of `epoch` are done."""

    epoch: int = 0
    offset: int = 0


@dataclass(frozen=True)
class Counterfactuals:
    """Swaps the genders in sentences as they are read. It keeps no state: a run can be resumed anywhere."""

    sentences: Sequence[str]
    swap: Swap
    tokenizer: PreTrainedTokenizerBase
    max_tokens: int

    def encode(self, index: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """Token ids of the swapped forms of the sentences at `index`, and example numbers for their masks.

        Sentences that swapping leaves unchanged are left out.
        """
        texts, numbers = self.swapped(index)
        return encode(self.tokenizer, texts, max_tokens=self.max_tokens), numbers

    def swapped(self, index: np.ndarray) -> tuple[list[str], np.ndarray]:
        """`encode` before the tokenizer."""
        originals = [self.sentences[i] for i in index]
        pairs = [
            (swapped, len(self.sentences) + int(i))
            for i, original, swapped in zip(index, originals, self.swap(originals), strict=True)
            if swapped != original
        ]
        return [text for text, _ in pairs], np.array([number for _, number in pairs], dtype=np.int64)


class Loader(ABC):
    """Masked batches, one after the other, from any position."""

    def __init__(self, sampler: BatchSampler) -> None:
        self.sampler = sampler
        self.position = DataPosition()
        self._batches: tuple[int, list[np.ndarray]] | None = None

    def take(self, count: int, *, rank: int = 0, world_size: int = 1) -> list[Batch]:
        """The batches `rank`, `rank + world_size`, ... of the next `count`. The position moves past all."""
        taken = []
        for number in range(count):
            epoch, index = self._next()
            if number % world_size == rank:
                taken.append(self._batch(epoch, index))
        return taken

    def _next(self) -> tuple[int, np.ndarray]:
        epoch, offset = self.position.epoch, self.position.offset
        if self._batches is None or self._batches[0] != epoch:
            self._batches = epoch, self.sampler.epoch(epoch)
        batches = self._batches[1]
        more = offset + 1 < len(batches)
        self.position = DataPosition(epoch, offset + 1) if more else DataPosition(epoch + 1)
        return epoch, batches[offset]

    @abstractmethod
    def _batch(self, epoch: int, index: np.ndarray) -> Batch:
        """The masked batch of the sentences at `index`."""


class BatchLoader(Loader):
    """Batches for two models with one tokenizer."""

    def __init__(
        self, sampler: BatchSampler, masker: Masker, counterfactuals: Counterfactuals | None = None
    ) -> None:
        super().__init__(sampler)
        self.masker, self.counterfactuals = masker, counterfactuals

    def _batch(self, epoch: int, index: np.ndarray) -> Batch:
        if self.counterfactuals is None:
            return self.masker(*self.sampler.pad(index), index, epoch)
        swapped, numbers = self.counterfactuals.encode(index)
        sentences = [*(self.sampler.sentences[i] for i in index), *swapped]
        ids, attention_mask = pad(sentences, self.sampler.pad_id)
        return self.masker(ids, attention_mask, np.concatenate([index, numbers]), epoch)
