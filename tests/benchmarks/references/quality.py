"""Pseudo-perplexity, calibration and fidelity: one copy, one token, one pass at a time."""

from __future__ import annotations

import torch
from torch import Tensor

from fairkd.benchmarks import Item
from fairkd.models import MaskedLM


def perplexity_numbers(lm: MaskedLM, item: Item) -> dict[str, float]:
    ids = lm.tokenizer(item.texts["sentence"])["input_ids"]
    scored = _scored(lm, ids)
    return {
        "log_p": sum(float(_log_p(lm, ids, place)[ids[place]]) for place in scored),
        "tokens": len(scored),
    }


def calibration_numbers(lm: MaskedLM, item: Item) -> dict[str, float]:
    ids, place = _token(lm, item)
    probabilities = _log_p(lm, ids, place).exp()
    return {
        "confidence": float(probabilities.max()),
        "right": float(int(probabilities.argmax()) == ids[place]),
    }


def fidelity_numbers(teacher: MaskedLM, student: MaskedLM, item: Item) -> dict[str, float]:
    ids, place = _token(teacher, item)
    expected, own = (_log_p(lm, ids, place) for lm in (teacher, student))
    total = 0.0
    for word in range(len(expected)):
        total += float(expected[word].exp() * (expected[word] - own[word]))
    return {"kl": total, "agreement": float(int(expected.argmax()) == int(own.argmax()))}


def _token(lm: MaskedLM, item: Item) -> tuple[list[int], int]:
    """Of three tokens at equal distances, the one of the item."""
    ids = lm.tokenizer(item.texts["sentence"])["input_ids"]
    scored = _scored(lm, ids)
    return ids, scored[(2 * item.details["part"] + 1) * len(scored) // 6]


def _scored(lm: MaskedLM, ids: list[int]) -> list[int]:
    special = {*lm.tokenizer.all_special_ids} - {lm.tokenizer.unk_token_id}
    return [place for place, token in enumerate(ids) if token not in special]


def _log_p(lm: MaskedLM, ids: list[int], place: int) -> Tensor:
    copy = list(ids)
    copy[place] = lm.mask_id
    with torch.no_grad():
        logits = lm.model(torch.tensor([copy])).logits[0, place]
    # In fp64: the softmax in fp32 is always off to the same side, which adds up over a long sentence.
    return logits.double().log_softmax(-1)
