"""The rows of all runs in SQLite: their states, and every change of state as one transaction.

Several processes write here: pages and command lines (submit, cancel), the runner (claim), and each run's
own process (progress, end). Every change names the states that it applies to, so of two conflicting changes
the later one changes nothing.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import astuple
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from fairkd.errors import FairKDError, InputError
from fairkd.runs import database_errors, queue_place
from fairkd.runs.launchers import LOCAL, Destination
from fairkd.runs.process_identity import Identity
from fairkd.runs.run_record import Entry, State, entry_of, is_run_id
from fairkd.runs.schema import migrate, transaction
from fairkd.utils import home, make_private, quoted, runs_folder, tighten

BUSY_TIMEOUT = 20.0  # seconds that one writer waits for another
NEVER_STARTED = "Cancelled before it started."

T = TypeVar("T")
DATABASE = "runs.sqlite"
_patience: ContextVar[float | None] = ContextVar("patience", default=None)


def new_id() -> str:
    return secrets.token_hex(4)


def insert(
    runs: Sequence[tuple[str, str]],
    batch: str | None,
    *,
    note: str = "",
    owner: str = "",
    destination: Destination = Destination(),  # noqa: B008 - it cannot be changed
) -> None:
    """Queue runs given as (id, name), in this order."""
    settings = json.dumps(dict(destination.settings))

    def change(database: sqlite3.Connection) -> None:
        for id, name in runs:
            (place,) = database.execute(
                "INSERT INTO runs (id, place, name, note, owner, batch, launcher, launcher_settings, state,"
                " created)"
                " VALUES (?, (SELECT coalesce(max(place), 0) + 1 FROM runs), ?, ?, ?, ?, ?, ?, 'queued', ?)"
                " RETURNING place",
                [id, name, note, owner, batch, destination.launcher, settings, time.time()],
            ).fetchone()
            queue_place.write(runs_folder() / id, place)

    write(change)


def insert_running(id: str, name: str, worker: Identity, *, note: str = "", owner: str = "") -> None:
    """Add a run that a process already works on, without queueing it."""
    next_place = "(SELECT coalesce(max(place), 0) + 1 FROM runs)"

    def change(database: sqlite3.Connection) -> None:
        now = time.time()
        database.execute(
            "INSERT INTO runs (id, place, name, note, owner, state, created, started, attempt, pid,"
            " pid_started, pid_boot, pid_namespace)"
            f" VALUES (?, {next_place}, ?, ?, ?, 'running', ?, ?, 1, ?, ?, ?, ?)",
            [id, name, note, owner, now, now, *astuple(worker)],
        )

    write(change)


def entries(states: Sequence[State] | None = None) -> list[Entry]:
    """All runs, or those in some states, the newest first. Creates no database where there are no runs."""
    if not database_exists() and not any(runs_folder().glob("*/config.json")):
        return []
    where = f"WHERE state IN ({','.join('?' * len(states))})" if states is not None else ""
    # By the order of submission, not by the time of day: the clock may have been set back.
    query = f"SELECT rowid AS row, * FROM runs {where} ORDER BY rowid DESC"
    return _entries(read(lambda database: database.execute(query, states or ()).fetchall()))


def entry(id: str) -> Entry:
    """One run; InputError if there is none with this id."""
    query = "SELECT rowid AS row, * FROM runs WHERE id = ?"
    rows = read(lambda database: database.execute(query, [id]).fetchall()) if is_run_id(id) else []
    if not rows:
        raise InputError(f"There is no run {quoted(id)}: `fairkd runs list` shows all runs.")
    return _entries(rows)[0]


def _entries(rows: Sequence[sqlite3.Row]) -> list[Entry]:
    """The entries of rows. Damaged rows are put right; those whose id is no name of a folder are removed."""
    found = [(row["row"], *entry_of(row)) for row in rows if is_run_id(row["id"])]
    damaged = {row: replaced for row, _, replaced in found if replaced}
    nameless = [row["row"] for row in rows if not is_run_id(row["id"])]

    def repair(database: sqlite3.Connection) -> None:
        for row, replaced in damaged.items():
            names = ", ".join(f"{name} = ?" for name in replaced)
            database.execute(f"UPDATE runs SET {names} WHERE rowid = ?", [*replaced.values(), row])
        for row in nameless:
            database.execute("DELETE FROM runs WHERE rowid = ?", [row])

    if damaged or nameless:
        with suppress(FairKDError):  # a folder that cannot be written is still read
            write(repair)
    return [entry for _, entry, _ in found]


def claim(slots: int, *, away: bool = False) -> Entry | None:
    """Take the first run of the queue for a new attempt; None if it is empty or no slot is free.

    Runs of this machine and those that are sent away have queues and slots of their own.
    """
    launcher = f"launcher {'<>' if away else '='} '{LOCAL}'"

    def change(database: sqlite3.Connection) -> sqlite3.Row | None:
        (busy,) = database.execute(
            f"SELECT count(*) FROM runs WHERE state IN ('running', 'cancelling') AND {launcher}"
        ).fetchone()
        if busy >= slots:
            return None
        row: sqlite3.Row | None = database.execute(
            "UPDATE runs SET state = 'running', attempt = attempt + 1, started = ?, ended = NULL, pid = NULL,"
            " sentence = NULL, phase = NULL, phase_since = NULL"
            f" WHERE id = (SELECT id FROM runs WHERE state = 'queued' AND {launcher} ORDER BY place LIMIT 1)"
            " RETURNING rowid AS row, *",
            [time.time()],
        ).fetchone()
        if row is not None and is_run_id(row["id"]):
            queue_place.clear(runs_folder() / row["id"])
        return row

    row = write(change)
    claimed = [] if row is None else _entries([row])
    return claimed[0] if claimed else None


def register(id: str, attempt: int, worker: Identity) -> bool:
    """Register the process of an attempt. Returns False if another has, or the attempt is not current."""
    return _changes(
        "UPDATE runs SET pid = ?, pid_started = ?, pid_boot = ?, pid_namespace = ?"
        " WHERE id = ? AND attempt = ? AND pid IS NULL AND state IN ('running', 'cancelling')",
        [*astuple(worker), id, attempt],
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
        " force = 0, phase = NULL, phase_since = NULL,"
        " progress = CASE ? WHEN 'finished' THEN 1 ELSE progress END"
        " WHERE id = ? AND attempt = ? AND state IN ('running', 'cancelling')",
        [state, sentence, warning, time.time(), state, id, attempt],
    )


def requeue(id: str, attempt: int) -> bool:
    """Queue a claimed run again, at its old place, if no process has registered for it.

    If it was cancelled meanwhile, it becomes cancelled.
    """
    return _queue(
        "UPDATE runs SET state = iif(state = 'running', 'queued', 'cancelled'),"
        " ended = iif(state = 'running', NULL, ?), sentence = iif(state = 'running', sentence, ?),"
        " attempt = attempt + 1, started = NULL, force = 0"
        " WHERE id = ? AND attempt = ? AND pid IS NULL AND state IN ('running', 'cancelling')",
        [time.time(), NEVER_STARTED, id, attempt],
    )


def cancel_queued(id: str) -> bool:
    left = _changes(
        "UPDATE runs SET state = 'cancelled', ended = ?, sentence = ? WHERE id = ? AND state = 'queued'",
        [time.time(), NEVER_STARTED, id],
    )
    if left:
        queue_place.clear(runs_folder() / id)
    return left


def request_cancel(id: str) -> bool:
    """Set the flag that the run's process polls. A second request sets `force`."""
    return _changes(
        "UPDATE runs SET force = (state = 'cancelling'), state = 'cancelling'"
        " WHERE id = ? AND state IN ('running', 'cancelling')",
        [id],
    )


def enqueue(id: str, destination: Destination | None = None) -> bool:
    """Put a stopped run at the end of the queue; None sends it where it was before."""
    launcher, settings = None, None
    if destination is not None:
        launcher, settings = destination.launcher, json.dumps(dict(destination.settings))
    return _queue(
        "UPDATE runs SET state = 'queued', sentence = NULL, warning = NULL, started = NULL, ended = NULL,"
        " phase = NULL, phase_since = NULL, seconds_left = NULL, pid = NULL,"
        " force = 0, place = (SELECT max(place) + 1 FROM runs),"
        " launcher = coalesce(?, launcher), launcher_settings = coalesce(?, launcher_settings)"
        " WHERE id = ? AND state IN ('cancelled', 'failed', 'interrupted')",
        [launcher, settings, id],
    )


def _queue(statement: str, values: Sequence[object]) -> bool:
    """A change that may queue a run, whose place is then noted in its folder. Whether there was a change."""

    def change(database: sqlite3.Connection) -> bool:
        rows = database.execute(f"{statement} RETURNING id, place, state", values).fetchall()
        for id, place, state in rows:
            if state == "queued" and is_run_id(id):
                queue_place.write(runs_folder() / id, place)
        return bool(rows)

    return write(change)


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
        raise database_errors.explained(error, database_path()) from error


def write(action: Callable[[sqlite3.Connection], T]) -> T:
    """Call `action` in one transaction, which waits for other writers before it begins.

    Raises
    ------
    FairKDError
        When the disk is full, the home folder cannot be written, or another process keeps the database busy.
    """
    if is_read_only():
        raise InputError(
            f"The folder for runs, {home()}, can only be read: nothing in it can be changed. Set FAIRKD_HOME"
            " to another folder for new runs."
        )
    return read(lambda database: transaction(database, action))


def _changes(statement: str, values: Sequence[object]) -> bool:
    return write(lambda database: database.execute(statement, values).rowcount == 1)


def _with_connection(action: Callable[[sqlite3.Connection], T]) -> T:
    """Call `action` with a connection that is closed afterwards, so that a process at rest holds nothing."""
    if is_read_only():
        with TemporaryDirectory() as folder:
            for name in (DATABASE, f"{DATABASE}-wal"):
                with suppress(FileNotFoundError):
                    shutil.copyfile(home() / name, Path(folder) / name)
            return _connected(Path(folder) / DATABASE, action)
    if not database_exists():
        _make_home()
    return _connected(database_path(), action)


def _connected(path: Path, action: Callable[[sqlite3.Connection], T]) -> T:
    patience = _patience.get()
    timeout = BUSY_TIMEOUT if patience is None else patience
    with closing(sqlite3.connect(path, timeout=timeout, isolation_level=None)) as database:
        database.row_factory = sqlite3.Row
        database.text_factory = lambda content: content.decode("utf-8", "replace")
        migrate(database)
        return action(database)


def is_read_only() -> bool:
    """Whether the home folder is there and cannot be written. Its runs are then read from a copy.

    SQLite writes beside the database even to read it, and earlier versions' databases are migrated.
    """
    return home().is_dir() and not os.access(home(), os.W_OK)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Wait at most so long for other writers, instead of `BUSY_TIMEOUT`."""
    before = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(before)


def database_path() -> Path:
    return home() / DATABASE


def database_exists() -> bool:
    """Whether the home folder has a database of runs; InputError if the folder cannot be read."""
    try:
        return database_path().exists()
    except OSError as error:  # no permission for a folder above it
        raise database_errors.unusable(error) from error


def make_home() -> None:
    """Make the home folder with its database.

    A database that is made after a run's folder takes that folder for a run whose row was lost. What earlier
    versions made for all to read is taken from everybody else.
    """
    _make_home()
    for made in (runs_folder(), *home().glob(f"{DATABASE}*"), *home().glob("runner.*")):
        tighten(made)
    read(lambda _: None)


def _make_home() -> None:
    try:
        make_private(home())
        make_private(runs_folder())
        # Made here, because SQLite would leave its mode to the umask. Its other files get the same mode.
        os.close(os.open(database_path(), os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise database_errors.unusable(error) from error
