"""AUL and AULA as in the paper and its authors' script: one whole sentence at a time, without a mask."""

from __future__ import annotations

import copy
from typing import Any

import torch
from transformers import PreTrainedModel

from fairkd.benchmarks import Item
from fairkd.models import MaskedLM


def aul(lm: MaskedLM, item: Item) -> dict[str, float]:
    return {f"score_{side}": float(_log_p(lm, item.texts[side])[1:-1].mean()) for side in ("more", "less")}


def aula(lm: MaskedLM, item: Item) -> dict[str, float]:
    found = {}
    for side in ("more", "less"):
        weighted = _log_p(lm, item.texts[side]) * attention(lm, _ids(lm, item.texts[side]))
        found[f"score_{side}"] = float(weighted[1:-1].mean())
    return found


def attention(lm: MaskedLM, ids: list[int]) -> torch.Tensor:
    """What each token receives [length]: the mean over layers, heads and the tokens that send it."""
    if lm not in _EAGER:
        _EAGER[lm] = copy.deepcopy(lm.model)
        _EAGER[lm].set_attn_implementation("eager")
    model: Any = _EAGER[lm]
    with torch.no_grad():
        layers = model(torch.tensor([ids]), output_attentions=True).attentions
    received: torch.Tensor = torch.cat(layers).mean(0).mean(0).mean(0)
    return received


_EAGER: dict[MaskedLM, PreTrainedModel] = {}


def _ids(lm: MaskedLM, sentence: str) -> list[int]:
    return list(lm.tokenizer(sentence)["input_ids"])


def _log_p(lm: MaskedLM, sentence: str) -> torch.Tensor:
    """log p of each token [length]."""
    ids = _ids(lm, sentence)
    with torch.no_grad():
        logits = lm.model(torch.tensor([ids])).logits[0]
    return logits.log_softmax(-1)[range(len(ids)), ids]
