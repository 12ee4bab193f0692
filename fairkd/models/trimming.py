"""A masked language model with fewer tokens: tokenizer, embeddings and vocabulary projection cut alike."""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from dataclasses import replace

import torch
from transformers import PreTrainedConfig, PreTrainedModel

from fairkd.errors import ModelError
from fairkd.models.loading import MaskedLM, Origin
from fairkd.models.trimmed_tokenizer import trim_tokenizer


def trim(lm: MaskedLM, keep: Collection[int]) -> tuple[MaskedLM, tuple[int, ...]]:
    """The model with the tokens `keep` and those that its tokenizer needs, in memory.

    It gives the kept tokens the logits that it gave them before, on every text whose tokens are all kept.

    Returns
    -------
    tuple
        The trimmed model, and for each of its ids the id in `lm`.

    Raises
    ------
    ModelError
        The tokenizer or the model cannot be trimmed.
    """
    tokenizer, ids = trim_tokenizer(lm.tokenizer, keep)
    model = take_tokens(lm.model, ids)
    return replace(lm, model=model, tokenizer=tokenizer, origin=Origin()), ids


def take_tokens(model: PreTrainedModel, ids: Sequence[int]) -> PreTrainedModel:
    """A copy of the model whose token i is the token `ids[i]` of `model`, frozen where that is frozen."""
    rows = torch.tensor(ids)
    config = copy.deepcopy(model.config)
    text = config.get_text_config()
    size, text.vocab_size = text.vocab_size, len(ids)
    for part in {id(one): one for one in (config, text)}.values():
        _renumber(part, ids)
    with torch.random.fork_rng(devices=[]):
        cut = type(model)(config).float()
    wanted = cut.state_dict()
    tensors = {}
    for name, tensor in model.state_dict().items():
        for dimension, (old, new) in enumerate(zip(tensor.shape, wanted[name].shape, strict=True)):
            if (old, new) == (size, len(ids)) and old != new:  # its entries belong to the tokens
                tensor = tensor.index_select(dimension, rows.to(tensor.device))
        tensors[name] = tensor
        if tensor.shape != wanted[name].shape:
            raise ModelError(f"{type(model).__name__} cannot be trimmed: {name} does not fit fewer tokens.")
    cut.load_state_dict(tensors)
    frozen = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    for name, parameter in cut.named_parameters():
        parameter.requires_grad_(name not in frozen)
    return cut.train(model.training)


def _renumber(config: PreTrainedConfig, ids: Sequence[int]) -> None:
    """Give the special tokens that a configuration names their new ids."""
    new = {old: number for number, old in enumerate(ids)}
    for key, value in config.to_dict().items():
        if key.endswith("_token_id") and isinstance(value, int):
            setattr(config, key, new.get(value))
