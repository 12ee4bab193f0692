"""A better start for a student that leaves out some of its teacher's layers: ridge regression, in seconds.

A copied layer is followed by one that expects what the layers between them, which are left out, would have
given, or by the head. A part of their effect can be had without training: the last matrix of the copied
layer's feed-forward part is refitted to the teacher's states. In a BERT a layer ends with

    output = LayerNorm(W g + b + h)

where g [N, width of the feed-forward part] and h [N, width] are the layer's own. The layer takes the
LayerNorm of the last layer that is left out behind it, and W and b become the solution of

    min ||W g + b + h - u||^2 + ridge ||W - W_before||^2

with that LayerNorm's inputs u [N, width] in the teacher, over N tokens of the masked training text. Before
the head only the positions to train on count. Layers are fitted from the first to the last, each with the
states that the fitted ones before it give.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from fairkd.distill.data import Batch, DataPosition, Loader
from fairkd.errors import ModelError
from fairkd.models import layers_of

TOKENS = 32_768  # of the training text
RIDGE = 1e-2  # times the mean square of an entry of g, times N


def texts_to_fit(loader: Loader, most: int = TOKENS) -> list[Batch]:
    """The first batches of the text, some `most` tokens or one epoch. The loader ends where it was."""
    before, batches, tokens = loader.position, [], 0
    loader.position = DataPosition()
    while tokens < most and loader.position.epoch == 0:
        batches += loader.take(1)
        tokens += batches[-1].tokens
    loader.position = before
    return batches


def can_fit(student: PreTrainedModel) -> bool:
    """Whether the student's layers end as BERT's do: BERT, RoBERTa, ELECTRA and their relatives."""
    try:
        layers = layers_of(student)
    except ModelError:
        return False
    return all(_ends_as_in_bert(layer) for layer in layers)


@torch.no_grad()
def fit_layers(
    teacher: PreTrainedModel,
    student: PreTrainedModel,
    copied: Sequence[int],
    batches: Sequence[Batch],
    *,
    kept: Tensor | None = None,
) -> None:
    """Refit each of the student's layers behind which layers of its teacher are left out, in place.

    Parameters
    ----------
    copied
        The numbers of the teacher's layers that the student has.
    batches
        Masked texts in the student's tokens.
    kept
        The teacher's tokens that a trimmed student has, in the student's order.

    Notes
    -----
    Matrix products are in the format that autocast says; sums and the solution are in fp32.
    """
    count = len(layers_of(teacher))
    for number, (own, following) in enumerate(zip(copied, [*copied[1:], count], strict=True)):
        if following == own + 1:
            continue
        layer: nn.Module = layers_of(student)[number].get_submodule("output")
        last_left_out: nn.Module = layers_of(teacher)[following - 1].get_submodule("output")
        dense, norm = layer.get_submodule("dense"), layer.get_submodule("LayerNorm")
        wanted = last_left_out.get_submodule("LayerNorm")
        assert isinstance(dense, nn.Linear)
        regression = _Regression(dense)
        for batch in batches:
            rows = batch.rows if following == count else _real(batch)
            ids = batch.ids if kept is None else kept[batch.ids]
            (target,) = _inputs_of([wanted], teacher, ids, batch.attention_mask, rows)
            features, state = _inputs_of([dense, norm], student, batch.ids, batch.attention_mask, rows)
            regression.add(features, target - state)
        regression.solve()
        torch.clear_autocast_cache()  # it may hold the layer's old weight
        norm.load_state_dict(wanted.state_dict())


class _Regression:
    """Sums over tokens of a linear layer's inputs, times themselves and times what its outputs lack."""

    def __init__(self, dense: nn.Linear) -> None:
        self.dense = dense
        width, device = dense.in_features + 1, dense.weight.device  # the bias is the weight of a constant 1
        self.squares = torch.zeros(width, width, device=device)
        self.products = torch.zeros(width, dense.out_features, device=device)

    def add(self, features: Tensor, missing: Tensor) -> None:
        """Add tokens: the layer's inputs [n, in], and what its outputs lack [n, out]."""
        features = torch.cat([features, features.new_ones(len(features), 1)], 1)
        self.squares.addmm_(features.t(), features)
        self.products.addmm_(features.t(), missing)

    def solve(self) -> None:
        """Change the layer's weight and bias by the solution."""
        self.squares.diagonal().add_(RIDGE * self.squares.diagonal().mean())
        change = torch.linalg.solve(self.squares, self.products)
        self.dense.weight.add_(change[:-1].t())
        if self.dense.bias is not None:
            self.dense.bias.add_(change[-1])


def _real(batch: Batch) -> Tensor:
    """The places of all tokens that are no padding, as indices into the flattened ids."""
    real = torch.ones_like(batch.ids) if batch.attention_mask is None else batch.attention_mask
    return real.flatten().nonzero().flatten()


def _inputs_of(
    modules: Sequence[nn.Module], model: PreTrainedModel, ids: Tensor, real: Tensor | None, rows: Tensor
) -> list[Tensor]:
    """What the modules take at `rows` [n] of the flattened ids, [n, width] in fp32."""
    mask = torch.ones_like(ids) if real is None else real.long()
    with ExitStack() as stack:
        found = [stack.enter_context(_recorded(module)) for module in modules]
        model.base_model(input_ids=ids, attention_mask=mask)
    length = ids.shape[1]  # some families pad further inside, or pass a text in several parts
    return [torch.cat(parts, 1)[:, :length].flatten(0, 1)[rows].float() for parts in found]


@contextmanager
def _recorded(module: nn.Module) -> Iterator[list[Tensor]]:
    """The first argument of each call of the module."""
    found: list[Tensor] = []
    handle = module.register_forward_pre_hook(lambda _, given: found.append(given[0]))
    try:
        yield found
    finally:
        handle.remove()


def _ends_as_in_bert(layer: nn.Module) -> bool:
    output = getattr(layer, "output", None)
    dense, norm = getattr(output, "dense", None), getattr(output, "LayerNorm", None)
    return isinstance(dense, nn.Linear) and isinstance(norm, nn.LayerNorm)
