"""The two halves of a masked language model: states at wanted positions, and the head without projection.

Splitting a model here lets the distillation run the vocabulary projection in chunks, and only where wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedModel

from fairkd.errors import ModelError

Transform = Callable[[Tensor], Tensor]


def masked_rows(
    model: PreTrainedModel, ids: Tensor, real: Tensor | None, rows: Tensor, words: Tensor | None = None
) -> Tensor:
    """The last hidden states [M, width] of a BERT at the flat positions `rows` of `ids` [batch, length].

    Equal to `model.bert(ids).last_hidden_state.view(-1, width)[rows]` without dropout, but the last layer's
    queries and feed-forward part, which mix no positions, are computed for those rows alone. `real` [batch,
    length] is False at padding. `words` [batch, length, width] stands in for the looked-up word embeddings.
    """
    embeddings: Any = model.base_model.embeddings
    hidden = embeddings(ids) if words is None else embeddings(inputs_embeds=words)
    return encode_rows(model, hidden, real, rows)


def encode_rows(model: PreTrainedModel, hidden: Tensor, real: Tensor | None, rows: Tensor) -> Tensor:
    """`masked_rows` from embedded tokens [batch, length, width] on."""
    batch, length, _ = hidden.shape
    heads = model.config.num_attention_heads
    size = model.config.hidden_size // heads
    bias = None if real is None else torch.where(real, 0.0, float("-inf")).to(hidden.dtype)[:, None, None, :]
    layers: Any = layers_of(model)

    def split(x: Tensor) -> Tensor:
        return x.view(batch, -1, heads, size).transpose(1, 2)

    for number, layer in enumerate(layers):
        attention = layer.attention.self
        query, key, value = (
            split(part(hidden)) for part in (attention.query, attention.key, attention.value)
        )
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        mixed = mixed.transpose(1, 2).reshape(batch * length, -1)
        hidden = hidden.reshape(batch * length, -1)
        if number == len(layers) - 1:
            mixed, hidden = mixed[rows], hidden[rows]
        out = layer.attention.output
        hidden = out.LayerNorm(out.dense(mixed) + hidden)
        grown = layer.intermediate.intermediate_act_fn(layer.intermediate.dense(hidden))
        hidden = layer.output.LayerNorm(layer.output.dense(grown) + hidden)
        if number < len(layers) - 1:
            hidden = hidden.view(batch, length, -1)
    return hidden


def is_bert(model: PreTrainedModel) -> bool:
    """Whether `masked_rows` computes what the model itself would."""
    config = model.config
    return (
        config.model_type == "bert"
        and getattr(config, "position_embedding_type", "absolute") in (None, "absolute")
        and not config.is_decoder
    )


def rows_of(model: PreTrainedModel, ids: Tensor, real: Tensor | None, rows: Tensor) -> Tensor:
    """Last hidden states [M, width] at flat positions of any masked LM's `ids` [batch, length]."""
    if is_bert(model):
        return masked_rows(model, ids, real, rows)
    mask = torch.ones_like(ids) if real is None else real.long()
    states = model.base_model(input_ids=ids, attention_mask=mask).last_hidden_state
    return states.flatten(0, 1)[rows]


def transform_of(model: PreTrainedModel) -> Transform:
    """The part of the MLM head between the last hidden states and the vocabulary projection."""
    kind = model.config.model_type
    parts: Any = model  # each family names its modules in its own way
    if kind == "bert":
        return parts.cls.predictions.transform
    if kind in ("roberta", "xlm-roberta", "camembert"):
        head = parts.lm_head
        return lambda x: head.layer_norm(F.gelu(head.dense(x)))
    if kind == "distilbert":
        return lambda x: parts.vocab_layer_norm(parts.activation(parts.vocab_transform(x)))
    if kind == "albert":
        head = parts.predictions
        return lambda x: head.LayerNorm(head.activation(head.dense(x)))
    if kind == "electra":
        return parts.generator_predictions
    if kind == "modernbert":
        return parts.head
    raise ModelError(
        "Distillation knows the heads of BERT, RoBERTa, DistilBERT, ALBERT, ELECTRA and ModernBERT, "
        f"not of {kind}."
    )


def projection_of(model: PreTrainedModel) -> nn.Linear:
    """The vocabulary projection; its weight is usually the word embeddings' own."""
    projection = model.get_output_embeddings()
    if not isinstance(projection, nn.Linear):
        raise ModelError(
            f"The vocabulary projection of {type(model).__name__} is not linear, so it cannot be distilled."
        )
    return projection


def layers_of(model: PreTrainedModel) -> nn.ModuleList:
    """The stack of layers, where every layer has weights of its own."""
    base = model.base_model
    for path in ("encoder.layer", "transformer.layer", "layers"):
        try:
            layers = base.get_submodule(path)
        except AttributeError:
            continue
        if isinstance(layers, nn.ModuleList):
            return layers
    raise ModelError(
        f"Layers cannot be taken from {type(model).__name__}, because it does not keep a list of them."
    )
