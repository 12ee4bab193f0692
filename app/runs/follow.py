"""The events of a run as data for the Runs page, read once for all visitors.

A live page asks every two seconds. Only events that were appended since are read, and without new events
nothing is computed again.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any

import pandas as pd
import streamlit as st

from fairkd.runs import Event, Run, event_tables, events

MOST_RUNS = 24  # with their events in memory
MOST_POINTS = 400  # in each curve
LOG_BYTES = 24_000


@dataclass(frozen=True, eq=False)
class RunData:
    """The data of one run up to byte `offset` of its events, without events that a resume has replaced.

    `training` and `evaluations` have one row per event; `training` is thinned for drawing.
    `watched_sentences` are the student's events in the order of steps, `teacher_watched_sentences` the
    teacher's by text. `teacher` holds the teacher's measures, `last` the last evaluation with its items,
    `costs` what the finished student costs.
    `damage` says which lines of the file are left out, None if it is sound.
    """

    offset: int
    training: pd.DataFrame
    evaluations: pd.DataFrame
    watched_sentences: tuple[Event, ...]
    teacher_watched_sentences: Mapping[str, Event]
    teacher: Mapping[str, Any]
    last: Mapping[str, Any]
    messages: tuple[Event, ...]
    costs: Mapping[str, Any] = field(default_factory=dict)
    damage: str | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The watched sentences, in the order of their first event."""
        return tuple(dict.fromkeys(event["text"] for event in self.watched_sentences))

    @property
    def speed(self) -> float | None:
        """Tokens per second in the last training event; None before the first."""
        if "tokens_per_second" not in self.training:
            return None
        known = self.training["tokens_per_second"].dropna()
        return None if known.empty else float(known.iloc[-1])


@dataclass
class _Tail:
    """The events of one run that have been read so far."""

    offset: int = 0
    events: list[Event] = field(default_factory=list)
    damaged: int = 0
    problem: str | None = None
    made: RunData | None = None
    lock: Lock = field(default_factory=Lock)


class Tails:
    """The events of the runs that were shown last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Path, _Tail] = OrderedDict()
        self._lock = Lock()

    def follow(self, folder: Path) -> RunData:
        """The data of the run in `folder`, up to now."""
        with self._lock:
            tail = self._kept.setdefault(folder, _Tail())
            self._kept.move_to_end(folder)
            while len(self._kept) > MOST_RUNS:
                self._kept.popitem(last=False)
        with tail.lock:
            if _size(events.path_of(folder)) < tail.offset:  # not the file that was read before
                tail.offset, tail.events, tail.made = 0, [], None
                tail.damaged, tail.problem = 0, None
            new = events.scan(folder, after=tail.offset)
            if new.events or new.problem != tail.problem or tail.made is None:
                tail.damaged += new.damaged
                tail.problem = tail.problem or new.problem
                tail.events = events.history([*tail.events, *new.events])
                damage = events.damage(tail.damaged, tail.problem)
                tail.made = replace(run_data(tail.events, new.position), damage=damage)
            tail.offset = new.position
            return tail.made


@st.cache_resource(show_spinner=False)
def _tails() -> Tails:
    return Tails()


def follow(run: Run) -> RunData:
    """The data of `run` up to now; cheap if there are no new events."""
    return _tails().follow(run.folder)


def run_data(history: list[Event], offset: int) -> RunData:
    """The data of a history from which replaced events have been removed."""
    by_type: dict[str, list[Event]] = {}
    for event in history:
        by_type.setdefault(event["type"], []).append(event)
    watched_sentences = by_type.get("watched_sentence", [])
    students = [event for event in watched_sentences if event.get("model") != "teacher"]
    return RunData(
        offset,
        thinned(_timed(event_tables.training(history))),
        _timed(event_tables.evaluations(history)),
        tuple(sorted(students, key=lambda event: event["step"])),
        {event["text"]: event for event in watched_sentences if event.get("model") == "teacher"},
        (by_type.get("teacher") or [{}])[-1],
        event_tables.last_evaluation(history),
        tuple(by_type.get("message", [])),
        event_tables.costs(history),
    )


def thinned(frame: pd.DataFrame, most: int = MOST_POINTS) -> pd.DataFrame:
    """At most `most` rows: means over groups of neighbours, at the last step of each. The last row stays."""
    if len(frame) <= most:
        return frame
    size = math.ceil(len(frame) / (most - 1))
    body = frame.iloc[:-1]
    bucket = pd.RangeIndex(len(body)) // size
    grouped = body.groupby(bucket)
    means = grouped.mean(numeric_only=True)
    for column in ("step", "tokens", "minutes"):
        if column in means:
            means[column] = grouped[column].last()
    return pd.concat([means, frame.iloc[[-1]][means.columns]], ignore_index=True)


def log_tail(run: Run, most: int = LOG_BYTES) -> str:
    """The end of the run's log, from the beginning of a line."""
    path = run.folder / "log.txt"
    try:
        with path.open("rb") as handle:
            start = max(0, _size(path) - most)
            handle.seek(start)
            text = handle.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return text.partition("\n")[2] if start else text


def _timed(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows in the order of steps, with a column of minutes."""
    frame["minutes"] = frame["seconds"] / 60
    return frame.sort_values("step", kind="stable", ignore_index=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
