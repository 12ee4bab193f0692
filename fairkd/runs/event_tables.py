"""A run's events as data frames, for charts, without the events that a resume superseded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from fairkd.measures import evaluation_keys
from fairkd.runs import event_schema
from fairkd.runs.events import Event, history

_WATCHED_SENTENCES = (
    "step",
    "model",
    "text",
    "index",
    "token",
    "masked",
    "entropy",
    "rank",
    "prediction",
    "probability",
)


def training(events: Sequence[Event]) -> pd.DataFrame:
    """One row per `train` event: progress, speed, and the loss with its terms (nats)."""
    return _table(events, "train", ("step", "time", *event_schema.PROGRESS, *event_schema.LOSSES))


def evaluations(events: Sequence[Event]) -> pd.DataFrame:
    """One row per evaluation: every measure of `fairkd.measures.MEASURES`, its interval and sample size.

    NaN where an earlier version did not store an interval or a sample size.
    """
    table = _table(events, "evaluation", ("step", "time", "tokens", "seconds", *evaluation_keys()))
    return table.drop(columns="items", errors="ignore")


def last_evaluation(events: Sequence[Event]) -> dict[str, Any]:
    """The last evaluation, with its items (see `fairkd.measures.paired`); empty before the first."""
    found = [event for event in history(events) if event["type"] == "evaluation"]
    return found[-1] if found else {}


def costs(events: Sequence[Event]) -> dict[str, Any]:
    """What the finished student costs, by the keys of `fairkd.measures.COSTS`; empty before the end.

    Runs of earlier versions have none.
    """
    found = [event for event in history(events) if event["type"] == "costs"]
    return found[-1] if found else {}


def teacher(events: Sequence[Event]) -> dict[str, Any] | None:
    """The teacher's measures, or None before it has been evaluated."""
    found = [event for event in events if event["type"] == "teacher"]
    return found[-1] if found else None


def watched_sentences(events: Sequence[Event]) -> pd.DataFrame:
    """One row per predicted word of a watched sentence: its rank and probability at a position and a step.

    `model` is "student" or "teacher". The teacher does not change, so its rows have step 0.
    """
    rows = [
        {
            "step": 0 if event.get("model") == "teacher" else event["step"],
            "model": event.get("model", "student"),
            "text": event["text"],
            "index": position["index"],
            "token": position["token"],
            "masked": position["masked"],
            "entropy": position["entropy"],
            "rank": guess["rank"],
            "prediction": guess["token"],
            "probability": guess["probability"],
        }
        for event in history(events)
        if event["type"] == "watched_sentence"
        for position in event["positions"]
        for guess in position["predictions"]
    ]
    return pd.DataFrame(rows, columns=list(_WATCHED_SENTENCES)).drop_duplicates(
        ["step", "model", "text", "index", "rank"], keep="last", ignore_index=True
    )


def _table(events: Sequence[Event], kind: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """The events of one type: `columns` first, as floats, then all other keys of the events."""
    rows = [
        {name: value for name, value in event.items() if name != "type"}
        for event in history(events)
        if event["type"] == kind
    ]
    more = dict.fromkeys(name for row in rows for name in row if name not in columns)
    frame = pd.DataFrame(rows, columns=[*columns, *more])
    known = [name for name in columns if name != "step"]
    return frame.astype({**dict.fromkeys(known, "float64"), "step": "int64"})
