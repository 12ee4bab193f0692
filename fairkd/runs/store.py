"""The rows of all runs in SQLite: their states, and every change of state as one transaction.

Several processes write here: pages and command lines (submit, cancel), the runner (claim), and each run's
own process (progress, end). Every change names the states that it applies to, so of two conflicting changes
the later one changes nothing.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from fairkd.distill.config import stored_settings
from fairkd.errors import FairKDError, InputError
from fairkd.runs.process_identity import Identity
from fairkd.runs.schema import migrate, transaction
from fairkd.utils import home, runs_folder

if TYPE_CHECKING:
    from fairkd.distill import Phase

State = Literal["queued", "running", "cancelling", "cancelled", "failed", "finished", "interrupted"]
ACTIVE: tuple[State, ...] = ("running", "cancelling")  # a process works on it
RESUMABLE: tuple[State, ...] = ("cancelled", "failed", "interrupted")
ENDED: tuple[State, ...] = (*RESUMABLE, "finished")

BUSY_TIMEOUT = 20.0  # seconds that one writer waits for another
NEVER_STARTED = "Cancelled before it started."

T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """One distillation in the background: its settings, its folder and its progress.

    Times are in Unix seconds; `started` and `ended` are those of the last attempt. `progress` is between 0
    and 1. `sentence` says why a run failed or stopped, and `warning` why the result of a finished one says
    little. `phase` is what an active run does, since `phase_since`; None until its process has started.
    `phase_seconds` has how long each phase took when it last ended, in this attempt or an earlier one. The
    queue is ordered by `place`. `restarted` says that this may not be the first attempt. `config` is what
    config.json holds: it is empty if the file cannot be read, and `config_error` says why. `example` marks
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
    phase: Phase | None = None
    phase_since: float | None = None
    phase_seconds: Mapping[str, float] = field(default_factory=dict)
    example: bool = False

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
    cancel_asked: float | None
    force: bool


def new_id() -> str:
    return secrets.token_hex(4)


def insert(runs: Sequence[tuple[str, str]], batch: str | None, *, note: str = "", owner: str = "") -> None:
    """Queue runs given as (id, name), in this order."""

    def change(database: sqlite3.Connection) -> None:
        for id, name in runs:
            database.execute(
                "INSERT INTO runs (id, place, name, note, owner, batch, state, created)"
                " VALUES (?, (SELECT coalesce(max(place), 0) + 1 FROM runs), ?, ?, ?, ?, 'queued', ?)",
                [id, name, note, owner, batch, time.time()],
            )

    write(change)


def insert_running(id: str, name: str, worker: Identity, *, note: str = "", owner: str = "") -> None:
    """Add a run that a process already works on, without queueing it."""

    def change(database: sqlite3.Connection) -> None:
        now = time.time()
        database.execute(
            "INSERT INTO runs (id, place, name, note, owner, state, created, started, attempt, pid,"
            " pid_started, pid_boot) VALUES (?, (SELECT coalesce(max(place), 0) + 1 FROM runs), ?, ?, ?,"
            " 'running', ?, ?, 1, ?, ?, ?)",
            [id, name, note, owner, now, now, worker.pid, worker.started, worker.boot],
        )

    write(change)


def entries(states: Sequence[State] | None = None) -> list[Entry]:
    """All runs, or those in some states, the newest first. Creates no database where there are no runs."""
    if not database_exists() and not any(runs_folder().glob("*/config.json")):
        return []
    where = f"WHERE state IN ({','.join('?' * len(states))})" if states is not None else ""
    order = "ORDER BY created DESC, rowid DESC"
    rows = read(
        lambda database: database.execute(f"SELECT * FROM runs {where} {order}", states or ()).fetchall()
    )
    return [_entry(row) for row in rows]


def entry(id: str) -> Entry:
    """One run; InputError if there is none with this id."""
    row = read(lambda database: database.execute("SELECT * FROM runs WHERE id = ?", [id]).fetchone())
    if row is None:
        raise InputError(f"There is no run {id!r}: `fairkd runs list` shows all runs.")
    return _entry(row)


def claim(slots: int) -> Entry | None:
    """Take the first run of the queue for a new attempt; None if it is empty or no slot is free."""

    def change(database: sqlite3.Connection) -> sqlite3.Row | None:
        (busy,) = database.execute(
            "SELECT count(*) FROM runs WHERE state IN ('running', 'cancelling')"
        ).fetchone()
        if busy >= slots:
            return None
        row: sqlite3.Row | None = database.execute(
            "UPDATE runs SET state = 'running', attempt = attempt + 1, started = ?, ended = NULL, pid = NULL,"
            " sentence = NULL, phase = NULL, phase_since = NULL"
            " WHERE id = (SELECT id FROM runs WHERE state = 'queued' ORDER BY place LIMIT 1)"
            " RETURNING *",
            [time.time()],
        ).fetchone()
        return row

    row = write(change)
    return None if row is None else _entry(row)


def register(id: str, attempt: int, worker: Identity) -> bool:
    """Register the process of an attempt. Returns False if another has, or the attempt is not current."""
    return _changes(
        "UPDATE runs SET pid = ?, pid_started = ?, pid_boot = ? WHERE id = ? AND attempt = ? AND pid IS NULL"
        " AND state IN ('running', 'cancelling')",
        [worker.pid, worker.started, worker.boot, id, attempt],
    )


def update(id: str, attempt: int, **columns: float | str | None) -> None:
    """Store step, progress, seconds_left, sentence or phase of an active run."""
    names = ", ".join(f"{name} = ?" for name in columns)
    _changes(
        f"UPDATE runs SET {names} WHERE id = ? AND attempt = ? AND state IN ('running', 'cancelling')",
        [*columns.values(), id, attempt],
    )


def close(id: str, attempt: int, state: State, sentence: str | None, *, warning: str | None = None) -> bool:
    """Store how an attempt ended. Returns False if that has been stored before."""
    return _changes(
        "UPDATE runs SET state = ?, sentence = ?, warning = ?, ended = ?, seconds_left = NULL, pid = NULL,"
        " force = 0, phase = NULL, phase_since = NULL, cancel_asked = NULL,"
        " progress = CASE ? WHEN 'finished' THEN 1 ELSE progress END"
        " WHERE id = ? AND attempt = ? AND state IN ('running', 'cancelling')",
        [state, sentence, warning, time.time(), state, id, attempt],
    )


def requeue(id: str, attempt: int) -> bool:
    """Queue a claimed run again, at its old place, if no process has registered for it.

    If it was cancelled meanwhile, it becomes cancelled.
    """
    return _changes(
        "UPDATE runs SET state = iif(state = 'running', 'queued', 'cancelled'),"
        " ended = iif(state = 'running', NULL, ?), sentence = iif(state = 'running', sentence, ?),"
        " attempt = attempt + 1, started = NULL, cancel_asked = NULL, force = 0"
        " WHERE id = ? AND attempt = ? AND pid IS NULL AND state IN ('running', 'cancelling')",
        [time.time(), NEVER_STARTED, id, attempt],
    )


def cancel_queued(id: str) -> bool:
    return _changes(
        "UPDATE runs SET state = 'cancelled', ended = ?, sentence = ? WHERE id = ? AND state = 'queued'",
        [time.time(), NEVER_STARTED, id],
    )


def request_cancel(id: str) -> bool:
    """Set the flag that the run's process polls. A second request sets `force`."""
    return _changes(
        "UPDATE runs SET force = (state = 'cancelling'), state = 'cancelling',"
        " cancel_asked = coalesce(cancel_asked, ?) WHERE id = ? AND state IN ('running', 'cancelling')",
        [time.time(), id],
    )


def explain_queue(sentence: str) -> None:
    """Set the sentence of every queued run: why it waits."""
    if any(entry.run.sentence != sentence for entry in entries(("queued",))):
        write(
            lambda database: database.execute(
                "UPDATE runs SET sentence = ? WHERE state = 'queued'", [sentence]
            )
        )


def enqueue(id: str) -> bool:
    """Put a stopped run at the end of the queue."""
    return _changes(
        "UPDATE runs SET state = 'queued', sentence = NULL, warning = NULL, started = NULL, ended = NULL,"
        " phase = NULL, phase_since = NULL, seconds_left = NULL, pid = NULL,"
        " cancel_asked = NULL, force = 0, place = (SELECT max(place) + 1 FROM runs)"
        " WHERE id = ? AND state IN ('cancelled', 'failed', 'interrupted')",
        [id],
    )


def describe(id: str, *, name: str, note: str, owner: str) -> bool:
    """Store name, note and owner, whatever the state. Returns False if there is no such run."""
    return _changes("UPDATE runs SET name = ?, note = ?, owner = ? WHERE id = ?", [name, note, owner, id])


def remove(id: str) -> bool:
    """Delete the row of a run that no process works on."""
    return _changes("DELETE FROM runs WHERE id = ? AND state NOT IN ('running', 'cancelling')", [id])


def read(action: Callable[[sqlite3.Connection], T]) -> T:
    """Call `action` with a new connection, and return its result."""
    try:
        return _with_connection(action)
    except sqlite3.DatabaseError as error:
        raise _as_fairkd_error(error) from error


def write(action: Callable[[sqlite3.Connection], T]) -> T:
    """Call `action` in one transaction, which waits for other writers before it begins.

    Raises
    ------
    FairKDError
        When the disk is full, the home folder cannot be written, or another process keeps the database busy.
    """

    return read(lambda database: transaction(database, action))


def _changes(statement: str, values: Sequence[object]) -> bool:
    return write(lambda database: database.execute(statement, values).rowcount == 1)


def _with_connection(action: Callable[[sqlite3.Connection], T]) -> T:
    if not database_exists():
        _make_home()
    with closing(sqlite3.connect(database_path(), timeout=BUSY_TIMEOUT, isolation_level=None)) as database:
        database.row_factory = sqlite3.Row
        migrate(database)
        return action(database)


def database_path() -> Path:
    return home() / "runs.sqlite"


def database_exists() -> bool:
    """Whether the home folder has a database of runs; InputError if the folder cannot be read."""
    try:
        return database_path().exists()
    except OSError as error:  # no permission for a folder above it
        raise _unusable(error) from error


def make_home() -> None:
    """Make the home folder with its database.

    A database that is made after a run's folder takes that folder for a run whose row was lost.
    """
    _make_home()
    read(lambda _: None)


def _make_home() -> None:
    try:
        runs_folder().mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(error) from error


def _unusable(error: OSError) -> InputError:
    return InputError(
        f"The folder for runs, {home()}, cannot be written ({error.strerror or error}): free some space,"
        " or set FAIRKD_HOME to another folder."
    )


def _as_fairkd_error(error: sqlite3.DatabaseError) -> FairKDError:
    if "malformed" in str(error) or "not a database" in str(error):
        return FairKDError(
            f"The database of runs, {database_path()}, is damaged: move it away, and a new one lists the runs"
            " in their folders."
        )
    if "locked" in str(error) or "busy" in str(error):
        return FairKDError(f"Another process keeps the database of runs in {home()} busy: try again.")
    return InputError(
        f"The database of runs in {home()} cannot be used ({error}): check that the disk has space and that"
        " you may write there."
    )


def _settings(folder: Path) -> tuple[dict[str, Any], str | None]:
    """A run's settings and None, or no settings and the reason."""
    try:
        settings = stored_settings(folder)
    except InputError as error:
        return {}, str(error)
    if settings is not None:
        return settings, None
    return {}, f"The configuration {folder / 'config.json'} is missing."


def _seconds(text: str) -> dict[str, float]:
    with suppress(ValueError):
        found = json.loads(text)
        if isinstance(found, dict):
            return {name: value for name, value in found.items() if isinstance(value, int | float)}
    return {}


def _entry(row: sqlite3.Row) -> Entry:
    folder = runs_folder() / row["id"]
    config, config_error = _settings(folder)
    run = Run(
        id=row["id"],
        place=row["place"],
        name=row["name"],
        state=row["state"],
        config=config,
        folder=folder,
        batch=row["batch"],
        created=row["created"],
        started=row["started"],
        ended=row["ended"],
        step=row["step"],
        progress=row["progress"],
        seconds_left=row["seconds_left"],
        sentence=row["sentence"],
        restarted=row["attempt"] > 1,
        config_error=config_error,
        note=row["note"],
        owner=row["owner"],
        warning=row["warning"],
        phase=row["phase"],
        phase_since=row["phase_since"],
        phase_seconds=_seconds(row["phase_seconds"]),
    )
    worker = None if row["pid"] is None else Identity(row["pid"], row["pid_started"], row["pid_boot"])
    return Entry(run, row["attempt"], worker, row["cancel_asked"], bool(row["force"]))
