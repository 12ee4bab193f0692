"""Memory: a check whether a student fits before it is made, and the error of a run that did not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from fairkd.errors import FairKDError, InputError
from fairkd.utils import free_memory, is_lack_of_memory

# Bytes of main memory for each parameter.
TRAINING_BYTES = 16  # fp32 weight, gradient, and AdamW's two moments
WEIGHT_BYTES = 4  # where an accelerator holds the rest


def check_fits(make: Callable[[], nn.Module]) -> None:
    """Raise InputError if the model that `make` builds needs more memory than is free.

    The model is built without memory here. Activations are not counted, so a student that passes may still be
    too large.
    """
    with torch.device("meta"):
        parameters = sum(parameter.numel() for parameter in make().parameters())
    needed = parameters * (WEIGHT_BYTES if torch.accelerator.is_available() else TRAINING_BYTES)
    free = free_memory()
    if needed > free:
        raise InputError(
            f"A student of {parameters:,} parameters needs {needed / 1e9:,.1f} GB of memory to train, but "
            f"only {free / 1e9:,.1f} GB are free: choose a smaller student."
        )


@contextmanager
def explain_lack_of_memory() -> Iterator[None]:
    """Turn any error that means a lack of memory into a FairKDError with advice."""
    try:
        yield
    except (MemoryError, RuntimeError, OSError) as error:
        if not is_lack_of_memory(error):
            raise
        raise FairKDError(
            "The run does not fit into this machine's memory: choose a smaller student, or lower "
            "optimizer.micro_batch_tokens and raise optimizer.gradient_accumulation by the same factor."
        ) from error
