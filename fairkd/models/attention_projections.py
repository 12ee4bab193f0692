"""Queries, keys and values of a model's attention layers, read while it computes.

A family names its projections in its own way, and some make all three with one matrix. They are found by
their structure, and what was found is tried on a tiny input: every layer must give one set of states. A
family whose layers give something else, or whose projections have other names, is not known.

The states are those that the projections give, before positions are rotated into them. ALBERT's layers share
one set of weights, and are told apart by the order in which they compute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from fairkd.models.mlm_head import rows_of, trial_input

# The names of the three projections in an attention module, by the family that each is best known from.
SEPARATE: Mapping[str, tuple[str, str, str]] = {
    "bert": ("query", "key", "value"),
    "distilbert": ("q_lin", "k_lin", "v_lin"),
    "deberta-v2": ("query_proj", "key_proj", "value_proj"),
    "mpnet": ("q", "k", "v"),
    "eurobert": ("q_proj", "k_proj", "v_proj"),
}
# One matrix for all three, one after the other.
FUSED = ("Wqkv", "qkv_proj")

States = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class AttentionShape:
    """How many layers a model has, and the widths of queries, keys and values."""

    layers: int
    widths: tuple[int, int, int]


@dataclass
class AttentionStates:
    """Queries, keys and values [batch, length, width] of the layers that were asked for, by their number."""

    by_layer: dict[int, list[Tensor]] = field(default_factory=dict)

    def of(self, layer: int) -> States:
        query, key, value = self.by_layer[layer]
        return query, key, value


# By model; the values hold no part of the model, so that it can be freed.
_SHAPES: WeakKeyDictionary[nn.Module, AttentionShape | None] = WeakKeyDictionary()


def attention_shape(model: PreTrainedModel) -> AttentionShape | None:
    """The model's layers and widths; None if its projections are not known."""
    if model not in _SHAPES:
        _SHAPES[model] = _try(model)
    return _SHAPES[model]


@contextmanager
def recorded_attention(
    model: PreTrainedModel, ids: Tensor, layers: Collection[int] | None = None
) -> Iterator[AttentionStates]:
    """Keep queries, keys and values of these layers (None: all) while the model runs once on `ids`.

    `ids` are [batch, length]. Works with the model's own forward pass and with `states_and_head_input`.
    Hooks are in the model meanwhile, so no other thread may run it. Not in inference mode, in which
    `masked_rows` leaves out projections.
    """
    assert not torch.is_inference_mode_enabled()
    found = AttentionStates()
    projections = _projections(model)
    shared = len({number for number, *_ in projections}) < model.config.num_hidden_layers
    calls: Counter[nn.Module] = Counter()

    def keep(number: int, kinds: Sequence[int], module: nn.Module, _: Any, output: Tensor) -> None:
        calls[module] += 1
        if not shared and calls[module] > 1:  # DeBERTa projects its relative positions, too
            return
        layer = calls[module] - 1 if shared else number
        if layers is not None and layer not in layers:
            return
        parts = output.chunk(3, -1) if len(kinds) == 3 else (output,)
        for kind, part in zip(kinds, parts, strict=True):
            found.by_layer.setdefault(layer, [torch.empty(0)] * 3)[kind] = _shaped(part, ids)

    with ExitStack() as stack:
        for number, module, kinds in projections:
            stack.callback(module.register_forward_hook(partial(keep, number, kinds)).remove)
        yield found


def _shaped(part: Tensor, ids: Tensor) -> Tensor:
    """States [batch, length, width]; a faster forward pass gives them as rows, with unused ones below."""
    if part.dim() == 3:
        return part
    return part[: ids.numel()].view(*ids.shape, -1)


def _projections(model: PreTrainedModel) -> list[tuple[int, nn.Linear, tuple[int, ...]]]:
    """The projections: the number of their attention module, and 0 for queries, 1 for keys, 2 for values."""
    found: list[tuple[int, nn.Linear, tuple[int, ...]]] = []
    number = 0
    for module in model.base_model.modules():
        children = dict(module.named_children())
        for names in SEPARATE.values():
            own = [children.get(name) for name in names]
            if all(isinstance(one, nn.Linear) for one in own):
                found += [
                    (number, one, (kind,)) for kind, one in enumerate(own) if isinstance(one, nn.Linear)
                ]
                number += 1
                break
        else:
            for name in FUSED:
                one = children.get(name)
                if isinstance(one, nn.Linear) and one.out_features % 3 == 0:
                    found.append((number, one, (0, 1, 2)))
                    number += 1
    return found


def _try(model: PreTrainedModel) -> AttentionShape | None:
    if not _projections(model):
        return None
    ids, real = trial_input(model)
    rows = real.flatten().nonzero().flatten()
    try:
        with torch.no_grad(), recorded_attention(model, ids) as found:
            rows_of(model, ids, real, rows)
        sets = [found.of(layer) for layer in range(len(found.by_layer))]
    except Exception:  # whatever the code of a family raises: its own forward pass says what is wrong
        return None
    widths = [tuple(one.shape[-1] for one in one_layer) for one_layer in sets]
    fits = all(one.shape[:2] == ids.shape for one_layer in sets for one in one_layer)
    count = getattr(model.config, "num_hidden_layers", None)
    if not fits or len(set(widths)) != 1 or len(sets) != count:
        return None
    query, key, value = widths[0]
    return AttentionShape(len(sets), (query, key, value))
