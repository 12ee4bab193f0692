"""Whether a new student can be trained in this machine's memory, asked before any of it is made."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from fairkd.errors import InputError
from fairkd.utils.hardware import free_memory

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
