"""Runs in words: states, durations, times, and a summary of the configuration. Pure functions."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Literal

from fairkd.constraints import KINDS
from fairkd.runs import ACTIVE, Run, State, duration as duration, phase_text, start_text

Colour = Literal["gray", "green", "red", "yellow", "violet", "primary"]

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
AWAY = ":material/cloud:"  # a run that was sent to a cluster
# A finished run whose result says little.
DOUBTFUL: tuple[Colour, str] = ("yellow", ":material/warning:")


def state_badge(run: Run) -> tuple[str, Colour, str]:
    """Word, colour and icon of a run's state."""
    colour, icon = DOUBTFUL if run.state == "finished" and run.warning else STATES[run.state]
    return run.state, colour, icon


def place_badge(run: Run) -> str | None:
    """Where a run works, or has worked; None for this machine."""
    return {"local": None, "ray": "on Ray"}.get(run.launcher, "on a cluster")


def ago(moment: float, now: float | None = None) -> str:
    """`just now`, `12 min ago`, `3 h ago`; the date after a day and a half, or where it is still to come.

    The clock may have been set back since.
    """
    passed = (time.time() if now is None else now) - moment
    if -45 < passed < 45:
        return "just now"
    if 0 <= passed < 5400:
        return f"{round(passed / 60)} min ago"
    if 0 <= passed < 36 * 3600:
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
    if not any(objective.get(name, usual) for name, usual in (("kd", 1), ("hidden", 1), ("relations", 0))):
        parts.append("no teacher")
    if (kind := section.get("kind", "none")) != "none":
        words = "custom words" if section.get("words") else section.get("contrast", "pronouns")
        words = "pairs of tokens" if section.get("token_pairs") else words
        parts.append(f"{KINDS[kind].label if kind in KINDS else kind} ({words})")
    if (config.get("corpus") or {}).get("cda"):
        parts.append("counterfactual data augmentation")
    return f"{', '.join(parts) or KINDS['none'].label} · {budget(config)} · seed {config.get('seed', 0)}"


def status(
    run: Run,
    *,
    start: float | None = None,
    usual: Mapping[str, float] | None = None,
    tokens_per_second: float | None = None,
    now: float | None = None,
) -> str:
    """What a run does, or how far it came: `Training · step 1,240 · 62 % · about 2 min left`.

    A measurement has no steps: `Measuring CrowS-Pairs of teacher · 62 % · about 2 min left`.

    Parameters
    ----------
    start : when a queued run is expected to start, as from `fairkd.runs.expected_starts`.
    usual : how long phases take in other runs, as from `fairkd.runs.usual_phase_seconds`.
    """
    now = time.time() if now is None else now
    if run.state == "queued":
        return run.sentence or start_text(start, now)
    parts = [phase_text(run, usual or {}, now)] if run.active else []
    if run.step:
        parts.append(f"step {run.step:,}")
    begun = bool(run.step) or (run.kind == "measure" and run.progress > 0)
    if begun and run.state != "finished":
        measured = " measured" if run.kind == "measure" and not run.active else ""
        parts.append(f"{100 * run.progress:.0f} %{measured}")
    if run.active and begun:
        if run.seconds_left is not None:
            parts.append(f"about {duration(run.seconds_left)} left")
        if tokens_per_second:
            parts.append(f"{tokens_per_second:,.0f} tokens/s")
    elif run.started and run.ended and not run.restarted and run.state != "interrupted":
        # For a resumed run these are the times of the last attempt. For an interrupted run the end is
        # unknown: `ended` is when it was found dead. A clock that was set back hides the duration.
        parts += [f"took {duration(run.ended - run.started)}"] if run.ended >= run.started else []
    return " · ".join(parts)


def has_trained(run: Run) -> bool:
    """Whether the run has trained a step, so that it can be compared; reads no events."""
    return run.kind == "distill" and run.step > 0


def unique_names(runs: list[Run]) -> dict[str, str]:
    """A name for each run, by id. Runs with the same name get their id in brackets."""
    names = [run.name for run in runs]
    return {run.id: run.name if names.count(run.name) == 1 else f"{run.name} ({run.id})" for run in runs}
