"""The state of a run that checkpoints store, and the clock of its training time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from fairkd.distill.config import Precision
from fairkd.distill.data import DataPosition
from fairkd.distill.evaluation import Measures
from fairkd.measures import with_current_keys

# Fields that earlier versions named differently.
_RENAMED = {"place": "position", "text": "text_digest", "models": "frozen_digest"}


@dataclass
class RunState:
    """What changes from step to step; a checkpoint stores all of it."""

    steps: int = 0
    tokens: int = 0
    seconds: float = 0.0  # of training
    position: DataPosition = DataPosition()
    evaluated_step: int = -1
    evaluated_seconds: float = 0.0
    saved_step: int = -1
    saved_seconds: float = 0.0
    quality_at_start: float | None = None  # the student's pseudo-perplexity
    lowest_quality: float | None = None  # in any evaluation so far
    evaluations_without_gain: int = 0  # since the lowest one
    teacher: Measures | None = None
    held_out: Measures | None = None
    # Digests of the text and of all weights that are not trained; None in early checkpoints.
    text_digest: str | None = None
    frozen_digest: str | None = None
    # The number format that the run began in. It is kept: measured again, another one might be faster.
    precision: Precision | None = None

    def to_dict(self) -> dict[str, Any]:
        """The state as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> RunState:
        """The inverse of `to_dict`. It also reads the states of earlier versions."""
        values = {_RENAMED.get(name, name): value for name, value in state.items()}
        for name in ("teacher", "held_out"):
            if values.get(name):
                values[name] = with_current_keys(values[name])
        return cls(**{**values, "position": DataPosition(**values["position"])})


class Clock:
    """Seconds of training, from `spent` in earlier sessions on. The clock runs between start and pause."""

    def __init__(self, spent: float) -> None:
        self._before, self._spent = spent, spent
        self._first_start: float | None = None
        self._since: float | None = None
        self._processor_seconds = 0.0  # of all threads, in this session
        self._processor_since = 0.0

    @property
    def seconds(self) -> float:
        return self._spent + (0.0 if self._since is None else time.monotonic() - self._since)

    def start(self) -> None:
        self._since = time.monotonic()
        self._processor_since = time.process_time()
        if self._first_start is None:
            self._first_start = self._since

    def pause(self) -> None:
        if self._since is not None:
            self._processor_seconds += time.process_time() - self._processor_since
        self._spent, self._since = self.seconds, None

    def cores(self) -> float | None:
        """How many processor cores this session's training has used on average; None before it has trained.

        Ask while the clock is paused.
        """
        trained = self.seconds - self._before
        return self._processor_seconds / trained if trained > 0 else None

    def overhead(self) -> float:
        """The duration of this session divided by its training time, at least 1."""
        trained = self.seconds - self._before
        if self._first_start is None or trained <= 0:
            return 1.0
        return (time.monotonic() - self._first_start) / trained
