"""Whole distributions of one or several models at masked tokens, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from fairkd.benchmarks.benchmark import Item, Numbers
from fairkd.benchmarks.held_out_text import masked_token
from fairkd.benchmarks.scorer import Ids, Scorer
from fairkd.errors import InputError
from fairkd.models import VOCABULARY_ROWS, MaskedLM, batch_tokens, logits_at, token_batches

# From the masked tokens [B] and each model's log-probabilities [B, vocabulary] to the numbers of B items.
NumbersOf = Callable[[Tensor, list[Tensor]], Sequence[Numbers]]


def score_tokens(
    items: Sequence[Item], scorer: Scorer, lms: Sequence[MaskedLM], numbers: NumbersOf
) -> list[Numbers | InputError]:
    """The numbers of items of `held_out_text.read_tokens`, or why an item cannot be scored."""
    asked, found = masked_tokens(items, scorer)
    for batch, tokens, log_p in distributions([token for _, token in asked], lms):
        for (index, _), own in zip(asked[batch], numbers(tokens, log_p), strict=True):
            found[index] = {"sentence": str(items[index].details["sentence"]), **own}
        scorer.report(batch.stop / len(asked))
    return found


def masked_tokens(
    items: Sequence[Item], scorer: Scorer
) -> tuple[list[tuple[int, tuple[Ids, int]]], list[Numbers | InputError]]:
    """The masked token of each item with the item's index, the longest first; by index, why there is none."""
    asked: list[tuple[int, tuple[Ids, int]]] = []
    found: list[Numbers | InputError] = [{} for _ in items]
    for index, item in enumerate(items):
        try:
            asked.append((index, masked_token(item, scorer)))
        except InputError as error:
            found[index] = error
    return sorted(asked, key=lambda one: -len(one[1][0])), found


def distributions(
    asked: Sequence[tuple[Ids, int]], lms: Sequence[MaskedLM]
) -> Iterator[tuple[slice, Tensor, list[Tensor]]]:
    """The log-probabilities of every model at the masked tokens, a batch at a time.

    `asked` holds ids and positions, the longest first. Yields the slice of it, the tokens [B] that are
    masked, and for each model log-probabilities [B, vocabulary] in fp32.
    """
    most = min(map(batch_tokens, lms))
    for batch in token_batches([len(ids) for ids, _ in asked], tokens=most, rows=VOCABULARY_ROWS):
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
