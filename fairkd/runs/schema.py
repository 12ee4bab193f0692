"""The table of the run database, built by migrations that are applied once each, in order.

`PRAGMA user_version` counts the migrations that a database has had. Earlier versions listed them in a table.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from fairkd.errors import FairKDError
from fairkd.runs import description, queue_place
from fairkd.runs.event_schema import MOST_STEPS
from fairkd.runs.result_warning import few_steps
from fairkd.runs.run_config import readable_config
from fairkd.utils import home, parse_json, runs_folder

T = TypeVar("T")


def runs_table(database: sqlite3.Connection) -> None:
    """One row a run: `place` orders the queue, `attempt` counts starts, `pid...` name the run's process."""
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
    """A row for every run folder that exists already, so that a lost database loses no run.

    Queued runs keep their order. Of the others, those that did not finish can be resumed.
    """
    found = [path.parent for path in runs_folder().glob("*/config.json")]
    places = {folder: queue_place.read(folder) for folder in found}
    for folder in sorted(found, key=lambda folder: (places[folder] or 0, _changed(folder))):
        finished = _has_finished(folder)
        queued = places[folder] is not None and not finished
        database.execute(
            "INSERT OR IGNORE INTO runs (id, place, name, config, state, sentence, created, step, progress)"
            " VALUES (?, (SELECT coalesce(max(place), 0) + 1 FROM runs), ?, '{}', ?, ?, ?, ?, ?)",
            [
                folder.name,
                folder.name,
                "finished" if finished else "queued" if queued else "interrupted",
                None if queued else "Found in its folder: the database had no record of this run.",
                _changed(folder),
                _last_step(folder),
                float(finished),
            ],
        )


def rename_hurry_to_force(database: sqlite3.Connection) -> None:
    database.execute("ALTER TABLE runs RENAME COLUMN hurry TO force")


def remove_disk_reserve(database: sqlite3.Connection) -> None:
    """Earlier versions kept half a megabyte back to be able to write on a full disk."""
    with suppress(OSError):
        (home() / "reserve").unlink()


def drop_config(database: sqlite3.Connection) -> None:
    """The config.json in a run's folder is the one record of its settings."""
    database.execute("ALTER TABLE runs DROP COLUMN config")


def descriptions(database: sqlite3.Connection) -> None:
    """Note and owner, which earlier versions did not have, and what the folders say of names and batches."""
    for column in ("note", "owner"):
        database.execute(f"ALTER TABLE runs ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
    for (id,) in database.execute("SELECT id FROM runs").fetchall():
        if (known := description.read(runs_folder() / id)) is not None:
            database.execute(
                "UPDATE runs SET name = ?, note = ?, owner = ?, batch = coalesce(?, batch),"
                " created = coalesce(?, created) WHERE id = ?",
                [known.name, known.note, known.owner, known.batch, known.created, id],
            )


def phases(database: sqlite3.Connection) -> None:
    """What a run does, since when, and how long its phases took (seconds by phase, as JSON)."""
    database.execute("ALTER TABLE runs ADD COLUMN phase TEXT")
    database.execute("ALTER TABLE runs ADD COLUMN phase_since REAL")
    database.execute("ALTER TABLE runs ADD COLUMN phase_seconds TEXT NOT NULL DEFAULT '{}'")


def warnings(database: sqlite3.Connection) -> None:
    """Why the result of a finished run says little."""
    database.execute("ALTER TABLE runs ADD COLUMN warning TEXT")
    finished = "SELECT id, step FROM runs WHERE state = 'finished' AND sentence IS NULL AND step > 0"
    for id, step in database.execute(finished).fetchall():
        database.execute("UPDATE runs SET warning = ? WHERE id = ?", [few_steps(step), id])


def pid_namespaces(database: sqlite3.Connection) -> None:
    """Where a run's pid counts. When a run was cancelled is no longer stored: the runner counts from then."""
    database.execute("ALTER TABLE runs ADD COLUMN pid_namespace TEXT NOT NULL DEFAULT ''")
    database.execute("ALTER TABLE runs DROP COLUMN cancel_asked")


def launchers(database: sqlite3.Connection) -> None:
    """Where a run works, and the settings of that launcher at its submission, as JSON."""
    database.execute("ALTER TABLE runs ADD COLUMN launcher TEXT NOT NULL DEFAULT 'local'")
    database.execute("ALTER TABLE runs ADD COLUMN launcher_settings TEXT NOT NULL DEFAULT '{}'")


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    runs_table,
    rows_of_folders,
    rename_hurry_to_force,
    remove_disk_reserve,
    drop_config,
    descriptions,
    phases,
    warnings,
    pid_namespaces,
    launchers,
)


def migrate(database: sqlite3.Connection) -> None:
    """Apply the migrations that a database lacks. Several processes may do so at once.

    Raises
    ------
    FairKDError
        When a newer version of FairKD has written the database.
    """
    version = _version(database)
    if version > len(MIGRATIONS):
        raise FairKDError(
            f"A newer version of FairKD has written the database of runs in {home()}: upgrade FairKD, or set"
            " FAIRKD_HOME to another folder."
        )
    if version < len(MIGRATIONS):
        _use_wal(database)
        transaction(database, _apply)


def transaction(database: sqlite3.Connection, action: Callable[[sqlite3.Connection], T]) -> T:
    """Call `action` in a transaction, after waiting for other writers. Returns its result."""
    database.execute("BEGIN IMMEDIATE")
    try:
        result = action(database)
        database.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # SQLite rolls back by itself after some errors
            database.execute("ROLLBACK")
        raise
    return result


def _apply(database: sqlite3.Connection) -> None:
    # Read again: this process may have waited for another one that has applied them.
    for number in range(_version(database) or _listed(database), len(MIGRATIONS)):
        MIGRATIONS[number](database)
        database.execute(f"PRAGMA user_version = {number + 1}")
    database.execute("DROP TABLE IF EXISTS migrations")


class WriteAheadLogError(sqlite3.OperationalError):
    """The file system does not support SQLite's write-ahead log, so a writer would stop all readers."""


def _use_wal(database: sqlite3.Connection) -> None:
    """Let readers work beside a writer. The file keeps the mode. SQLite itself does not wait here."""
    until = time.monotonic() + 10
    while True:
        try:
            (mode,) = database.execute("PRAGMA journal_mode = WAL").fetchone()
            if mode != "wal":
                raise WriteAheadLogError("it refuses the write-ahead log")
            return
        except WriteAheadLogError:
            raise
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def _changed(folder: Path) -> float:
    """When a run's settings were written: at its submission. 0 where that cannot be read."""
    try:
        return max(0.0, (folder / "config.json").stat().st_mtime)
    except OSError:
        return 0.0


def _has_finished(folder: Path) -> bool:
    """Whether a run has its model, or a measurement its end."""
    if (folder / "model" / "config.json").is_file():
        return True
    if readable_config(folder)[0] != "measure":
        return False
    with suppress(OSError, ValueError, AttributeError, IndexError):
        last = parse_json((folder / "events.jsonl").read_bytes().splitlines()[-1])
        return bool(last.get("type") == "end" and last.get("state") == "finished")
    return False


def _last_step(folder: Path) -> int:
    """The last step in a run's events; 0 where there is none."""
    with suppress(OSError):
        for line in reversed((folder / "events.jsonl").read_bytes().splitlines()):
            with suppress(ValueError, AttributeError):
                event = parse_json(line)
                step = event.get("step")
                known = isinstance(step, int) and 0 <= step <= MOST_STEPS
                if known and event.get("type") in ("train", "evaluation", "checkpoint", "end"):
                    return int(step)
    return 0


def _version(database: sqlite3.Connection) -> int:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    return int(version)


def _listed(database: sqlite3.Connection) -> int:
    """How many migrations an earlier version has listed in its table."""
    if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'migrations'").fetchone() is None:
        return 0
    (count,) = database.execute("SELECT count(*) FROM migrations").fetchone()
    return int(count)
