"""Runs in words, for page and command line: durations, the phase at work, the expected start."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

from fairkd.distill import PHASES, PREPARATION
from fairkd.runs.run_record import Run

LONGEST_WAIT = 366 * 24 * 3600.0  # seconds, after which no moment is named


def duration(seconds: float | None) -> str:
    """`8 s`, `4 min 05 s`, `1 h 20 min`; "–" if it is unknown.

    >>> duration(8.2), duration(65), duration(4800), duration(None)
    ('8 s', '1 min 05 s', '1 h 20 min', '–')
    """
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return "–"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def phase_text(run: Run, usual: Mapping[str, float], now: float) -> str:
    """What an active run does, for how long, and how long that took before.

    `Measuring the teacher (preparation 2 of 3) · 12 s so far, usually 1 min 05 s`. Training and measurements
    have no duration here: the time left says more.

    Parameters
    ----------
    usual : how long phases took in other runs, as from `usual_phase_seconds`.
    now : Unix seconds.
    """
    if run.phase is None:
        return "Starting its process"
    label = PHASES.get(run.phase, run.phase)
    if run.phase in PREPARATION and not run.step:
        label += f" (preparation {PREPARATION.index(run.phase) + 1} of {len(PREPARATION)})"
    if run.phase == "training" or run.phase_since is None or run.kind == "measure":
        return label
    parts = [f"{duration(max(0.0, now - run.phase_since))} so far"]
    own = run.phase_seconds.get(run.phase)
    if own is not None:
        parts.append(
            f"{duration(own)} {'in an earlier attempt' if run.phase in PREPARATION else 'last time'}"
        )
    elif run.phase in usual:
        parts.append(f"usually {duration(usual[run.phase])}")
    return f"{label} · {', '.join(parts)}"


def start_text(moment: float | None, now: float) -> str:
    """When a queued run is expected to start, as an estimate.

    `starts about 10:45, in 12 min (estimate)`; the day is named unless it is today.
    """
    if moment is None:
        return "start not known yet: no run on this machine has shown how long a step takes"
    wait = moment - now
    if wait < 60:
        return "starts within a minute (estimate)"
    if wait > LONGEST_WAIT:
        return "starts in more than a year (estimate)"
    then, today = time.localtime(moment), time.localtime(now)
    day = "" if then[:3] == today[:3] else time.strftime("%Y-%m-%d ", then)
    return f"starts about {day}{time.strftime('%H:%M', then)}, in {_minutes(wait)} (estimate)"


def _minutes(seconds: float) -> str:
    """A wait in whole minutes: seconds would promise too much."""
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
