"""A model that is unbiased by construction."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from fairkd.models import MaskedLM, tokenize_word


def blind(lm: MaskedLM, *, alike: Sequence[Sequence[str]] = ()) -> MaskedLM:
    """A copy of a BERT that sees no context: its distribution is the same at every mask of every sentence.

    The words of each of the sequences `alike` are equally probable.
    """
    model: Any = copy.deepcopy(lm.model)
    with torch.no_grad():
        model.bert.embeddings.LayerNorm.weight.zero_()
        for words in alike:
            first, *others = (tokenize_word(lm, word, before="I saw ").ids[0] for word in words)
            for other in others:
                model.cls.predictions.decoder.weight[other] = model.cls.predictions.decoder.weight[first]
                model.cls.predictions.bias[other] = model.cls.predictions.bias[first]
    return replace(lm, model=model)
