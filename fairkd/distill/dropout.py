"""Dropout in a student while it trains.

Webster et al. (2020, arXiv 2010.06032) raise the dropout of BERT's hidden states and attention weights, which
hinders it from learning associations such as that of nurse and she. Here the student has dropout. The teacher
never has any, and neither has an evaluation.
"""

from __future__ import annotations

import copy
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from transformers import PreTrainedModel

from fairkd.distill.config import StudentConfig
from fairkd.distill.student import take_numbers
from fairkd.errors import InputError
from fairkd.models import head_is_known

# What the families of transformers call it in their configurations.
_HIDDEN = (
    "hidden_dropout_prob",
    "hidden_dropout",
    "dropout",
    "activation_dropout",
    "embedding_dropout",
    "mlp_dropout",
)
_ATTENTION = (
    "attention_probs_dropout_prob",
    "attention_dropout",
    "local_attention_probs_dropout_prob",
    "lsh_attention_probs_dropout_prob",
)


def has_dropout(settings: StudentConfig) -> bool:
    """Whether a student with these settings has any dropout."""
    return bool(settings.dropout or settings.attention_dropout)


def set_dropout(student: PreTrainedModel, settings: StudentConfig) -> str | None:
    """Give a student the dropout of its settings, and return a sentence on a part that its family lacks.

    Its own configuration is changed, so the stored model says what it was trained with. Without any dropout
    in the settings nothing changes.

    Raises
    ------
    InputError
        If the family has nothing of what the settings ask for.
    """
    if not has_dropout(settings):
        return None
    config = student.config.get_text_config()
    family, missing, found = type(student).__name__, [], False
    for name, known in (("dropout", _HIDDEN), ("attention_dropout", _ATTENTION)):
        keys = [key for key in known if hasattr(config, key)]
        for key in keys:
            setattr(config, key, getattr(settings, name))
        if getattr(settings, name):
            found |= bool(keys)
            missing += [] if keys else [f"student.{name}"]
    if not found:
        raise InputError(f"{family} has no dropout of this kind: set {' and '.join(missing)} to 0.")
    with torch.device("meta"):
        like_this = type(student)(copy.deepcopy(student.config))
    take_numbers(student, like_this)
    return f"{family} has no dropout of this kind: {missing[0]} has no effect." if missing else None


def noise_seed(ids: Tensor, seed: int) -> int:
    """The seed of the dropout in a batch with these masked token ids, in a run with this seed.

    It depends on nothing else, so that a resumed run draws what an uninterrupted one would, and evaluations
    and checkpoints change nothing. Masks differ from epoch to epoch, and so does the dropout.
    """
    return zlib.crc32(ids.contiguous().numpy().tobytes(), seed)


@contextmanager
def training_mode(student: PreTrainedModel, seed: int) -> Iterator[None]:
    """The student with its dropout, drawn from `seed`. torch's random state is as before at the end."""
    head_is_known(student)  # found out by a comparison of outputs, once: without dropout
    device = next(student.parameters()).device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        student.train()
        try:
            yield
        finally:
            student.eval()
