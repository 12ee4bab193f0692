"""When queued runs are expected to start, from the time that earlier runs took on this machine."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from statistics import median

from fairkd.runs.launchers import LOCAL
from fairkd.runs.run_config import KINDS, Kind
from fairkd.runs.run_record import ACTIVE, Run

RECENT = 5  # runs that an expectation rests on, at most
# Seconds for loading, measuring and saving, until a finished run has shown how long they take.
USUAL_OVERHEAD = 90.0
SECONDS_TO_CANCEL = 10.0
# Seconds for one benchmark on one model, until a finished measurement has shown how long that takes.
USUAL_BENCHMARK, USUAL_QUICK_BENCHMARK = 30.0, 3.0


def expected_starts(found: Sequence[Run], slots: int, now: float) -> dict[str, float | None]:
    """When each queued run starts (Unix seconds), by id; None where nothing is known of a run before it.

    A distillation takes its budget and what recent finished ones took beyond theirs, or, with a budget in
    steps, as long per step as they did. A measurement takes as long per benchmark and model as recent ones of
    its mode, quick or full. The running ones take the time that they report as left. Runs that are sent away
    have no expected start.

    Parameters
    ----------
    found : all runs, in any order.
    slots : how many work at the same time.
    """
    found = [run for run in found if run.launcher == LOCAL]  # a cluster has a queue of its own
    recent = {kind: _recent_finished(found, kind) for kind in KINDS}
    free = [now] * slots
    unknown = float("inf")
    active = [run for run in found if run.state in ACTIVE]
    for number, run in enumerate(active[:slots]):
        left = _seconds_left(run, recent[run.kind], now)
        free[number] = unknown if left is None else now + left
    heapq.heapify(free)
    expected: dict[str, float | None] = {}
    for run in sorted((run for run in found if run.state == "queued"), key=lambda run: run.place):
        start = heapq.heappop(free)
        expected[run.id] = None if start == unknown else start
        seconds = run_seconds(run, recent[run.kind])
        heapq.heappush(free, unknown if seconds is None else start + seconds)
    return expected


def run_seconds(run: Run, recent: Sequence[Run]) -> float | None:
    """How long a queued run will take, from `recent` finished ones of its kind; None if these do not say."""
    budget, part = run.config.get("budget") or {}, 1.0 - run.progress
    if run.kind == "measure":
        return _seconds_per_benchmark(run, recent) * _benchmarks(run) * part
    if budget.get("steps"):
        rates = [(one.ended or 0) - (one.started or 0) for one in recent if one.step]
        steps = [one.step for one in recent if one.step]
        if not rates:
            return None
        per_step = median(seconds / count for seconds, count in zip(rates, steps, strict=True))
        return per_step * float(budget["steps"]) * part
    minutes = float(budget.get("minutes") or 0.0)
    beyond = [_beyond(one) for one in recent if _minutes(one)]
    return 60 * minutes * part + (median(beyond) if beyond else USUAL_OVERHEAD)


def usual_phase_seconds(found: Sequence[Run]) -> Mapping[str, float]:
    """How long each phase usually takes: the median over the last `RECENT` runs that were in it."""
    known: dict[str, list[float]] = {}
    for run in sorted(found, key=lambda run: -run.created):
        for phase, seconds in run.phase_seconds.items():
            if len(known.setdefault(phase, [])) < RECENT:
                known[phase].append(seconds)
    return {phase: median(seconds) for phase, seconds in known.items()}


def _recent_finished(found: Sequence[Run], kind: Kind) -> list[Run]:
    """The finished runs of a kind whose whole duration is known, the newest first."""
    whole = [
        run
        for run in found
        if run.kind == kind and run.state == "finished" and not run.restarted
        if run.step or kind == "measure"
        if run.started and run.ended and run.ended > run.started  # the clock may have been set back
    ]
    return sorted(whole, key=lambda run: -(run.ended or 0))[:RECENT]


def _seconds_left(run: Run, recent: Sequence[Run], now: float) -> float | None:
    """How long an active run still takes."""
    if run.state == "cancelling":
        return SECONDS_TO_CANCEL
    if run.seconds_left is not None:
        return max(0.0, run.seconds_left)
    whole = run_seconds(run, recent)
    return None if whole is None else max(0.0, whole - max(0.0, now - (run.started or now)))


def _seconds_per_benchmark(run: Run, recent: Sequence[Run]) -> float:
    """How long one benchmark takes on one model, in the mode of `run`."""
    quick = bool(run.config.get("quick"))
    known = [one for one in recent if bool(one.config.get("quick")) == quick]
    took = [((one.ended or 0.0) - (one.started or 0.0)) / _benchmarks(one) for one in known]
    return median(took) if took else USUAL_QUICK_BENCHMARK if quick else USUAL_BENCHMARK


def _benchmarks(run: Run) -> int:
    """How often a measurement measures a model by a benchmark."""
    return max(1, len(run.config.get("benchmarks") or ()) * len(run.config.get("models") or ()))


def _minutes(run: Run) -> float:
    return float((run.config.get("budget") or {}).get("minutes") or 0.0)


def _beyond(run: Run) -> float:
    """The seconds that a run took beyond its budget in minutes; stopping early may make it 0."""
    return max(0.0, (run.ended or 0.0) - (run.started or 0.0) - 60 * _minutes(run))
