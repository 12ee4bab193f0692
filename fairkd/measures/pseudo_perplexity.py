"""Pseudo-perplexity: how well a masked LM predicts each token of a sentence from all the others.

Quality, not bias: every fairness figure is shown beside it.

    PPPL = exp( - (1 / N) sum over sentences x, sum over positions i of log p(x_i | x without i) )

with N the number of scored tokens; special tokens are not scored. Source: Salazar et al. 2020, "Masked
Language Model Scoring", ACL.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from fairkd.errors import InputError
from fairkd.forward import logits_at
from fairkd.models import MaskedLM

COPIES_AT_ONCE = 64


@dataclass(frozen=True)
class PseudoPerplexity:
    """`value` over all tokens, with the mean log-probability of a token (nats) and how many were scored."""

    value: float
    mean_log_probability: float
    tokens: int
    sentences: int


@torch.inference_mode()
def pseudo_perplexity(lm: MaskedLM, sentences: Sequence[str], *, max_tokens: int = 128) -> PseudoPerplexity:
    """Pseudo-perplexity of `sentences`, each cut at `max_tokens` tokens (special ones included).

    One masked copy per token, so a sentence of n tokens costs n passes. Raises InputError where no
    sentence has a token to score.
    """
    copies: list[tuple[torch.Tensor, int, int]] = []
    special = set(lm.tokenizer.all_special_ids) - {lm.tokenizer.unk_token_id}
    limit = min(max_tokens, lm.max_tokens)
    for sentence in sentences:
        ids = torch.tensor(lm.tokenizer(sentence, truncation=True, max_length=limit)["input_ids"])
        for position, token in enumerate(ids.tolist()):
            if token not in special:
                copy = ids.clone()
                copy[position] = lm.mask_id
                copies.append((copy, position, token))
    if not copies:
        raise InputError(
            f"Pseudo-perplexity needs at least one word to score, but got {len(sentences)} empty sentences."
        )
    # Neighbours of one length share a batch, so that next to nothing is padded.
    copies.sort(key=lambda copy: len(copy[0]))
    total = 0.0
    for start in range(0, len(copies), COPIES_AT_ONCE):
        batch = copies[start : start + COPIES_AT_ONCE]
        longest = max(len(ids) for ids, _, _ in batch)
        ids = torch.full((len(batch), longest), lm.tokenizer.pad_token_id or 0)
        attended = torch.zeros_like(ids)
        for row, (copy, _, _) in enumerate(batch):
            ids[row, : len(copy)] = copy
            attended[row, : len(copy)] = 1
        at = torch.tensor([row * longest + position for row, (_, position, _) in enumerate(batch)])
        labels = torch.tensor([token for _, _, token in batch])
        log_p = logits_at(lm, ids, attended, at).log_softmax(-1)
        total += log_p.gather(1, labels[:, None]).sum().item()
    mean = total / len(copies)
    return PseudoPerplexity(math.exp(-mean), mean, len(copies), len(sentences))
