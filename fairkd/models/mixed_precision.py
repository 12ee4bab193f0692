"""A copy of a model that multiplies in bf16, without a second copy of everything else."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch
from torch import nn

from fairkd.models.bert_encoder import is_bert
from fairkd.models.loading import MaskedLM
from fairkd.models.mlm_head import projection_of, same_head
from fairkd.models.packed_linear import PackedVocabulary, can_pack, pack


def bf16_copy(lm: MaskedLM) -> MaskedLM:
    """The model with the weights of its linear layers in bf16, but for the vocabulary projection.

    Used under autocast, which would otherwise convert these weights for every batch (a third of the time of
    the embedded teacher). The vocabulary projection, the embeddings and all other parameters are shared with
    `lm`. Beside the projection, which gives logits in fp32, there is a `packed_vocabulary` in bf16 for
    log-probabilities, where the processor has the products for it.
    """
    model = lm.model
    kept = {id(parameter) for module in _in_fp32(model) for parameter in module.parameters()}
    memo: dict[int, object] = {id(parameter): parameter for parameter in model.parameters()}
    for module in model.modules():
        if isinstance(module, nn.Linear):
            for parameter in module.parameters(recurse=False):
                if id(parameter) not in kept:
                    memo[id(parameter)] = nn.Parameter(
                        parameter.detach().to(torch.bfloat16), requires_grad=False
                    )
    coarse = copy.deepcopy(model, memo)
    same_head(coarse, model)
    if can_pack(coarse):
        if is_bert(coarse):
            pack(coarse)
        vocabulary = projection_of(model)
        if vocabulary.weight is not None:
            coarse.packed_vocabulary = PackedVocabulary(vocabulary.weight, vocabulary.bias)
    return replace(lm, model=coarse)


def _in_fp32(model: nn.Module) -> list[nn.Module]:
    found = [model.get_output_embeddings(), model.get_input_embeddings()]  # type: ignore[operator]
    return [module for module in found if isinstance(module, nn.Module)]
