"""Runs in words: states, durations, times, and a summary of the configuration. Pure functions."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Literal

from fairkd.constraints import KINDS
from fairkd.runs import ACTIVE, Run, State

Colour = Literal["gray", "green", "red", "yellow", "violet"]

# Not the colours of teacher and student. Icon and word say the same without colour.
STATES: dict[State, tuple[Colour, str]] = {
    "queued": ("gray", ":material/hourglass_empty:"),
    "running": ("violet", ":material/model_training:"),
    "cancelling": ("yellow", ":material/stop_circle:"),
    "cancelled": ("gray", ":material/cancel:"),
    "failed": ("red", ":material/error:"),
    "finished": ("green", ":material/check_circle:"),
    "interrupted": ("yellow", ":material/power_off:"),
}
UNFINISHED: tuple[State, ...] = ("queued", *ACTIVE)


def duration(seconds: float | None) -> str:
    """`8 s`, `4 min`, `1 h 20 min`; "–" if it is unknown.

    >>> duration(8.2), duration(65), duration(4800), duration(None)
    ('8 s', '1 min 05 s', '1 h 20 min', '–')
    """
    if seconds is None or seconds < 0:
        return "–"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def ago(moment: float, now: float | None = None) -> str:
    """`just now`, `12 min ago`, `3 h ago`; the date after a day and a half."""
    passed = (time.time() if now is None else now) - moment
    if passed < 45:
        return "just now"
    if passed < 5400:
        return f"{round(passed / 60)} min ago"
    if passed < 36 * 3600:
        return f"{round(passed / 3600)} h ago"
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


def budget(config: Mapping[str, Any]) -> str:
    """`5 minutes` or `2,000 steps`."""
    section = config.get("budget") or {}
    if section.get("steps"):
        return f"{int(section['steps']):,} step{'s' if section['steps'] != 1 else ''}"
    minutes = float(section.get("minutes") or 0)
    return f"{minutes:g} minute{'s' if minutes != 1 else ''}"


def run_summary(config: Mapping[str, Any]) -> str:
    """The configuration in a few words: `balanced groups (pronouns) · 5 minutes · seed 0`."""
    section, objective = config.get("constraint") or {}, config.get("objective") or {}
    parts = []
    if not objective.get("kd", 1) and not objective.get("hidden", 1):
        parts.append("no teacher")
    if (kind := section.get("kind", "none")) != "none":
        words = "custom words" if section.get("words") else section.get("contrast", "pronouns")
        parts.append(f"{KINDS[kind].label if kind in KINDS else kind} ({words})")
    if (config.get("corpus") or {}).get("cda"):
        parts.append("counterfactual data augmentation")
    return f"{', '.join(parts) or KINDS['none'].label} · {budget(config)} · seed {config.get('seed', 0)}"


def status(run: Run, tokens_per_second: float | None = None) -> str:
    """The progress of a run: `step 1,240 · 62 % · about 2 min left`."""
    if run.state == "queued":
        return "in the queue"
    if run.state == "running" and not run.step:
        return "preparing"
    parts = [f"step {run.step:,}", f"{100 * run.progress:.0f} %"]
    if run.state in ("running", "cancelling"):
        if run.seconds_left is not None:
            parts.append(f"about {duration(run.seconds_left)} left")
        if tokens_per_second:
            parts.append(f"{tokens_per_second:,.0f} tokens/s")
    elif run.started and run.ended and not run.restarted and run.state != "interrupted":
        # For a resumed run these are the times of the last attempt. For an interrupted run the end is
        # unknown: `ended` is when it was found dead.
        parts.append(f"took {duration(run.ended - run.started)}")
    return " · ".join(parts)


def has_trained(run: Run) -> bool:
    """Whether the run has trained a step, so that it can be compared; reads no events."""
    return run.step > 0


def unique_names(runs: list[Run]) -> dict[str, str]:
    """A name for each run, by id. Runs with the same name get their id in brackets."""
    names = [run.name for run in runs]
    return {run.id: run.name if names.count(run.name) == 1 else f"{run.name} ({run.id})" for run in runs}
