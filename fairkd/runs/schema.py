"""The tables of the run database, built by small steps that are applied once each, in this order."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from fairkd.utils import runs_folder

T = TypeVar("T")


def runs_table(database: sqlite3.Connection) -> None:
    """One row a run; `place` orders the queue, `attempt` counts starts, the last columns name who works."""
    database.execute(
        """
        CREATE TABLE runs (
            id TEXT PRIMARY KEY,
            place INTEGER NOT NULL,
            name TEXT NOT NULL,
            batch TEXT,
            config TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'cancelling', 'cancelled', 'failed',
                                                 'finished', 'interrupted')),
            sentence TEXT,
            created REAL NOT NULL,
            started REAL,
            ended REAL,
            step INTEGER NOT NULL DEFAULT 0,
            progress REAL NOT NULL DEFAULT 0,
            seconds_left REAL,
            attempt INTEGER NOT NULL DEFAULT 0,
            cancel_asked REAL,
            hurry INTEGER NOT NULL DEFAULT 0,
            pid INTEGER,
            pid_started REAL,
            pid_boot TEXT
        )
        """
    )
    database.execute("CREATE INDEX runs_by_state ON runs (state, place)")


def rows_of_folders(database: sqlite3.Connection) -> None:
    """A row for every run's folder that is there already: whoever loses the database loses no run."""
    for path in sorted(runs_folder().glob("*/config.json"), key=lambda path: path.stat().st_mtime):
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if not isinstance(config, dict):
            continue
        finished = (path.parent / "model" / "config.json").is_file()
        database.execute(
            "INSERT OR IGNORE INTO runs (id, place, name, config, state, sentence, created, progress)"
            " VALUES (?, (SELECT coalesce(max(place), 0) + 1 FROM runs), ?, ?, ?, ?, ?, ?)",
            [
                path.parent.name,
                path.parent.name,
                json.dumps(config),
                "finished" if finished else "interrupted",
                "Found in its folder, without a word about it in the database.",
                path.stat().st_mtime,
                float(finished),
            ],
        )


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (runs_table, rows_of_folders)


def migrate(database: sqlite3.Connection) -> None:
    """Apply what is missing. Safe when several processes open a new database at the same instant."""
    if _missing(database):
        _use_wal(database)
        transaction(database, _apply)


def transaction(database: sqlite3.Connection, action: Callable[[sqlite3.Connection], T]) -> T:
    """`action`, whole or not at all; other writers are waited for at its beginning."""
    database.execute("BEGIN IMMEDIATE")
    try:
        result = action(database)
        database.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # some errors roll back by themselves
            database.execute("ROLLBACK")
        raise
    return result


def _apply(database: sqlite3.Connection) -> None:
    database.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
    for migration in _missing(database):
        migration(database)
        database.execute("INSERT INTO migrations VALUES (?)", [migration.__name__])


def _use_wal(database: sqlite3.Connection) -> None:
    """Readers and a writer at the same time. Stays with the file; SQLite does not wait for others here."""
    until = time.monotonic() + 10
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def _missing(database: sqlite3.Connection) -> list[Callable[[sqlite3.Connection], None]]:
    known = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'migrations'").fetchone()
    done = {name for (name,) in database.execute("SELECT name FROM migrations")} if known else set()
    return [migration for migration in MIGRATIONS if migration.__name__ not in done]
