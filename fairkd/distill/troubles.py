"""Errors of the machine as one sentence for a person. Needs no torch."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from fairkd.errors import FairKDError

_NO_MEMORY = ("not enough memory", "out of memory", "can't allocate memory", "cannot allocate memory")


def is_lack_of_memory(error: BaseException) -> bool:
    """Whether an error says, in one of the many ways, that there was too little memory.

    torch's are RuntimeErrors that differ in their words; mapping memory fails with an errno.
    """
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    return any(words in str(error).lower() for words in _NO_MEMORY)


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
