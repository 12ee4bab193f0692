"""The rows of all runs, in SQLite: who is in which state, and every change of state as one transaction.

Several processes write here: pages and command lines (submit, cancel), the runner (claim), and each run's
own process (progress, end). Every change names the states that it starts from, so that the later of two
changes that do not fit finds nothing to change.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from fairkd.distill.config import stored_settings
from fairkd.errors import FairKDError, InputError
from fairkd.runs.process_identity import Identity
from fairkd.runs.schema import migrate, transaction
from fairkd.utils import home, runs_folder

State = Literal["queued", "running", "cancelling", "cancelled", "failed", "finished", "interrupted"]
ACTIVE: tuple[State, ...] = ("running", "cancelling")  # a process works on it
RESUMABLE: tuple[State, ...] = ("cancelled", "failed", "interrupted")
ENDED: tuple[State, ...] = (*RESUMABLE, "finished")

WAIT = 20.0  # seconds that one writer waits for another
NEVER_STARTED = "Cancelled before it started."

T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """One distillation in the background: what it is, where its folder is, and how far it has come.

    Times are unix seconds: `started` of the present or last attempt, `ended` of its end. `progress` runs from
    0 to 1. `sentence` says why a run failed or stopped, or what it does at the moment. The queue goes by
    `place`; `again` says that this may be a later attempt. `config` is what config.json holds: it is empty if
    that cannot be read, and `config_error` says why.
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
    again: bool
    config_error: str | None = None

    @property
    def active(self) -> bool:
        """Whether a process works on it."""
        return self.state in ACTIVE

    @property
    def resumable(self) -> bool:
        return self.state in RESUMABLE


@dataclass(frozen=True)
class Entry:
    """A row: the run, and what its supervision needs to know."""

    run: Run
    attempt: int  # grows with every start; a process works for one attempt only
    worker: Identity | None  # None until the process of this attempt has said that it is there
    cancel_asked: float | None
    force: bool


def new_id() -> str:
    return secrets.token_hex(4)


def insert(runs: Sequence[tuple[str, str]], batch: str | None) -> None:
    """Queue runs given as (id, name), in this order."""

    def change(database: sqlite3.Connection) -> None:
        for id, name in runs:
            database.execute(
                "INSERT INTO runs (id, place, name, batch, state, created)"
                " VALUES (?, (SELECT coalesce(max(place), 0) + 1 FROM runs), ?, ?, 'queued', ?)",
                [id, name, batch, time.time()],
            )

    write(change)


def insert_running(id: str, name: str, worker: Identity) -> None:
    """Add a run that a process of its own works on already, past the queue."""

    def change(database: sqlite3.Connection) -> None:
        now = time.time()
        database.execute(
            "INSERT INTO runs (id, place, name, state, created, started, attempt, pid, pid_started, pid_boot)"
            " VALUES (?, (SELECT coalesce(max(place), 0) + 1 FROM runs), ?, 'running', ?, ?, 1, ?, ?, ?)",
            [id, name, now, now, worker.pid, worker.started, worker.boot],
        )

    write(change)


def entries(states: Sequence[State] | None = None) -> list[Entry]:
    """All runs, or those in some states, the newest first. To look makes nothing where nothing is."""
    if not is_there() and not any(runs_folder().glob("*/config.json")):
        return []
    where = f"WHERE state IN ({','.join('?' * len(states))})" if states is not None else ""
    order = "ORDER BY created DESC, rowid DESC"
    rows = read(
        lambda database: database.execute(f"SELECT * FROM runs {where} {order}", states or ()).fetchall()
    )
    return [_entry(row) for row in rows]


def entry(id: str) -> Entry:
    """One run; InputError if there is none of this id."""
    row = read(lambda database: database.execute("SELECT * FROM runs WHERE id = ?", [id]).fetchone())
    if row is None:
        raise InputError(f"There is no run {id!r}: `fairkd runs list` shows those that there are.")
    return _entry(row)


def claim(slots: int) -> Entry | None:
    """Take the first of the queue for a new attempt, unless as many runs as there are slots are at work."""

    def change(database: sqlite3.Connection) -> sqlite3.Row | None:
        (busy,) = database.execute(
            "SELECT count(*) FROM runs WHERE state IN ('running', 'cancelling')"
        ).fetchone()
        if busy >= slots:
            return None
        row: sqlite3.Row | None = database.execute(
            "UPDATE runs SET state = 'running', attempt = attempt + 1, started = ?, ended = NULL, pid = NULL,"
            " sentence = NULL WHERE id = (SELECT id FROM runs WHERE state = 'queued' ORDER BY place LIMIT 1)"
            " RETURNING *",
            [time.time()],
        ).fetchone()
        return row

    row = write(change)
    return None if row is None else _entry(row)


def register(id: str, attempt: int, worker: Identity) -> bool:
    """The process of an attempt says that it is there: only the first may, and only while it is wanted."""
    return _changes(
        "UPDATE runs SET pid = ?, pid_started = ?, pid_boot = ? WHERE id = ? AND attempt = ? AND pid IS NULL"
        " AND state IN ('running', 'cancelling')",
        [worker.pid, worker.started, worker.boot, id, attempt],
    )


def advance(id: str, attempt: int, **columns: float | str | None) -> None:
    """Store step, progress, seconds_left or sentence of a run at work."""
    names = ", ".join(f"{name} = ?" for name in columns)
    _changes(
        f"UPDATE runs SET {names} WHERE id = ? AND attempt = ? AND state IN ('running', 'cancelling')",
        [*columns.values(), id, attempt],
    )


def close(id: str, attempt: int, state: State, sentence: str | None) -> bool:
    """End an attempt; False if it has been ended before."""
    return _changes(
        "UPDATE runs SET state = ?, sentence = ?, ended = ?, seconds_left = NULL, pid = NULL, force = 0,"
        " cancel_asked = NULL, progress = CASE ? WHEN 'finished' THEN 1 ELSE progress END"
        " WHERE id = ? AND attempt = ? AND state IN ('running', 'cancelling')",
        [state, sentence, time.time(), state, id, attempt],
    )


def give_back(id: str, attempt: int) -> bool:
    """Queue a claimed run again, at its old place, if no process has ever said that it works on it.

    One that was cancelled meanwhile is cancelled.
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


def ask_to_cancel(id: str) -> bool:
    """Raise the flag that the run's process looks at; asked again, the run is ended by force."""
    return _changes(
        "UPDATE runs SET force = (state = 'cancelling'), state = 'cancelling',"
        " cancel_asked = coalesce(cancel_asked, ?) WHERE id = ? AND state IN ('running', 'cancelling')",
        [time.time(), id],
    )


def explain_queue(sentence: str) -> None:
    """Say of every queued run why it waits."""
    if any(entry.run.sentence != sentence for entry in entries(("queued",))):
        write(
            lambda database: database.execute(
                "UPDATE runs SET sentence = ? WHERE state = 'queued'", [sentence]
            )
        )


def queue_again(id: str) -> bool:
    """Put a stopped run at the end of the queue."""
    return _changes(
        "UPDATE runs SET state = 'queued', sentence = NULL, started = NULL, ended = NULL, seconds_left"
        " = NULL, pid = NULL, cancel_asked = NULL, force = 0, place = (SELECT max(place) + 1 FROM runs)"
        " WHERE id = ? AND state IN ('cancelled', 'failed', 'interrupted')",
        [id],
    )


def remove(id: str) -> bool:
    """Forget a run that no process works on."""
    return _changes("DELETE FROM runs WHERE id = ? AND state NOT IN ('running', 'cancelling')", [id])


def read(action: Callable[[sqlite3.Connection], T]) -> T:
    """What `action` reads in a connection of its own."""
    try:
        return _with_connection(action)
    except sqlite3.DatabaseError as error:
        raise _said(error) from error


def write(action: Callable[[sqlite3.Connection], T]) -> T:
    """`action` as one transaction that waits for other writers from its beginning.

    Raises
    ------
    FairKDError
        When the disk is full, the home folder cannot be written, or another process never lets go.
    """

    return read(lambda database: transaction(database, action))


def _changes(statement: str, values: Sequence[object]) -> bool:
    return write(lambda database: database.execute(statement, values).rowcount == 1)


def _with_connection(action: Callable[[sqlite3.Connection], T]) -> T:
    if not is_there():
        _make_home()
    with closing(sqlite3.connect(database_path(), timeout=WAIT, isolation_level=None)) as database:
        database.row_factory = sqlite3.Row
        migrate(database)
        return action(database)


def database_path() -> Path:
    return home() / "runs.sqlite"


def is_there() -> bool:
    """Whether any run was ever kept here; InputError where one may not look."""
    try:
        return database_path().exists()
    except OSError as error:  # a folder above it that one may not enter
        raise _unusable(error) from error


def make_home() -> None:
    """The home folder with its database, before the first run's folder: later it would be taken for lost."""
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


def _said(error: sqlite3.DatabaseError) -> FairKDError:
    if "malformed" in str(error) or "not a database" in str(error):
        return FairKDError(
            f"The database of runs, {database_path()}, is damaged: move it away, and the runs are listed anew"
            " from their folders."
        )
    if "locked" in str(error) or "busy" in str(error):
        return FairKDError(f"Another process has kept the database of runs in {home()} busy; try again.")
    return InputError(
        f"The database of runs in {home()} cannot be used ({error}): see that its disk has room and that you"
        " may write there."
    )


def _settings(folder: Path) -> tuple[dict[str, Any], str | None]:
    """A run's settings and no error, or no settings and why."""
    try:
        settings = stored_settings(folder)
    except InputError as error:
        return {}, str(error)
    if settings is not None:
        return settings, None
    return {}, f"The configuration {folder / 'config.json'} is missing."


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
        again=row["attempt"] > 1,
        config_error=config_error,
    )
    worker = None if row["pid"] is None else Identity(row["pid"], row["pid_started"], row["pid_boot"])
    return Entry(run, row["attempt"], worker, row["cancel_asked"], bool(row["force"]))
