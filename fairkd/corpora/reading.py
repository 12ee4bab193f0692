"""One reading of a source: what is left out, how much may be read, and how far it is.

A preview has to end soon, whatever the file holds: 33 kB of packed line feeds are 33 million lines.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from fairkd.corpora.corpus import LimitReached, SkipCounts
from fairkd.errors import InputError
from fairkd.utils import Progress, Throttle

CHECKED_EVERY = 1_000  # rows or lines; a file most of whose rows do not fit is refused then, or at its end


@dataclass(frozen=True, kw_only=True)
class ReadingLimits:
    """Where a reading ends, although there is more; None for no limit.

    `unpacked_bytes` and `lines` (rows of a Parquet table) count since the beginning of a file or folder,
    `seconds` since the reading began.
    """

    unpacked_bytes: int | None = None
    lines: int | None = None
    seconds: float | None = None


PREVIEW_LIMITS = ReadingLimits(unpacked_bytes=64_000_000, lines=1_000_000, seconds=4)


@dataclass
class ReadingState:
    """What the readers of one source share.

    `skipped` counts what is left out, by reason. `progress` is called a few times a second, and may raise.
    """

    skipped: SkipCounts = field(default_factory=SkipCounts)
    progress: Progress | None = None
    limits: ReadingLimits = ReadingLimits()
    began: float = field(default_factory=lambda: time.monotonic())
    throttle: Throttle = field(default_factory=Throttle)
    unpacked: int = 0
    lines: int = 0
    file: tuple[int, int] = (0, 1)  # of those of a folder: how many are done, and how many there are

    def again(self) -> ReadingState:
        """Another reading from the beginning, in the same time, with counts of its own: for a sample."""
        return replace(self, skipped=SkipCounts(), unpacked=0, lines=0)

    def start(self) -> None:
        """Start the clock again: what took time before was no reading."""
        self.began = time.monotonic()

    def add(self, *, unpacked: int = 0, lines: int = 0) -> None:
        """Count what was read. Raises LimitReached."""
        self.unpacked += unpacked
        self.lines += lines
        limits = self.limits
        if limits.unpacked_bytes is not None and self.unpacked > limits.unpacked_bytes:
            raise LimitReached(f"the first {limits.unpacked_bytes / 1e6:,g} MB")
        if limits.lines is not None and self.lines > limits.lines:
            raise LimitReached(f"the first {limits.lines:,} lines")
        if limits.seconds is not None and time.monotonic() - self.began > limits.seconds:
            raise LimitReached(f"what could be read in {limits.seconds:g} seconds")

    def due(self) -> bool:
        """Whether it is time to report progress."""
        return self.progress is not None and self.throttle.due()

    def report(self, message: str, fraction: float | None) -> None:
        """Report progress; `fraction` is the one of the current file, or None if it is unknown."""
        if self.progress is not None:
            done, files = self.file
            self.progress(message, None if fraction is None else (done + fraction) / files)


class RowTally:
    """How many rows fit and how many do not; a file most of whose rows do not is refused.

    A few odd rows are left out and counted. But where they are the most, the file is not what it seems, and
    the few that fit are not its text.

    Raises
    ------
    InputError
        From `misfit` and `end`, when more rows do not fit than fit.
    """

    def __init__(self, name: str, skipped: SkipCounts, *, expected: str, unit: str = "row") -> None:
        self._name, self._skipped, self._expected, self._unit = name, skipped, expected, unit
        self._fitting = 0
        self._misfits = SkipCounts()

    def fits(self, count: int = 1) -> None:
        self._fitting += count

    def misfit(self, reason: str) -> None:
        self._skipped[reason] += 1
        self._misfits[reason] += 1
        if (self._fitting + self._misfits.total()) % CHECKED_EVERY == 0:
            self.end()

    def end(self) -> None:
        misfits = self._misfits.total()
        if misfits > self._fitting:
            why = ", ".join(f"{count:,} {reason}" for reason, count in self._misfits.items())
            total = self._fitting + misfits
            raise InputError(
                f"{self._name} is mostly unreadable: of {total:,} {self._unit}{'s' if total > 1 else ''} "
                f"read, {why}; expected {self._expected}."
            )
