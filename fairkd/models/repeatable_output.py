"""The same text gives the same numbers, whatever a model has read before: where a family's class does not."""

from __future__ import annotations

import threading
from typing import Any

import torch
from transformers import PreTrainedModel

# BigBird's layers are exchanged when the kind of attention changes, which no other thread may see half done.
_BIGBIRD = threading.RLock()


def make_repeatable(model: PreTrainedModel) -> tuple[str, ...]:
    """Make a model's output depend on its input alone; a sentence where that is impossible.

    BigBird's class uses full attention from the first short text on, for long ones, too. Here every text gets
    the attention that a fresh model would give it: block-sparse if it is long enough.
    """
    if not is_repeatable(model):
        return (
            "Reformer's attention hashes at random: the same text gives slightly other numbers each time.",
        )
    if model.config.model_type == "big_bird" and model.config.attention_type == "block_sparse":
        model.base_model.register_forward_pre_hook(_choose_attention, with_kwargs=True)
        model.base_model.register_forward_hook(_release, always_call=True)
    return ()


def is_repeatable(model: PreTrainedModel) -> bool:
    """Whether the same text gives the same numbers each time: not so for Reformer without a fixed seed."""
    return not (model.config.model_type == "reformer" and model.config.hash_seed is None)


def _choose_attention(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    given = (*args, kwargs.get("input_ids"), kwargs.get("inputs_embeds"))
    length = next(tensor for tensor in given if tensor is not None).shape[1]
    config = model.config
    full = length <= (5 + 2 * config.num_random_blocks) * config.block_size  # as in the class
    _BIGBIRD.acquire()
    try:
        with torch.random.fork_rng(devices=[]):  # new layers get random weights, before they get the old ones
            model.set_attention_type("original_full" if full else "block_sparse")
    except BaseException:
        _BIGBIRD.release()
        raise


def _release(*_: Any) -> None:
    _BIGBIRD.release()
