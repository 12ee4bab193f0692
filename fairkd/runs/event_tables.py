"""A run's events as tables, for charts: what a resume superseded is left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from fairkd.measures import FIDELITY, GAPS, QUALITY
from fairkd.runs.events import Event, history

_TRAINING = ("step", "time", "epoch", "tokens", "seconds", "progress", "seconds_left", "learning_rate")
_LOSSES = ("tokens_per_second", "loss", "kd", "mlm", "hidden", "group")
_PROBES = (
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
    """One row a `train` event: where the run was, how fast, and the loss with its parts (nats)."""
    return _table(events, "train", (*_TRAINING, *_LOSSES))


def evaluations(events: Sequence[Event]) -> pd.DataFrame:
    """One row an evaluation: fidelity, pseudo-perplexity and gaps with their intervals (nats)."""
    return _table(events, "evaluation", ("step", "time", "tokens", "seconds", *FIDELITY, *QUALITY, *GAPS))


def teacher(events: Sequence[Event]) -> dict[str, Any] | None:
    """The same measures of the teacher, or None while it has not been measured."""
    found = [event for event in events if event["type"] == "teacher"]
    return found[-1] if found else None


def watched_sentences(events: Sequence[Event]) -> pd.DataFrame:
    """One row a predicted word: step, model ("student" or "teacher"), sentence, position, rank, probability.

    The teacher's rows have step 0: it does not change.
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
    return pd.DataFrame(rows, columns=list(_PROBES)).drop_duplicates(
        ["step", "model", "text", "index", "rank"], keep="last", ignore_index=True
    )


def _table(events: Sequence[Event], kind: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """The known columns first, then whatever else the events hold; numbers where they are numbers."""
    rows = [
        {name: value for name, value in event.items() if name != "type"}
        for event in history(events)
        if event["type"] == kind
    ]
    more = dict.fromkeys(name for row in rows for name in row if name not in columns)
    frame = pd.DataFrame(rows, columns=[*columns, *more])
    known = [name for name in columns if name != "step"]
    return frame.astype({**dict.fromkeys(known, "float64"), "step": "int64"})
