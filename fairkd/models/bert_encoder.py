"""The encoder of BERT, with its last layer at chosen positions alone."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel

from fairkd.models.packed_linear import PackedLinear

ROW_STEP = 64
PACKED_TOKENS = 32  # of a row of attention that holds several short texts


def masked_rows(
    model: PreTrainedModel, ids: Tensor, real: Tensor | None, rows: Tensor, words: Tensor | None = None
) -> Tensor:
    """The last hidden states [M, width] of a BERT at the flat positions `rows` of `ids` [batch, length].

    Equal to `model.bert(ids).last_hidden_state.view(-1, width)[rows]`, but the last layer's feed-forward
    part, which mixes no positions, is computed for those rows alone. In training mode there is dropout at the
    same places as in the model itself, with other numbers drawn. `real` [batch, length] is False at padding.
    `words` [batch, length, width] stands in for the looked-up word embeddings.

    In inference mode more is left out: equal tokens at the same position are embedded and first projected
    once, and the last layer's queries are computed at `rows` alone if nothing is padded and every text has as
    many of them. (With padding, the rounding would depend on its length.)
    """
    batch, length = ids.shape
    heads = model.config.num_attention_heads
    encoder: Any = model.base_model.encoder
    layers = encoder.layer
    hidden, copies = _embedded(model, ids, words)
    bias = None if real is None else torch.where(real, 0.0, float("-inf")).to(hidden.dtype)[:, None, None, :]

    def split(x: Tensor, positions: int) -> Tensor:
        return x[: batch * positions].view(batch, positions, heads, -1).transpose(1, 2)

    hidden = whole_rows(hidden)
    for number, layer in enumerate(layers):
        attention = layer.attention.self
        seen = _converted(hidden)
        asked, last = length, number == len(layers) - 1
        if last and bias is None and torch.is_inference_mode_enabled() and _equally_many(rows, batch, length):
            asked = len(rows) // batch
            query, key, value = attention.query(whole_rows(seen[rows])), *_projected(attention, seen, 1)
        else:
            query, key, value = _projected(attention, seen, 0)
        if copies is not None and number == 0:
            query, key, value, hidden = (x[copies] for x in (query, key, value, hidden))
            hidden = whole_rows(hidden)
        dropout = attention.dropout.p if attention.training else 0.0
        mixed = _attend(split(query, asked), split(key, length), split(value, length), bias, dropout)
        mixed = mixed.transpose(1, 2).reshape(batch * asked, -1)
        if last:
            mixed, hidden = mixed if asked < length else mixed[rows], whole_rows(hidden[rows])
        mixed = whole_rows(mixed)
        hidden = _added(layer.attention.output, mixed, hidden)
        grown = layer.intermediate.intermediate_act_fn(layer.intermediate.dense(hidden))
        hidden = _added(layer.output, grown, hidden)
    return hidden[: len(rows)]


def _embedded(model: PreTrainedModel, ids: Tensor, words: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """The embedded tokens [n, width], and for each flat position its row among them; None for the same row.

    Masked copies of one text have most tokens in common: in inference mode, a token that stands at the same
    position of many texts is one row.
    """
    embeddings: Any = model.base_model.embeddings
    if words is not None:
        return embeddings(inputs_embeds=words).flatten(0, 1), None
    encoder: Any = model.base_model.encoder
    if len(encoder.layer) > 1 and torch.is_inference_mode_enabled() and not model.training:
        length = ids.shape[1]
        places = torch.arange(length, device=ids.device)
        different, copies = torch.unique(ids * length + places, return_inverse=True)
        if 2 * len(different) <= ids.numel():
            hidden = embeddings((different // length)[None], position_ids=(different % length)[None])[0]
            return hidden, copies.flatten()
    return embeddings(ids).flatten(0, 1), None


def _equally_many(rows: Tensor, batch: int, length: int) -> bool:
    """Whether the flat positions are equally many in every text, in order, but neither none nor all."""
    if len(rows) % batch or len(rows) in (0, batch * length):
        return False
    texts = torch.arange(batch, device=rows.device)[:, None]
    return bool((rows.view(batch, -1) // length == texts).all())


def _projected(attention: Any, seen: Tensor, first: int) -> tuple[Tensor, ...]:
    """Query, key and value of the rows of `seen`, from number `first` of the three on."""
    joined = getattr(attention, "query_key_value", None)  # of `fairkd.models.packed_linear`
    if joined is not None and first == 0 and torch.is_inference_mode_enabled():
        return tuple(joined(seen).chunk(3, -1))
    return tuple(part(seen) for part in (attention.query, attention.key, attention.value)[first:])


def _added(part: Any, x: Tensor, hidden: Tensor) -> Tensor:
    """The end of each half of a layer: the states, with the product of `part` and `x` added, and normed."""
    if isinstance(part.dense, PackedLinear):
        states: Tensor = part.LayerNorm(part.dense(x, _converted(hidden)))
    else:
        states = part.LayerNorm(part.dropout(part.dense(x)) + hidden)
    return states


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
    if coarse and bias is None and not torch.is_grad_enabled() and query.shape == key.shape:
        tokens = _row_tokens(key.shape[-2])
        if tokens > key.shape[-2]:
            return _attend_packed(query, key, value, tokens)
    if not coarse or not torch.is_grad_enabled():
        return F.scaled_dot_product_attention(query, key, value, attn_mask=bias, dropout_p=dropout)
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
    if bias is not None:
        scores = scores + bias
    weights = torch.softmax(scores, -1, dtype=torch.float32).to(value.dtype)
    return F.dropout(weights, dropout, dropout > 0) @ value


def _row_tokens(length: int) -> int:
    """How many tokens a row of attention has, for texts of this length in bf16 on a processor.

    The time of torch's fused kernel is least for multiples of 16 tokens, and grows with the rows: for
    [batch, 12, length, 32], one row for each text took 1.4 to 3 times as long for 8 to 16 tokens as a row of
    32 for several, and for 26 to 31 tokens 1.2 to 1.7 times as long as 32 (torch 2.13, one core with AMX).
    """
    if 2 * length <= PACKED_TOKENS:
        return PACKED_TOKENS
    return length + -length % 16 if length % 16 >= 10 else length


def _attend_packed(query: Tensor, key: Tensor, value: Tensor, tokens: int) -> Tensor:
    """Attention without dropout in texts of one length, as many in one row as its `tokens` hold."""
    batch, heads, length, size = query.shape
    texts = tokens // length
    rows = -(-batch // texts)

    def packed(x: Tensor) -> Tensor:
        x = F.pad(x.transpose(1, 2), (0, 0, 0, 0, 0, 0, 0, rows * texts - batch))
        x = x.reshape(rows, texts * length, heads, size)
        return F.pad(x, (0, 0, 0, 0, 0, tokens - texts * length)).transpose(1, 2)

    text = torch.arange(tokens).div(length, rounding_mode="floor").clamp(max=texts)
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
