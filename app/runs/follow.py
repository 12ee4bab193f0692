"""What the Runs page draws from, read once for all visitors: events by byte offset, and frames made of them.

A live page asks every two seconds. It reads what was appended since, and nothing is computed again where
nothing was.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import pandas as pd
import streamlit as st

from fairkd.runs import Event, Run, event_tables, events

MOST_RUNS = 24  # whose events are kept in memory
MOST_POINTS = 400  # drawn for each line
LOG_BYTES = 24_000


@dataclass(frozen=True, eq=False)
class RunData:
    """What is known of one run up to byte `offset` of its events, without what a resume superseded.

    `training` and `evaluations` hold one row an event; `training` is thinned for drawing. `watched_sentences`
    are the student's watched_sentence events, in the order of their steps; `teacher_watched_sentences` the
    teacher's, by text. `teacher` holds its measures.
    """

    offset: int
    training: pd.DataFrame
    evaluations: pd.DataFrame
    watched_sentences: tuple[Event, ...]
    teacher_watched_sentences: Mapping[str, Event]
    teacher: Mapping[str, Any]
    messages: tuple[Event, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """The watched_sentence sentences, in their first order."""
        return tuple(dict.fromkeys(event["text"] for event in self.watched_sentences))

    @property
    def speed(self) -> float | None:
        """Tokens a second at the last report; None before there is one."""
        if "tokens_per_second" not in self.training:
            return None
        known = self.training["tokens_per_second"].dropna()
        return None if known.empty else float(known.iloc[-1])


@dataclass
class _Tail:
    """One run's events as far as they have been read."""

    offset: int = 0
    events: list[Event] = field(default_factory=list)
    made: RunData | None = None
    lock: Lock = field(default_factory=Lock)


class Tails:
    """The tails of the runs that were looked at last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Path, _Tail] = OrderedDict()
        self._lock = Lock()

    def follow(self, folder: Path) -> RunData:
        """Everything up to now about the run in `folder`."""
        with self._lock:
            tail = self._kept.setdefault(folder, _Tail())
            self._kept.move_to_end(folder)
            while len(self._kept) > MOST_RUNS:
                self._kept.popitem(last=False)
        with tail.lock:
            if _size(events.path_of(folder)) < tail.offset:  # another file than the one read before
                tail.offset, tail.events, tail.made = 0, [], None
            new, tail.offset = events.read(folder, after=tail.offset)
            if new or tail.made is None:
                tail.events = events.history([*tail.events, *new])
                tail.made = run_data(tail.events, tail.offset)
            return tail.made


@st.cache_resource(show_spinner=False)
def _tails() -> Tails:
    return Tails()


def follow(run: Run) -> RunData:
    """Everything up to now about `run`; cheap where nothing has happened."""
    return _tails().follow(run.folder)


def run_data(history: list[Event], offset: int) -> RunData:
    """The frames and events of a history that holds nothing superseded."""
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
        tuple(by_type.get("message", [])),
    )


def thinned(frame: pd.DataFrame, most: int = MOST_POINTS) -> pd.DataFrame:
    """At most `most` rows: means of equally many neighbours, at the last one's step; the last row stays."""
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
    """The end of the run's log, whole lines only where it was cut."""
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
    """The rows by step, with minutes beside seconds."""
    frame["minutes"] = frame["seconds"] / 60
    return frame.sort_values("step", kind="stable", ignore_index=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
