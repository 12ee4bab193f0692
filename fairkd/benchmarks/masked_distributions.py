"""Whole distributions of one or several models at masked tokens, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from fairkd.benchmarks.scorer import Ids
from fairkd.models import VOCABULARY_ROWS, MaskedLM, logits_at, token_batches


def distributions(
    asked: Sequence[tuple[Ids, int]], lms: Sequence[MaskedLM]
) -> Iterator[tuple[slice, Tensor, list[Tensor]]]:
    """The log-probabilities of every model at the masked tokens, a batch at a time.

    `asked` holds ids and positions, the longest first. Yields the slice of it, the tokens [B] that are
    masked, and for each model log-probabilities [B, vocabulary] in fp32.
    """
    for batch in token_batches([len(ids) for ids, _ in asked], rows=VOCABULARY_ROWS):
        part = asked[batch]
        length = len(part[0][0])
        filled = torch.zeros(len(part), length, dtype=torch.long)
        real = torch.zeros_like(filled)
        for row, (ids, _) in enumerate(part):
            filled[row, : len(ids)] = torch.tensor(ids)
            real[row, : len(ids)] = 1
        at = torch.arange(len(part)) * length + torch.tensor([place for _, place in part])
        tokens = filled.flatten()[at].clone()
        found = []
        for lm in lms:
            copies = filled.clone().flatten()
            copies[at] = lm.mask_id
            with torch.inference_mode():
                logits = logits_at(lm, copies.view_as(filled), real, at)
                found.append(logits.log_softmax(-1))
        yield batch, tokens, found
