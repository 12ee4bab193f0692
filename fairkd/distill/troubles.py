"""Errors of the machine as one sentence for a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from fairkd.errors import FairKDError

_NO_MEMORY = ("not enough memory", "can't allocate memory", "out of memory")


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """Turns a lack of memory, in whichever way it is said, into a FairKDError."""
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise _no_memory() from error
    except RuntimeError as error:
        if any(words in str(error).lower() for words in _NO_MEMORY):
            raise _no_memory() from error
        raise


def _no_memory() -> FairKDError:
    return FairKDError(
        "The run does not fit into this machine's memory: choose a smaller student, or make "
        "optimizer.micro_batch_tokens smaller (and optimizer.accumulate larger by as much)."
    )
