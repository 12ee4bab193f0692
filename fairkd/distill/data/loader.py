"""What a run reads: its place in an endless order of batches, each made when it is due.

The order depends on the seed and the text alone. With `swap` a batch holds the same originals in the same
order as without, and after them the swapped form of each sentence that has one; sentences are swapped when
they are read, so that a short run does not wait for a whole corpus to be swapped first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from transformers import PreTrainedTokenizerBase

from fairkd.distill.data.masking import Batch, Masker, Stream, encode, pad

Swap = Callable[[Sequence[str]], Sequence[str]]


@dataclass(frozen=True)
class Place:
    """Where a run stands in the order: `offset` batches of `epoch` are done."""

    epoch: int = 0
    offset: int = 0


@dataclass(frozen=True)
class Counterparts:
    """Swaps sentences as they are read; a run can be resumed anywhere, so nothing is kept."""

    sentences: Sequence[str]
    swap: Swap
    tokenizer: PreTrainedTokenizerBase
    max_tokens: int

    def of(self, index: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """Token ids of the swapped forms of the sentences at `index`, and numbers for their masks."""
        originals = [self.sentences[i] for i in index]
        pairs = [
            (swapped, len(self.sentences) + int(i))
            for i, original, swapped in zip(index, originals, self.swap(originals), strict=True)
            if swapped != original
        ]
        texts = [text for text, _ in pairs]
        return (
            encode(self.tokenizer, texts, max_tokens=self.max_tokens),
            np.array([number for _, number in pairs], dtype=np.int64),
        )


class Feed:
    """Masked batches, one after the other, from any place on."""

    def __init__(self, stream: Stream, masker: Masker, counterparts: Counterparts | None = None) -> None:
        self.stream, self.masker, self.counterparts = stream, masker, counterparts
        self.place = Place()
        self._batches: tuple[int, list[np.ndarray]] | None = None

    def take(self, count: int, *, every: int = 1, first: int = 0) -> list[Batch]:
        """The batches `first`, `first + every`, ... of the next `count`; all of them are then done."""
        taken = []
        for number in range(count):
            epoch, index = self._next()
            if number % every == first:
                taken.append(self._batch(epoch, index))
        return taken

    def _next(self) -> tuple[int, np.ndarray]:
        epoch, offset = self.place.epoch, self.place.offset
        if self._batches is None or self._batches[0] != epoch:
            self._batches = epoch, self.stream.epoch(epoch)
        batches = self._batches[1]
        self.place = Place(epoch, offset + 1) if offset + 1 < len(batches) else Place(epoch + 1)
        return epoch, batches[offset]

    def _batch(self, epoch: int, index: np.ndarray) -> Batch:
        if self.counterparts is None:
            return self.masker(*self.stream.pad(index), index, epoch)
        swapped, numbers = self.counterparts.of(index)
        sentences = [*(self.stream.sentences[i] for i in index), *swapped]
        ids, real = pad(sentences, self.stream.pad_id)
        return self.masker(ids, real, np.concatenate([index, numbers]), epoch)
