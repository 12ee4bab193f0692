"""How far a run has come, and how long it has trained for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from fairkd.distill.config import Precision
from fairkd.distill.data import Place
from fairkd.distill.evaluation import Measures
from fairkd.measures import with_current_keys


@dataclass
class RunState:
    """What changes from step to step; a checkpoint stores all of it."""

    steps: int = 0
    tokens: int = 0
    seconds: float = 0.0
    place: Place = Place()
    evaluated_step: int = -1
    evaluated_seconds: float = 0.0
    saved_step: int = -1
    saved_seconds: float = 0.0
    quality_at_start: float | None = None  # the student's pseudo-perplexity
    teacher: Measures | None = None
    held_out: Measures | None = None
    # Digests of what is learnt from, and of all weights that are not trained; None before they were kept.
    text: str | None = None
    models: str | None = None
    # The number format that the run began in: where it is measured, it might come out otherwise next time.
    precision: Precision | None = None

    def state(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> RunState:
        """The inverse of `state`; states of earlier versions are read, too."""
        measured = {
            name: with_current_keys(state[name]) for name in ("teacher", "held_out") if state.get(name)
        }
        return cls(**{**state, **measured, "place": Place(**state["place"])})


class Clock:
    """Seconds of training, `spent` of them before; it stands still until it is told to go on."""

    def __init__(self, spent: float) -> None:
        self._before, self._spent = spent, spent
        self._begin: float | None = None
        self._since: float | None = None

    @property
    def seconds(self) -> float:
        return self._spent + (0.0 if self._since is None else time.monotonic() - self._since)

    def go_on(self) -> None:
        self._since = time.monotonic()
        if self._begin is None:
            self._begin = self._since

    def pause(self) -> None:
        self._spent, self._since = self.seconds, None

    def stretch(self) -> float:
        """How many times longer this session has lasted than it has trained."""
        trained = self.seconds - self._before
        if self._begin is None or trained <= 0:
            return 1.0
        return (time.monotonic() - self._begin) / trained
