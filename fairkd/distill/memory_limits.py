"""Memory: whether a student fits before it is made, and one sentence for a run that did not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from fairkd.errors import FairKDError, InputError
from fairkd.utils import free_memory, is_lack_of_memory

TRAINED = 16  # bytes a parameter: fp32 weight, gradient, AdamW's two moments
HELD = 4  # where an accelerator holds the rest


def check_fits(make: Callable[[], nn.Module]) -> None:
    """InputError if the model that `make` builds is too big; it is built without memory here.

    What the text takes besides, activations, comes on top: a student that fits by this count may still be
    too big.
    """
    with torch.device("meta"):
        parameters = sum(parameter.numel() for parameter in make().parameters())
    needed = parameters * (HELD if torch.accelerator.is_available() else TRAINED)
    free = free_memory()
    if needed > free:
        raise InputError(
            f"A student of {parameters:,} parameters takes {needed / 1e9:,.1f} GB of memory to train, but "
            f"{free / 1e9:,.1f} GB are free: choose a smaller student."
        )


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """Turns a lack of memory, in whichever way it is said, into a FairKDError."""
    try:
        yield
    except (MemoryError, RuntimeError, OSError) as error:
        if not is_lack_of_memory(error):
            raise
        raise FairKDError(
            "The run does not fit into this machine's memory: choose a smaller student, or make "
            "optimizer.micro_batch_tokens smaller (and optimizer.gradient_accumulation larger by as much)."
        ) from error
