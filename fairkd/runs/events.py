"""The events of a run in events.jsonl: one JSON object a line, one writer, any number of readers.

Every event has `type`, `time` (Unix seconds) and `step`; `event_schema` has the rest. Readers take complete
lines only. An incomplete last line is being written, or was left by a writer that died; the next writer
repairs it. A line that is no event, such as one with a step that is no number, is damaged: readers leave it
out, and `scan` counts it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from fairkd.distill import PHASES, PREPARATION
from fairkd.measures import MEASURES, Measure, cost_sentence, with_current_keys
from fairkd.runs import event_schema
from fairkd.runs.run_record import Run
from fairkd.utils import parse_json, plain

Event = dict[str, Any]
FILE = "events.jsonl"
_HEADLINE = ("kl", "gap_absolute", "pseudo_perplexity_sampled")  # the measures in an evaluation's line
_RENAMED_TYPES = {"probe": "watched_sentence"}  # of earlier versions
# Events after the step that a run was resumed from, which are void.
_SUPERSEDED = ("train", "evaluation", "watched_sentence", "checkpoint", "costs")


def path_of(run: Run | str | Path) -> Path:
    return (run.folder if isinstance(run, Run) else Path(run)) / FILE


@dataclass(frozen=True)
class Reading:
    """Events, the byte after the last of them, and how many damaged lines were left out.

    `problem` says what is wrong with the first of these, or why the file cannot be read.
    """

    events: list[Event]
    position: int
    damaged: int = 0
    problem: str | None = None

    @property
    def damage(self) -> str | None:
        """What is wrong with the file, in one sentence; None if it is sound."""
        return damage(self.damaged, self.problem)


def damage(lines: int, problem: str | None) -> str | None:
    """The sentence on a file with so many damaged lines, from the problem of the first one."""
    if problem is None:
        return None
    if not lines:
        return f"The events of this run, {FILE}, cannot be read: {problem}."
    what = "1 line is damaged and left out" if lines == 1 else f"{lines} lines are damaged and left out"
    return f"In {FILE}, {what}: {problem}."


def read(run: Run | str | Path, *, after: int = 0) -> tuple[list[Event], int]:
    """The events from byte `after` on, and the byte after the last of them.

    An incomplete last line is left for later. A complete line that is not an event is skipped.

        events, position = read(run)
        more, position = read(run, after=position)
    """
    found = scan(run, after=after)
    return found.events, found.position


def scan(run: Run | str | Path, *, after: int = 0) -> Reading:
    """What `read` returns, with the damage of the file. It raises no error."""
    try:
        with path_of(run).open("rb") as handle:
            handle.seek(after)
            content = handle.read()
    except FileNotFoundError:
        return Reading([], after)
    except (OSError, ValueError) as error:
        return Reading([], after, problem=getattr(error, "strerror", None) or str(error))
    whole = content.rfind(b"\n") + 1
    events: list[Event] = []
    problems: list[str] = []
    for line in content[:whole].split(b"\n")[:-1]:
        event, problem = _parse(line)
        if event is not None:
            events.append(event)
        elif problem is not None:
            problems.append(problem)
    return Reading(events, after + whole, len(problems), problems[0] if problems else None)


def _parse(line: bytes) -> tuple[Event | None, str | None]:
    """The event of a line, or what is wrong with it."""
    if not line.strip():
        return None, None
    try:
        event = parse_json(line)
    except ValueError:
        return None, "it is not valid JSON"
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        return None, "it is not an event"
    event["type"] = _RENAMED_TYPES.get(event["type"], event["type"])
    event = with_current_keys(event)
    problem = event_schema.problem(event)
    return (event, None) if problem is None else (None, problem)


def history(events: Iterable[Event]) -> list[Event]:
    """The events without those that a later start made void.

    A `start` with `resumed_from` S voids all earlier training, evaluation and checkpoint events after step S.
    A `start` from the beginning voids them all.
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
    """An event as a line for a terminal or a log; None if only charts need it."""
    step = event.get("step", 0)
    if event["type"] == "message":
        return str(event.get("text", ""))
    if event["type"] == "start":
        resumed = event.get("resumed_from")
        return "started" if resumed is None else f"resumed from step {resumed}"
    if event["type"] == "phase":
        phase = event.get("phase")  # the end and the evaluations have lines of their own
        return PHASES[phase] if phase in PREPARATION else None
    if event["type"] == "train":
        speed = _number(event, "tokens_per_second", ".0f")
        return f"step {step}: loss {_number(event, 'loss')}, {speed} tokens/s"
    if event["type"] == "evaluation":
        return f"step {step}: " + "; ".join(_with_sample_size(MEASURES[key], event) for key in _HEADLINE)
    if event["type"] == "costs":
        return cost_sentence(event) or None
    if event["type"] == "result":
        return _result_line(event)
    if event["type"] == "end":
        after = f" after step {step}" if step else ""  # a measurement has no steps
        return f"{event.get('state')}{after}. {event.get('sentence') or ''}".rstrip()
    return None


def _result_line(event: Event) -> str:
    """What a measurement has found: `crows-pairs of embedded/teacher: score 54.10`."""
    of = f"{event['benchmark']} of {event['model']}"
    if reason := event.get("reason"):
        return f"{of} cannot be measured: {reason}"
    values = event.get("values") or {}
    return f"{of}: " + ", ".join(f"{name} {_number(values, name, '.2f')}" for name in values)


def log(event: Event, stream: TextIO) -> None:
    """Write an event's line to a log. A full disk is ignored, since it fails elsewhere, too."""
    if line := as_line(event):
        with suppress(OSError):
            print(time.strftime("%H:%M:%S", time.localtime(event.get("time"))), line, file=stream, flush=True)


def _with_sample_size(measure: Measure, event: Event) -> str:
    text, size = f"{measure.label} {measure.format(event.get(measure.key))}", measure.sample_size(event)
    return f"{text} ({size})" if size else text


def _number(event: Event, name: str, form: str = ".3f") -> str:
    value = event.get(name)
    return format(value, form) if isinstance(value, int | float) else "-"


class Writer:
    """Appends events to a run's file, after repairing an incomplete last line.

    A line is written in one piece, and removed again if the disk is full. So only a writer that is killed
    leaves an incomplete line.
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
        """Append an event, with `time` and `step` added if missing. Returns it as written.

        A full disk is an OSError, and leaves the file as it was.
        """
        whole: Event = {"type": event["type"], "time": time.time(), "step": 0, **plain(event)}
        self._append(json.dumps(whole, allow_nan=False, separators=(",", ":")).encode() + b"\n")
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
        """Complete the last line if only its line break is missing, otherwise remove it."""
        self._file.seek(0)
        content = self._file.read()
        size = len(content)
        end = content.rfind(b"\n") + 1
        if end == size:
            return
        if _parse(content[end:])[0] is not None:
            self._append(b"\n")
        else:
            self._file.truncate(end)
