"""One run: its row and its settings, read so that damage to it stops no reader.

SQLite keeps any value in any column, and a row may have been damaged or changed by hand. A value that does
not fit is replaced, and the run says so.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, get_args

from fairkd.runs import description
from fairkd.runs.event_schema import LATEST, MOST_STEPS
from fairkd.runs.launchers import LOCAL, Destination
from fairkd.runs.process_identity import Identity
from fairkd.runs.run_config import Kind, readable_config
from fairkd.utils import parse_json, runs_folder

State = Literal["queued", "running", "cancelling", "cancelled", "failed", "finished", "interrupted"]
ACTIVE: tuple[State, ...] = ("running", "cancelling")  # a process works on it
RESUMABLE: tuple[State, ...] = ("cancelled", "failed", "interrupted")
ENDED: tuple[State, ...] = (*RESUMABLE, "finished")
STATES: tuple[str, ...] = get_args(State)

MOST_CHARACTERS = 20_000  # of a text in the database, which FairKD's are far from

T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """One distillation or measurement in the background: its settings, its folder and its progress.

    Times are in Unix seconds; `started` and `ended` are those of the last attempt. `progress` is between 0
    and 1. `sentence` says why a run failed or stopped, and `warning` why the result of a finished one says
    little. `phase` is what an active run does, since `phase_since`; None until its process has started. It is
    a `fairkd.distill.Phase`, or words: "Measuring CrowS-Pairs of teacher". `phase_seconds` has how long each
    phase of a distillation took when it last ended, in this attempt or an earlier one. `step` counts training
    steps, and is 0 for a measurement. `launcher` names what decides where it works. The queue is ordered by
    `place`. `restarted` says that this may not be the first attempt. `config` is what config.json holds
    besides the `kind`: it is empty if the file cannot be read, and `config_error` says why. `example` marks
    one of the runs in the package, which can only be read.
    """

    id: str
    place: int
    name: str
    state: State
    config: Mapping[str, Any]
    folder: Path
    batch: str | None
    created: float
    started: float | None
    ended: float | None
    step: int
    progress: float
    seconds_left: float | None
    sentence: str | None
    restarted: bool
    config_error: str | None = None
    note: str = ""
    owner: str = ""
    warning: str | None = None
    phase: str | None = None
    phase_since: float | None = None
    phase_seconds: Mapping[str, float] = field(default_factory=dict)
    example: bool = False
    kind: Kind = "distill"
    launcher: str = LOCAL

    @property
    def active(self) -> bool:
        """Whether a process works on it."""
        return self.state in ACTIVE

    @property
    def resumable(self) -> bool:
        return self.state in RESUMABLE and not self.example


@dataclass(frozen=True)
class Entry:
    """A row: the run, and what is needed to supervise it."""

    run: Run
    attempt: int  # grows with every start; a process works for one attempt only
    worker: Identity | None  # None until the process of this attempt has registered
    force: bool
    destination: Destination = Destination()  # where it works: `worker` stays None unless that is here

    @property
    def away(self) -> bool:
        """Whether it works elsewhere: a launcher's job, which the runner follows."""
        return self.run.launcher != LOCAL


def is_run_id(id: object) -> bool:
    """Whether `id` names a folder in the folder of runs, and none outside it.

    >>> is_run_id("1a2b3c4d"), is_run_id("../secret"), is_run_id("..")
    (True, False, False)
    """
    if not isinstance(id, str) or not 0 < len(id) <= 200 or id in (".", ".."):
        return False
    return id.isprintable() and not set(id) & set("/\\:")


def entry_of(row: sqlite3.Row) -> tuple[Entry, Mapping[str, object]]:
    """The entry of a row with a valid id, and its damaged columns with the values that replace theirs."""
    read = _Columns(row)
    folder = runs_folder() / row["id"]
    kind, config, config_error = _settings(folder)
    state = cast(State, read.text("state", "interrupted", STATES))
    attempt = read.number("attempt", _count, 1)
    worker = None
    if row["pid"] is not None:
        pid = read.number("pid", _count, 0)  # 0 is no process of a user: it counts as one that has ended
        started, boot = read.number("pid_started", _real, 0.0), read.text("pid_boot", "")
        worker = Identity(pid, started, boot, read.text("pid_namespace", ""))
    run = Run(
        id=row["id"],
        place=read.number("place", _count, 1),
        name=read.text("name", row["id"]),
        state=state,
        config=config,
        folder=folder,
        batch=read.optional_text("batch"),
        created=read.number("created", _moment, _written(folder)),
        started=read.optional("started", _moment),
        ended=read.optional("ended", _moment),
        step=read.number("step", _count, 0),
        progress=read.number("progress", _share, 0.0),
        seconds_left=read.optional("seconds_left", _moment),
        sentence=read.optional_text("sentence"),
        restarted=attempt > 1,
        config_error=config_error,
        note=read.text("note", ""),
        owner=read.text("owner", ""),
        warning=read.optional_text("warning"),
        phase=read.optional_text("phase"),
        phase_since=read.optional("phase_since", _moment),
        phase_seconds=read.seconds("phase_seconds"),
        kind=kind,
        launcher=read.text("launcher", LOCAL),
    )
    force = bool(read.number("force", _count, 0))
    destination = Destination(run.launcher, read.texts("launcher_settings"))
    if read.replaced:
        names = ", ".join(sorted(read.replaced))
        said = f"The database's record of this run was damaged and has been put right ({names})."
        sentence = said if run.sentence is None else f"{run.sentence} {said}"
        read.replaced["sentence"] = sentence
        run = replace(run, sentence=sentence)
    return Entry(run, attempt, worker, force, destination), read.replaced


def run_of_folder(folder: Path) -> Run:
    """A run as its folder alone shows it, for a process that cannot read its row."""
    kind, config, config_error = _settings(folder)
    known = description.read(folder)
    return Run(
        id=folder.name,
        place=1,
        name=folder.name if known is None else known.name,
        state="running",
        config=config,
        folder=folder,
        batch=None if known is None else known.batch,
        created=_written(folder),
        started=None,
        ended=None,
        step=0,
        progress=0.0,
        seconds_left=None,
        sentence=None,
        restarted=True,
        config_error=config_error,
        kind=kind,
    )


class _Columns:
    """The values of a row, and what has replaced those that do not fit."""

    def __init__(self, row: sqlite3.Row) -> None:
        self._row = row
        self.replaced: dict[str, object] = {}

    def number(self, name: str, fits: Callable[[object], T | None], default: T) -> T:
        found = fits(self._row[name])
        if found is None:
            self.replaced[name] = default
            return default
        return found

    def optional(self, name: str, fits: Callable[[object], T | None]) -> T | None:
        if self._row[name] is None:
            return None
        found = fits(self._row[name])
        if found is None:
            self.replaced[name] = None
        return found

    def text(self, name: str, default: str, choice: tuple[str, ...] = ()) -> str:
        value = self._row[name]
        if not isinstance(value, str) or len(value) > MOST_CHARACTERS or (choice and value not in choice):
            self.replaced[name] = value = default
        return value

    def optional_text(self, name: str) -> str | None:
        return None if self._row[name] is None else self.text(name, "") or None

    def seconds(self, name: str) -> Mapping[str, float]:
        """A column with numbers by name, as JSON."""
        try:
            found = parse_json(self._row[name])
            known = {phase: _moment(seconds) for phase, seconds in found.items()}
        except (ValueError, TypeError, AttributeError):
            known = {"": None}
        if None in known.values():
            self.replaced[name] = "{}"
            return {}
        return {phase: seconds for phase, seconds in known.items() if seconds is not None}

    def texts(self, name: str) -> Mapping[str, str]:
        """A column with texts by name, as JSON."""
        try:
            found = parse_json(self._row[name])
            if all(isinstance(text, str) for text in found.values()):
                return dict(found)
        except (ValueError, TypeError, AttributeError):
            pass
        self.replaced[name] = "{}"
        return {}


def _real(value: object) -> float | None:
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    return None


def _moment(value: object) -> float | None:
    """Unix seconds, or a duration."""
    number = _real(value)
    return number if number is not None and 0 <= number <= LATEST else None


def _share(value: object) -> float | None:
    number = _real(value)
    return number if number is not None and 0 <= number <= 1 else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and 0 <= value <= MOST_STEPS else None


def _settings(folder: Path) -> tuple[Kind, Mapping[str, Any], str | None]:
    """What `readable_config` returns, read again only when the file has changed."""
    try:
        stat = (folder / "config.json").stat()
        version = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
    except (OSError, ValueError):
        version = None
    return _settings_of(folder, version)


def _written(folder: Path) -> float:
    """When the settings of a run were written, at its submission; 0 where that cannot be read."""
    try:
        return _moment((folder / "config.json").stat().st_mtime) or 0.0
    except (OSError, ValueError):
        return 0.0


@lru_cache(maxsize=1024)
def _settings_of(folder: Path, version: object) -> tuple[Kind, Mapping[str, Any], str | None]:
    return readable_config(folder)
