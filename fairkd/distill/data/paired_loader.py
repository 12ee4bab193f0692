"""The data loader of a run whose models have different tokenizers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fairkd.distill.data.batching import BatchSampler
from fairkd.distill.data.loader import Counterfactuals, Loader
from fairkd.distill.data.paired_masking import PairedBatch, PairedMasker
from fairkd.distill.data.pairing import pair_texts


class PairedLoader(Loader):
    """Batches for both models. Sentences are paired when they are read, as swapped ones are swapped."""

    def __init__(
        self,
        sampler: BatchSampler,
        masker: PairedMasker,
        texts: Sequence[str],
        counterfactuals: Counterfactuals | None = None,
        *,
        max_tokens: int,
    ) -> None:
        super().__init__(sampler)
        self.masker, self.texts, self.counterfactuals = masker, texts, counterfactuals
        self.max_tokens = max_tokens

    def _batch(self, epoch: int, index: np.ndarray) -> PairedBatch:
        texts, numbers = [self.texts[i] for i in index], index
        if self.counterfactuals is not None:
            swapped, more = self.counterfactuals.swapped(index)
            texts, numbers = [*texts, *swapped], np.concatenate([index, more])
        pairs = pair_texts(*self.masker.lms, texts, max_tokens=self.max_tokens)
        return self.masker(pairs, numbers, epoch)
