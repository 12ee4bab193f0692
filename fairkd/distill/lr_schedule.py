"""The learning rate over a run, as a factor of its peak."""

from __future__ import annotations

import math

from fairkd.distill.config import ScheduleKind


def schedule(progress: float, warmup: float, kind: ScheduleKind = "linear") -> float:
    """The factor at `progress`, the spent fraction of the budget in [0, 1].

    It rises linearly over the first `warmup` of the budget. Over the rest it decays to zero, along a line or
    half a cosine wave, or stays at 1.
    """
    up = min(1.0, (progress + 1e-3) / warmup) if warmup else 1.0
    rest = min(1.0, (1 - progress) / (1 - warmup))
    if kind == "constant":
        return up
    return up * (rest if kind == "linear" else (1 - math.cos(math.pi * rest)) / 2)
