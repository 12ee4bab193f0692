"""Log-probabilities of words in sentences: one copy, one token, one pass at a time."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from fairkd.models import MaskedLM


def token_positions(lm: MaskedLM, sentence: str, start: int, end: int) -> list[int]:
    """The positions of the tokens of a word: those that the text has up to its end, and not to its start."""
    counts = [_count(lm, sentence[:start].rstrip()), _count(lm, sentence[:end])]
    return list(range(1 + counts[0], 1 + counts[1]))


def log_p_of(lm: MaskedLM, ids: Sequence[int], positions: Sequence[int]) -> float:
    """The log-probability of the tokens at some positions, from left to right, the later ones masked."""
    total = 0.0
    for done, place in enumerate(positions):
        copy = list(ids)
        for later in positions[done:]:
            copy[later] = lm.mask_id
        total += float(log_p_at(lm, copy, place)[ids[place]])
    return total


def log_p_at(lm: MaskedLM, ids: Sequence[int], place: int) -> torch.Tensor:
    """The log-probabilities [V] at one position."""
    with torch.no_grad():
        logits = lm.model(torch.tensor([list(ids)])).logits
    return logits[0, place].log_softmax(-1)


def _count(lm: MaskedLM, text: str) -> int:
    return len(lm.tokenizer(text, add_special_tokens=False)["input_ids"]) if text else 0
