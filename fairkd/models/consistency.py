"""Whether the files of a model folder fit together: sizes, finite weights, token ids.

All of it is checked before the model is built, or before it sees a text: a configuration with absurd sizes
would take memory and time, and an id beyond the embeddings would fail in the middle of a forward pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedTokenizerFast

from fairkd.errors import ModelError
from fairkd.utils import quoted, shortened

# Entries of a configuration that set a dimension of a tensor, if the family has them.
_SIZES = ("vocab_size", "hidden_size", "embedding_size", "intermediate_size", "type_vocab_size")
_MOST_LAYERS = 200  # without weights of their own, as ALBERT's
_PROBE = "a \u2603 \U00013000"  # [CLS] and [SEP] beside it have ids of their own, and few know the last two
NO_LIMIT = 10**30  # as transformers writes it
_LAYER = re.compile(r"\.(\d+)\.")


def check_sizes(config: PreTrainedConfig, tensors: Mapping[str, Tensor], name: str) -> None:
    """Raise ModelError for a configuration whose sizes or layers are far beyond those of the weights."""
    largest = max((size for tensor in tensors.values() for size in tensor.shape), default=0)
    for key in _SIZES:
        size = getattr(config, key, None)
        if isinstance(size, int) and size > largest:
            raise ModelError(
                f"The weights of {name} do not fit its configuration: config.json has the {key} "
                f"{quoted(size, 40)}, but no dimension of the weights is larger than {largest:,}."
            )
    layers = getattr(config, "num_hidden_layers", None)
    stored = 1 + max((int(found) for key in tensors for found in _LAYER.findall(key)), default=-1)
    if isinstance(layers, int) and layers > max(stored, _MOST_LAYERS):
        raise ModelError(
            f"The weights of {name} do not fit its configuration: config.json has {quoted(layers, 40)} "
            f"layers, the weights have {stored}."
        )


def check_shapes(model: nn.Module, tensors: Mapping[str, Tensor], name: str) -> None:
    """Raise ModelError if a stored tensor has another shape than in `model`, which needs no memory (meta)."""
    wanted = model.state_dict()
    refuse_mismatched(
        (
            (key, tensors[key].shape, tensor.shape)
            for key, tensor in wanted.items()
            if key in tensors and tensors[key].shape != tensor.shape
        ),
        name,
    )


def refuse_mismatched(mismatched: Iterable[tuple[str, Sequence[int], Sequence[int]]], name: str) -> None:
    """Raise ModelError for the first of tensors whose shape, stored and after config.json, differs."""
    for key, stored, wanted in mismatched:
        raise ModelError(
            f"The weights of {name} do not fit its configuration: {key} is {_by(stored)} in the "
            f"weights, but {_by(wanted)} after config.json."
        )


def check_finite(tensors: Mapping[str, Tensor], name: str) -> None:
    """Raise ModelError for a tensor with NaN or an infinite number."""
    for key, tensor in tensors.items():
        if tensor.is_floating_point() and tensor.numel():
            ends = torch.aminmax(tensor if tensor.itemsize > 1 else tensor.float())  # passes NaN on
            if not (ends.min.isfinite() and ends.max.isfinite()):
                raise ModelError(
                    f"The weights of {name} are damaged: {key} holds NaN or infinite numbers. Fetch or copy "
                    "the model again, or choose another checkpoint of its training."
                )


def check_token_ids(tokenizer: PreTrainedTokenizerFast, vocabulary: int, name: str) -> None:
    """Raise ModelError if the tokenizer has more tokens than the model, or ids that the model lacks."""
    if len(tokenizer) > vocabulary:
        raise ModelError(
            f"{name} does not fit together: its tokenizer has {len(tokenizer)} tokens, its model "
            f"{vocabulary}."
        )
    tokens = tokenizer.get_vocab()
    if lacking := [token for token in tokenizer.all_special_tokens if token not in tokens]:
        raise ModelError(
            f"The tokenizer of {name} is damaged: its special token {quoted(lacking[0], 40)} is not in its "
            "vocabulary."
        )
    try:
        tried: list[int] = tokenizer(_PROBE, verbose=False)["input_ids"]
    except Exception as error:  # the tokenizers library raises bare Exceptions
        raise ModelError(f"The tokenizer of {name} fails on a text ({shortened(error)}).") from error
    highest = max(*tokens.values(), *tried)
    if highest >= vocabulary:
        raise ModelError(
            f"{name} does not fit together: its tokenizer has a token with the id {highest}, and the ids "
            f"of its model end at {vocabulary - 1}."
        )


def repair_length_limit(tokenizer: PreTrainedTokenizerFast) -> None:
    """Ignore a `model_max_length` that is no number, such as text: transformers would fail to compare it."""
    if not isinstance(tokenizer.model_max_length, int | float):
        tokenizer.model_max_length = NO_LIMIT


def _by(shape: Sequence[int]) -> str:
    """The shape of a tensor in words.

    >>> _by((2, 3)), _by(())
    ('2 by 3', 'a single number')
    """
    return " by ".join(f"{size:,}" for size in shape) or "a single number"
