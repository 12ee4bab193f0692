"""Errors of the machine as one sentence for a person. Needs no torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fairkd.errors import FairKDError
from fairkd.utils.hardware import is_lack_of_memory


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
            "optimizer.micro_batch_tokens smaller (and optimizer.accumulate larger by as much)."
        ) from error
