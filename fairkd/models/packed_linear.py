"""Linear layers and a vocabulary in bf16 whose weights are in the layout that the processor multiplies.

torch brings the weights of a linear layer into this layout in every product, and copies the bias over its
result first. Here the layout is made once, and bias and activation are part of the product. Only for models
that are not trained, on a processor with bf16. The operators are those of torch's own compiler.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from fairkd.models.token_batching import VOCABULARY_ROWS

_TYPICAL_ROWS = 2048


class PackedLinear(nn.Module):
    """A linear layer in bf16, and GELU after it if `gelu`: [n, in] to [n, out]. It has no gradients.

    `weight` is [out, in]; `rows` says for how many rows at once its layout is chosen.
    """

    def __init__(
        self, weight: Tensor, bias: Tensor | None, *, gelu: bool = False, rows: int = _TYPICAL_ROWS
    ) -> None:
        super().__init__()
        # Not a parameter: its elements are in an order of their own.
        coarse = weight.detach().to(torch.bfloat16, copy=True)
        self._packed = torch.ops.mkldnn._reorder_linear_weight(coarse, rows)
        self._bias = None if bias is None else bias.detach().to(torch.bfloat16)
        self._activation = "gelu" if gelu else "none"

    def forward(self, x: Tensor, added: Tensor | None = None) -> Tensor:
        """The layer's output, plus `added` [n, out] in bf16 if there is one."""
        inputs = x.to(torch.bfloat16)
        operator = torch.ops.mkldnn._linear_pointwise
        if added is None:
            return cast(Tensor, operator(inputs, self._packed, self._bias, self._activation, [], "none"))
        return cast(Tensor, operator.binary(inputs, added, self._packed, self._bias, "add"))


class PackedVocabulary(nn.Module):
    """A vocabulary projection in bf16, and the log-probabilities that follow from it. It has no gradients.

    The logits of the tokens that are asked for, and of the most probable one, are computed in fp32. The
    errors of the others (.03 nats for logits from 8 to 16) average out in the sum over the vocabulary.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self._projection = PackedLinear(weight, bias, rows=VOCABULARY_ROWS)
        self._exact = (weight, bias)

    def forward(self, states: Tensor, rows: Tensor, tokens: Tensor) -> Tensor:
        """log p(tokens[n]) at the row `rows[n]` of `states` [m, width] in fp32: [n], in nats."""
        logits = self._projection(states)
        largest, first = logits.max(-1)
        scaled = logits.sub_(largest[:, None]).exp_()
        shift = largest.float()
        total = scaled.sum(-1, dtype=torch.float32) - 1 + (self._logits(states, first) - shift).exp()
        wanted = self._logits(states[rows], tokens) - shift[rows]
        correction = torch.where(tokens == first[rows], 0, wanted.exp() - scaled[rows, tokens])
        return wanted - (total[rows] + correction).log()

    def _logits(self, states: Tensor, tokens: Tensor) -> Tensor:
        """The logit of one token for each row of the states, in fp32: [n]."""
        weight, bias = self._exact
        logits = (states * weight[tokens]).sum(-1)
        return logits if bias is None else logits + bias[tokens]


def can_pack(model: nn.Module) -> bool:
    """Whether torch has these kernels for the model's processor."""
    on_cpu = all(parameter.is_cpu for parameter in model.parameters())
    kernels: Any = torch.ops.mkldnn
    return on_cpu and torch.backends.mkldnn.is_available() and kernels._is_mkldnn_bf16_supported()


def pack(model: PreTrainedModel) -> None:
    """Pack the linear layers of a BERT in bf16: a forward pass takes about a tenth less time.

    Query, key and value become one product, which `fairkd.models.bert_encoder` uses in inference mode; their
    own layers stay for those who read them.
    """
    encoder: Any = model.base_model.encoder
    for layer in encoder.layer:
        own, grown = layer.attention.self, layer.intermediate
        parts = (own.query, own.key, own.value)
        own.query_key_value = PackedLinear(
            torch.cat([part.weight for part in parts]), torch.cat([part.bias for part in parts])
        )
        gelu = getattr(grown.intermediate_act_fn, "act", None) is nn.functional.gelu
        grown.dense = PackedLinear(grown.dense.weight, grown.dense.bias, gelu=gelu)
        if gelu:
            grown.intermediate_act_fn = nn.Identity()
        for output in (layer.attention.output, layer.output):
            output.dense = PackedLinear(output.dense.weight, output.dense.bias)
