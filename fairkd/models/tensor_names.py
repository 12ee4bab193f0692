"""Names of stored tensors that a model's class does not use: wrappers, older versions, dropped parts.

Whatever can be read without a doubt is, and the rest is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import transformers
from torch import Tensor
from transformers import PreTrainedConfig

from fairkd.errors import listed

# What DistributedDataParallel and torch.compile put before every name.
_WRAPPERS = re.compile(r"(?:(?:module|_orig_mod)\.)+")
# Of an encoder, but for other tasks, or derived from its configuration.
_NOT_FOR_MASKED_WORDS = re.compile(r"pooler|position_ids|token_type_ids|inv_freq|num_batches_tracked")
# DeBERTa's own code names its head so; transformers calls everything else "legacy".
_OWN_DEBERTA_HEAD = "lm_predictions.lm_head."


def unwrapped(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of a model that was saved from a wrapper, by the names that they have without it.

    >>> sorted(unwrapped({"module._orig_mod.cls.bias": Tensor(), "module._orig_mod.bert.weight": Tensor()}))
    ['bert.weight', 'cls.bias']
    """
    first = _WRAPPERS.match(next(iter(tensors), ""))
    if first is None or not all(name.startswith(first[0]) for name in tensors):
        return dict(tensors)
    return {name.removeprefix(first[0]): tensor for name, tensor in tensors.items()}


def fit_configuration(config: PreTrainedConfig, tensors: Iterable[str]) -> None:
    """Set what a configuration leaves open and the names of the tensors tell: which head a DeBERTa has."""
    if hasattr(config, "legacy") and any(name.startswith(_OWN_DEBERTA_HEAD) for name in tensors):
        config.legacy = False


def with_both_biases(
    tensors: Mapping[str, Tensor], config: PreTrainedConfig, architecture: Any
) -> dict[str, Tensor]:
    """The tensors, with the bias of an untied projection under both of its names.

    transformers 4 keeps the bias of the head and that of its projection the same, also where the weights are
    not tied to the embeddings, and stores it once.
    """
    found = dict(tensors)
    names = getattr(architecture, "_tied_weights_keys", None)
    if not config.tie_word_embeddings and isinstance(names, dict):
        for one, other in names.items():
            if one.endswith(".bias") and (one in tensors) != (other in tensors):
                found |= {other: tensors[one]} if one in tensors else {one: tensors[other]}
    return found


def unused_in_encoder(unused: Iterable[str], prefix: str) -> tuple[str, ...]:
    """A sentence on stored tensors of the encoder that the model's class has no place for, or ().

    >>> unused_in_encoder(["bert.pooler.dense.weight", "cls.seq_relationship.bias"], "bert")
    ()
    """
    lost = sorted(
        name for name in unused if name.startswith(f"{prefix}.") and not _NOT_FOR_MASKED_WORDS.search(name)
    )
    if not lost:
        return ()
    return (
        f"transformers {transformers.__version__} has no place for {len(lost)} of the stored tensors of its "
        f"encoder ({listed(lost, 2)}), so its predictions are not those that it was trained to make.",
    )
