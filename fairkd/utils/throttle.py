"""How often progress is told: a few times a second, however long each step takes."""

from __future__ import annotations

import time
from collections.abc import Callable

# Called with a sentence, and with the fraction done in [0, 1] or None where it is not known.
Progress = Callable[[str, float | None], None]

EVERY = 0.2  # seconds


def pace() -> Callable[[], bool]:
    """What is true when EVERY has passed since it last was, or since it was made."""
    said = time.monotonic()

    def due() -> bool:
        nonlocal said
        now = time.monotonic()
        if now - said < EVERY:
            return False
        said = now
        return True

    return due
