"""How often progress is reported: a few times a second, however long each step takes."""

from __future__ import annotations

import time
from collections.abc import Callable

# Called with a sentence, and with the fraction done in [0, 1] or None where it is not known.
Progress = Callable[[str, float | None], None]

EVERY = 0.2  # seconds


class Throttle:
    """Lets something through at most once in `seconds`.

    `due()` is true for the first time when `first` seconds have passed since the throttle was made (default:
    `seconds`), and then whenever `seconds` have passed since it was last true.

    >>> throttle = Throttle(60, first=0)
    >>> throttle.due(), throttle.due()
    (True, False)
    """

    def __init__(self, seconds: float | None = None, *, first: float | None = None) -> None:
        self._seconds = EVERY if seconds is None else seconds
        self._next = time.monotonic() + (self._seconds if first is None else first)

    def due(self) -> bool:
        """Whether it is time; if so, the next `seconds` begin."""
        if time.monotonic() < self._next:
            return False
        self.restart()
        return True

    def restart(self) -> None:
        """Let nothing through for the next `seconds`."""
        self._next = time.monotonic() + self._seconds
