"""The rows of all runs in SQLite: their states, and every change of state as one transaction.

Several processes write here: pages and command lines (submit, cancel), the runner (claim), and each run's
own process (progress, end). Every change names the states that it applies to, so of two conflicting changes
the later one changes nothing.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

from fairkd.errors import FairKDError, InputError
from fairkd.runs.process_identity import Identity
from fairkd.runs.run_record import Entry, State, entry_of, is_run_id
from fairkd.runs.schema import migrate, transaction
from fairkd.utils import home, quoted, runs_folder

BUSY_TIMEOUT = 20.0  # seconds that one writer waits for another
NEVER_STARTED = "Cancelled before it started."

T = TypeVar("T")


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
    query = f"SELECT rowid AS row, * FROM runs {where} ORDER BY created DESC, rowid DESC"
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
            " RETURNING rowid AS row, *",
            [time.time()],
        ).fetchone()
        return row

    row = write(change)
    claimed = [] if row is None else _entries([row])
    return claimed[0] if claimed else None


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
        database.text_factory = lambda content: content.decode("utf-8", "replace")
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
