"""The attention that each token of an input receives.

    received_attention(lm, [ids])[0][position]     # a share; over all positions they add up to 1

Models are loaded with an implementation of attention that keeps no weights, and several threads share them.
The weights therefore come from a copy of the model's modules, which shares its tensors.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import PreTrainedModel

from fairkd.errors import InputError
from fairkd.models import BATCH_TOKENS, MaskedLM, model_errors, token_batches
from fairkd.predictions.token_scores import Precision, autocast

Floats = NDArray[np.float64]

_MOST_WEIGHTS = 2**25  # of a batch, over all layers and heads: 128 MiB in fp32


def received_attention(
    lm: MaskedLM,
    inputs: Sequence[Sequence[int]],
    *,
    precision: Precision = "strict",
    report: Callable[[float], None] | None = None,
) -> list[Floats]:
    """What each token of each input receives, averaged over all layers, heads and positions.

    Parameters
    ----------
    lm : MaskedLM
    inputs : sequence of token ids, special ones included
    precision : "strict" or "fast"
        "strict" computes in fp32. "fast" uses bf16 for matrix products.
    report : function, optional
        Called with the fraction done.

    Returns
    -------
    list of float64 [length]
        `weights[layer, head, from, to]` averaged over the first three. Special tokens send attention
        and receive it like all others. They add up to 1 for each input.

    Raises
    ------
    InputError
        The model gives no attention weights.
    ModelError
        The model fails on an input.
    """
    model = _with_weights(lm)
    order = sorted(range(len(inputs)), key=lambda index: len(inputs[index]), reverse=True)
    found: dict[int, Floats] = {}
    config = model.config.get_text_config()
    heads = getattr(config, "num_attention_heads", None)  # FNet mixes tokens without attention
    if heads is None:
        raise _no_weights(lm)
    weights = config.num_hidden_layers * heads * max(map(len, inputs), default=1)
    tokens = min(BATCH_TOKENS, _MOST_WEIGHTS // weights)
    for batch in token_batches([len(inputs[index]) for index in order], tokens=tokens):
        indices = order[batch]
        with autocast(lm.model.device.type, precision):
            received = _received(lm, model, [inputs[index] for index in indices])
        found.update(zip(indices, received, strict=True))
        if report is not None:
            report(len(found) / len(inputs))
    return [found[index] for index in range(len(inputs))]


def _with_weights(lm: MaskedLM) -> PreTrainedModel:
    """The encoder with the implementation of attention that gives its weights. Shares the model's tensors."""
    encoder: PreTrainedModel = lm.model.base_model  # type: ignore[assignment]
    shared = {id(tensor): tensor for tensor in chain(encoder.parameters(), encoder.buffers())}
    model: PreTrainedModel = copy.deepcopy(encoder, shared)
    try:
        model.set_attn_implementation("eager")
    except (ValueError, ImportError) as error:
        raise _no_weights(lm) from error
    return model


def _received(lm: MaskedLM, model: PreTrainedModel, inputs: Sequence[Sequence[int]]) -> list[Floats]:
    length = max(map(len, inputs))
    ids = torch.full((len(inputs), length), lm.tokenizer.pad_token_id or 0)
    real = torch.zeros_like(ids)
    for row, own in enumerate(inputs):
        ids[row, : len(own)] = torch.tensor(own)
        real[row, : len(own)] = 1
    device = model.device
    with torch.inference_mode(), model_errors(lm.reference):
        out = model(input_ids=ids.to(device), attention_mask=real.to(device), output_attentions=True)
        weights: Sequence[Tensor] | None = getattr(out, "attentions", None)
    wanted = (len(inputs), length, length)
    if not weights or any(one is None or (len(one), *one.shape[2:]) != wanted for one in weights):
        raise _no_weights(lm)
    # [batch, from, to]; a padded position sends attention, too, which does not count.
    mean = torch.stack([layer.float().mean(1) for layer in weights]).mean(0).cpu()
    sent = mean * real[:, :, None]
    received = (sent.sum(1) / real.sum(1)[:, None]).double().numpy()
    return [row[: len(own)] for row, own in zip(received, inputs, strict=True)]


def _no_weights(lm: MaskedLM) -> InputError:
    return InputError(f"{lm.reference} gives no attention weights: choose a model of another family.")
