"""The watched sentences of runs, step by step: a table for each, and all steps for the slider."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fairkd.runs import Event
from fairkd.utils import percent

WORDS = 5  # of a position
MOST_FRAMES = 60  # of the slider

Word = tuple[str, str, float]  # the token, its probability as text, and in per cent
Cells = list[list[Word]]  # by position


@dataclass(frozen=True)
class WatchedSentence:
    """One sentence: its positions, and each model's words there at the last step; None without any."""

    text: str
    positions: tuple[str, ...]
    models: tuple[str, ...]
    cells: tuple[Cells | None, ...]


@dataclass(frozen=True)
class Replay:
    """All sentences, the steps of the slider, and the words at each: sentence -> run -> step -> cells."""

    sentences: tuple[WatchedSentence, ...]
    steps: tuple[int, ...]
    frames: list[list[list[Cells | None]]]


def replay(histories: Mapping[str, Sequence[Event]]) -> Replay | None:
    """The watched sentences of several runs by name; None without any.

    A run that has no prediction at a step shows that of the step before.
    """
    watched = {
        name: [event for event in history if event["type"] == "watched_sentence"]
        for name, history in histories.items()
    }
    students = {
        name: [event for event in events if event.get("model") != "teacher"]
        for name, events in watched.items()
    }
    steps = sorted({int(event["step"]) for events in students.values() for event in events})
    if not steps:
        return None
    every = math.ceil(len(steps) / MOST_FRAMES)
    steps = steps[::-1][::every][::-1]
    texts = dict.fromkeys(event["text"] for events in students.values() for event in events)
    teachers = _teachers(watched)
    sentences, frames = [], []
    for text in texts:
        of_text = {name: [one for one in events if one["text"] == text] for name, events in students.items()}
        first = next(one for events in of_text.values() for one in events)
        tokens = tuple(str(position["token"]) for position in first["positions"])
        found = [[_at(events, step, tokens) for step in steps] for events in of_text.values()]
        teacher = [_cells(teachers[text], tokens)] if text in teachers else []
        sentences.append(
            WatchedSentence(
                text,
                tokens,
                (*(["teacher"] if teacher else []), *(_named(name, students) for name in of_text)),
                (*teacher, *(one[-1] for one in found)),
            )
        )
        frames.append(found)
    return Replay(tuple(sentences), tuple(steps), frames)


def _named(name: str, runs: Mapping[str, object]) -> str:
    return "student" if len(runs) == 1 else name


def _teachers(watched: Mapping[str, Sequence[Event]]) -> dict[str, Event]:
    """The teacher's predictions by sentence, where all runs have the same."""
    found: dict[str, Event] = {}
    different = set()
    for events in watched.values():
        for event in events:
            if event.get("model") == "teacher":
                known = found.setdefault(event["text"], event)
                if known["positions"] != event["positions"]:
                    different.add(event["text"])
    return {text: event for text, event in found.items() if text not in different}


def _at(events: Sequence[Event], step: int, tokens: Sequence[str]) -> Cells | None:
    """The words at the last step up to `step`."""
    earlier = [event for event in events if event["step"] <= step]
    return _cells(max(earlier, key=lambda event: event["step"]), tokens) if earlier else None


def _cells(event: Event, tokens: Sequence[str]) -> Cells | None:
    """The best words at each position; None where another tokenizer has other positions."""
    positions: Sequence[Mapping[str, Any]] = event["positions"]
    if len(positions) != len(tokens):
        return None
    return [
        [
            (str(word["token"]), percent(word["probability"]), round(100 * word["probability"], 2))
            for word in position["predictions"][:WORDS]
        ]
        for position in positions
    ]
