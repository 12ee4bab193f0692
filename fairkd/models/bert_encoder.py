"""The encoder of BERT, with its last layer at chosen positions alone."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel

ROW_STEP = 64
PACKED_TOKENS = 32  # of a row of short texts


def masked_rows(
    model: PreTrainedModel, ids: Tensor, real: Tensor | None, rows: Tensor, words: Tensor | None = None
) -> Tensor:
    """The last hidden states [M, width] of a BERT at the flat positions `rows` of `ids` [batch, length].

    Equal to `model.bert(ids).last_hidden_state.view(-1, width)[rows]`, but the last layer's queries and
    feed-forward part, which mix no positions, are computed for those rows alone. In training mode there is
    dropout at the same places as in the model itself, with other numbers drawn. `real` [batch, length] is
    False at padding. `words` [batch, length, width] stands in for the looked-up word embeddings.
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
    encoder: Any = model.base_model.encoder
    layers = encoder.layer

    def split(x: Tensor) -> Tensor:
        return x[: batch * length].view(batch, -1, heads, size).transpose(1, 2)

    hidden = whole_rows(hidden.flatten(0, 1))
    for number, layer in enumerate(layers):
        attention = layer.attention.self
        seen = _converted(hidden)
        query, key, value = (split(part(seen)) for part in (attention.query, attention.key, attention.value))
        mixed = _attend(query, key, value, bias, attention.dropout.p if attention.training else 0.0)
        mixed = mixed.transpose(1, 2).reshape(batch * length, -1)
        if number == len(layers) - 1:
            mixed, hidden = mixed[rows], whole_rows(hidden[rows])
        mixed = whole_rows(mixed)
        out = layer.attention.output
        hidden = out.LayerNorm(out.dropout(out.dense(mixed)) + hidden)
        grown = layer.intermediate.intermediate_act_fn(layer.intermediate.dense(hidden))
        hidden = layer.output.LayerNorm(layer.output.dropout(layer.output.dense(grown)) + hidden)
    return hidden[: len(rows)]


def whole_rows(x: Tensor) -> Tensor:
    """Rows [n, width] and, in bf16 on a processor, zeros below them up to one of few numbers of rows.

    torch compiles a kernel there for every shape and keeps it, at a millisecond and half a MiB each.
    """
    if not (x.is_cpu and torch.is_autocast_enabled("cpu")):
        return x
    return F.pad(x, (0, 0, 0, -len(x) % ROW_STEP))


def _converted(x: Tensor) -> Tensor:
    """`x` as autocast would convert it for each product, once for several; not where gradients are needed."""
    if x.is_cpu and torch.is_autocast_enabled("cpu") and not torch.is_grad_enabled():
        return x.to(torch.get_autocast_dtype("cpu"))
    return x


def _attend(query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, dropout: float) -> Tensor:
    """Scaled dot-product attention over [batch, heads, length, size].

    The backward pass of torch's fused CPU kernel is several times slower in bf16 than in fp32, or than
    explicit products (44, 14 and 6 ms forward and backward for [32, 12, 37, 32] on two cores with
    AVX512-BF16, torch 2.13).
    """
    coarse = query.dtype == torch.bfloat16 and query.is_cpu
    if coarse and bias is None and not torch.is_grad_enabled() and 2 * query.shape[-2] <= PACKED_TOKENS:
        return _attend_packed(query, key, value)
    if not coarse or not torch.is_grad_enabled():
        return F.scaled_dot_product_attention(query, key, value, attn_mask=bias, dropout_p=dropout)
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
    if bias is not None:
        scores = scores + bias
    weights = torch.softmax(scores, -1, dtype=torch.float32).to(value.dtype)
    return F.dropout(weights, dropout, dropout > 0) @ value


def _attend_packed(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention in short texts of one length, several of them in one row, without dropout.

    The cost of torch's fused kernel is that of its rows: for texts of 8 to 16 tokens, [batch, 12, length, 32]
    in bf16, one row for each took 1.4 to 3 times as long (torch 2.13, one core with AMX).
    """
    batch, heads, length, size = query.shape
    texts = PACKED_TOKENS // length
    rows = -(-batch // texts)

    def packed(x: Tensor) -> Tensor:
        x = F.pad(x.transpose(1, 2), (0, 0, 0, 0, 0, 0, 0, rows * texts - batch))
        x = x.reshape(rows, texts * length, heads, size)
        return F.pad(x, (0, 0, 0, 0, 0, PACKED_TOKENS - texts * length)).transpose(1, 2)

    text = torch.arange(PACKED_TOKENS).div(length, rounding_mode="floor").clamp(max=texts)
    apart = torch.where(text[:, None] == text, 0.0, float("-inf")).to(query.dtype)
    mixed = F.scaled_dot_product_attention(packed(query), packed(key), packed(value), attn_mask=apart)
    mixed = mixed.transpose(1, 2)[:, : texts * length].reshape(rows * texts, length, heads, size)
    return mixed[:batch].transpose(1, 2)


def is_bert(model: PreTrainedModel) -> bool:
    """Whether `masked_rows` computes what the model itself would."""
    config = model.config
    return (
        config.model_type == "bert"
        and getattr(config, "position_embedding_type", "absolute") in (None, "absolute")
        and not config.is_decoder
    )
