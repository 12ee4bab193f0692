"""What happens in a run, as it happens: one JSON object a line in events.jsonl, one writer, any readers.

Every event has `type`, `time` (unix seconds) and `step`. Readers take whole lines only; what the writer was
in the middle of, it finishes later, or its successor repairs.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from fairkd.measures import MEASURES, with_current_keys
from fairkd.runs.store import Run
from fairkd.utils import plain

Event = dict[str, Any]
FILE = "events.jsonl"
_HEADLINE = ("kl", "gap_absolute", "pseudo_perplexity_sampled")  # the measures in an evaluation's line
_RENAMED_TYPES = {"probe": "watched_sentence"}  # of earlier versions
# What a resume from an earlier step makes untrue.
_SUPERSEDED = ("train", "evaluation", "watched_sentence", "checkpoint")


def path_of(run: Run | str | Path) -> Path:
    return (run.folder if isinstance(run, Run) else Path(run)) / FILE


def read(run: Run | str | Path, *, after: int = 0) -> tuple[list[Event], int]:
    """The events from byte `after` on, and the byte to go on from.

    An unfinished last line is left for later; a whole line that is not an event is passed over.

        events, position = read(run)
        more, position = read(run, after=position)
    """
    try:
        with path_of(run).open("rb") as handle:
            handle.seek(after)
            content = handle.read()
    except FileNotFoundError:
        return [], after
    whole = content.rfind(b"\n") + 1
    parsed = (_parse(line) for line in content[:whole].splitlines())
    return [event for event in parsed if event is not None], after + whole


def _parse(line: bytes) -> Event | None:
    try:
        event = json.loads(line)
    except ValueError:  # not UTF-8 is one, too
        return None
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        return None
    event["type"] = _RENAMED_TYPES.get(event["type"], event["type"])
    return with_current_keys(event)


def history(events: Iterable[Event]) -> list[Event]:
    """The events without those that a resume superseded.

    A `start` with `resumed_from` S makes void what was trained, evaluated and stored after step S before it;
    one that starts anew makes void all of that.
    """
    kept: list[Event] = []
    for event in events:
        if event["type"] == "start":
            last = event.get("resumed_from")
            last = -1 if last is None else last
            kept = [old for old in kept if old["type"] not in _SUPERSEDED or (old.get("step") or 0) <= last]
        kept.append(event)
    return kept


def as_line(event: Event) -> str | None:
    """An event in a line for a terminal or a log; None for those that only charts want."""
    step = event.get("step", 0)
    if event["type"] == "message":
        return str(event.get("text", ""))
    if event["type"] == "start":
        resumed = event.get("resumed_from")
        return "started" if resumed is None else f"resumed from step {resumed}"
    if event["type"] == "train":
        speed = _number(event, "tokens_per_second", ".0f")
        return f"step {step}: loss {_number(event, 'loss')}, {speed} tokens/s"
    if event["type"] == "evaluation":
        measures = [MEASURES[key] for key in _HEADLINE]
        return f"step {step}: " + "; ".join(
            f"{one.label} {one.format(event.get(one.key))}" for one in measures
        )
    if event["type"] == "end":
        return f"{event.get('state')} after step {step}. {event.get('sentence') or ''}".rstrip()
    return None


def log(event: Event, stream: TextIO) -> None:
    """Write an event's line into a log. A full disk shows where it matters."""
    if line := as_line(event):
        with suppress(OSError):
            print(time.strftime("%H:%M:%S", time.localtime(event.get("time"))), line, file=stream, flush=True)


def _number(event: Event, name: str, form: str = ".3f") -> str:
    value = event.get(name)
    return format(value, form) if isinstance(value, int | float) else "-"


class Writer:
    """Appends events to a run's file; repairs the line that a killed writer left behind.

    A line goes to the system in one piece and is taken back if the disk is full, so that a file never ends
    in the middle of a line for another reason than the writer's sudden death.
    """

    def __init__(self, folder: Path) -> None:
        self._file = path_of(folder).open("a+b", buffering=0)
        self._repair()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, event: Mapping[str, Any]) -> Event:
        """Append an event, `time` and `step` added where missing; returns it as written.

        OSError when the disk is full; the file then is as it was before.
        """
        whole: Event = {"type": event["type"], "time": time.time(), "step": 0, **plain(event)}
        self._append(json.dumps(whole, allow_nan=False).encode() + b"\n")
        return whole

    def _append(self, line: bytes) -> None:
        size = self._file.seek(0, os.SEEK_END)
        try:
            written = self._file.write(line)
            while written < len(line):
                written += self._file.write(line[written:])
        except OSError:
            self._file.truncate(size)
            raise

    def _repair(self) -> None:
        """End the last line if it lacks only its end, else take it away."""
        self._file.seek(0)
        content = self._file.read()
        size = len(content)
        end = content.rfind(b"\n") + 1
        if end == size:
            return
        if _parse(content[end:]) is not None:
            self._append(b"\n")
        else:
            self._file.truncate(end)
