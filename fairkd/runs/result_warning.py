"""Why the result of a finished run says little: too few steps, or too little of the processor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MIN_STEPS = 50  # fewer teach a student hardly anything
# A run on the processor that got less than half of this many cores was starved. Not of all its threads: a
# small model does not keep many of them busy.
EXPECTED_CORES = 2
STARVED = 0.5


def few_steps(steps: int) -> str | None:
    """The sentences for fewer than `MIN_STEPS` steps.

    >>> print(few_steps(12))
    12 steps are too few to learn from: at least 50 are needed. A small gap after so few steps is no result.
    """
    if steps >= MIN_STEPS:
        return None
    number = "1 step is" if steps == 1 else f"{steps} steps are"
    return (
        f"{number} too few to learn from: at least {MIN_STEPS} are needed. A small gap after so few steps is "
        "no result."
    )


def starved(start: Mapping[str, Any], end: Mapping[str, Any]) -> str | None:
    """The sentence for a budget in minutes in which other programs held the processor; else None.

    Parameters
    ----------
    start, end : the run's last events of these types. Earlier versions did not count `cores`.
    """
    cores, threads, minutes = end.get("cores"), start.get("threads"), start.get("minutes")
    if cores is None or not threads or not minutes or start.get("device") != "cpu":
        return None
    if cores >= STARVED * min(threads, EXPECTED_CORES):
        return None
    return (
        f"Other programs held the processor: training got {cores:.1f} of {threads} cores, so {minutes:g} "
        f"minutes held only {end.get('step', 0):,} steps. Start it again when the machine is free."
    )


def result_warning(events: Sequence[Mapping[str, Any]]) -> str | None:
    """The sentences for a run with these events; None if it has not finished, stopped early, or is sound."""
    ends = [event for event in events if event["type"] == "end"]
    starts = [event for event in events if event["type"] == "start"]
    if not ends or ends[-1].get("state") != "finished" or ends[-1].get("sentence"):
        return None
    found = [few_steps(int(ends[-1].get("step") or 0)), starved(starts[-1], ends[-1]) if starts else None]
    return " ".join(filter(None, found)) or None
