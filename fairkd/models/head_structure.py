"""The MLM head of a model, recognised by its parts: a transform of states, and a vocabulary projection.

A family names the parts in its own way, and two families may name different things alike. So what is found
here is a guess, which `fairkd.models.mlm_head` compares with the model's own forward pass before it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedModel

Transform = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Projection:
    """A vocabulary projection: weight [V, width], usually the word embeddings' own, and bias [V].

    Without a weight there is nothing left to project: it takes logits [N, V] and gives them back.
    """

    weight: Tensor | None
    bias: Tensor | None

    def __call__(self, states: Tensor) -> Tensor:
        """Logits [N, V] of transformed states [N, width]."""
        return states if self.weight is None else F.linear(states, self.weight, self.bias)


@dataclass(frozen=True)
class Head:
    """What makes logits of last hidden states: `projection(transform(states))`."""

    transform: Transform
    projection: Projection


def _linear(module: Any, bias: Tensor | None = None) -> Projection:
    """The projection of a linear layer. `bias` is one beside it, for a layer that has none of its own."""
    if not isinstance(module, nn.Linear):
        raise AttributeError("the vocabulary projection is not a linear layer")
    return Projection(module.weight, bias if module.bias is None else module.bias)


def _first(module: Any, *names: str) -> Any:
    """The first of the attributes that the module has."""
    for name in names:
        if (found := getattr(module, name, None)) is not None:
            return found
    raise AttributeError(names[0])


def _dense_norm(part: Any) -> Transform:
    """Dense layer, activation (GELU unless the part has its own), layer norm."""
    dense, norm = part.dense, _first(part, "LayerNorm", "layer_norm")
    activation = getattr(part, "activation", None) or getattr(part, "transform_act_fn", None) or F.gelu
    return lambda states: norm(activation(dense(states)))


def _bert(model: Any) -> Head:
    part = model.cls.predictions
    return Head(part.transform, _linear(part.decoder))


def _mobilebert(model: Any) -> Head:
    """A part of the projection is the word embeddings, which are narrower than the states."""
    part = model.cls.predictions
    transform, own, words = part.transform, part.dense.weight, part.decoder.weight
    return Head(transform, Projection(torch.cat([words, own.t()], 1), part.decoder.bias))


def _rembert(model: Any) -> Head:
    part = model.cls.predictions
    return Head(_dense_norm(part), _linear(part.decoder))


def _roberta(model: Any) -> Head:
    part = model.lm_head
    return Head(_dense_norm(part), _linear(part.decoder, getattr(part, "bias", None)))


def _albert(model: Any) -> Head:
    part = model.predictions
    return Head(_dense_norm(part), _linear(part.decoder))


def _distilbert(model: Any) -> Head:
    dense, activation, norm = model.vocab_transform, model.activation, model.vocab_layer_norm
    return Head(lambda states: norm(activation(dense(states))), _linear(model.vocab_projector))


def _electra(model: Any) -> Head:
    return Head(model.generator_predictions, _linear(model.generator_lm_head))


def _modernbert(model: Any) -> Head:
    return Head(model.head, _linear(model.decoder))


def _modernvbert(model: Any) -> Head:
    return Head(model.projection_head, _linear(model.lm_head))


def _deberta(model: Any) -> Head:
    """The head of configurations with `legacy: false`, whose projection is the word embeddings."""
    part = model.lm_predictions.lm_head
    return Head(_dense_norm(part), Projection(model.get_input_embeddings().weight, part.bias))


def _bare(model: Any) -> Head:
    """No transform: EuroBERT, Funnel, XLM."""
    return Head(lambda states: states, _linear(model.get_output_embeddings()))


# By the family that each kind is best known from; most of them fit several.
KINDS: Mapping[str, Callable[[PreTrainedModel], Head]] = {
    "bert": _bert,
    "mobilebert": _mobilebert,
    "rembert": _rembert,
    "roberta": _roberta,
    "albert": _albert,
    "distilbert": _distilbert,
    "electra": _electra,
    "modernbert": _modernbert,
    "modernvbert": _modernvbert,
    "deberta": _deberta,
    "bare": _bare,
}


def head_of_kind(model: PreTrainedModel, kind: str) -> Head | None:
    """The model's head, taken apart as one of this kind; None if it lacks the parts."""
    try:
        return KINDS[kind](model)
    except AttributeError:
        return None
