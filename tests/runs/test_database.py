"""The database of runs: migrations, many processes at once, loss, damage."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from fairkd import runs
from fairkd.errors import FairKDError, InputError
from fairkd.runs import schema, store
from fairkd.runs.process_identity import this_process
from fairkd.runs.schema import MIGRATIONS
from tests.runs import stand_in
from tests.runs.conftest import processes, stored, until, wait_for_state, worked_once

# The database of version 0.1, with the columns in which its rows differ from their defaults.
VERSION_0_1 = """
CREATE TABLE migrations (name TEXT PRIMARY KEY);
INSERT INTO migrations VALUES ('runs_table'), ('rows_of_folders');
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
);
CREATE INDEX runs_by_state ON runs (state, place);
INSERT INTO runs (id, place, name, config, state, sentence, created, ended, step, attempt) VALUES
    ('aa', 1, 'old', '{"seed": 3}', 'failed', 'The disk is full.', 1.0, 2.0, 40, 1);
INSERT INTO runs (id, place, name, config, state, created, attempt, cancel_asked, hurry) VALUES
    ('bb', 2, 'ending', '{}', 'cancelling', 3.0, 1, 4.0, 1);
"""


def first_values(home: Path, *statements: str) -> list[object]:
    """The first value that each statement returns."""
    with contextlib.closing(sqlite3.connect(home / "runs.sqlite")) as database:
        return [(database.execute(statement).fetchone() or [None])[0] for statement in statements]


def write_version_0_1(home: Path) -> None:
    home.mkdir()
    (home / "reserve").write_bytes(b"x")
    for id in ("aa", "bb"):
        (home / "runs" / id).mkdir(parents=True)
        (home / "runs" / id / "config.json").write_text('{"seed": 3, "optimizer": {"clip": 2.0}}')
    with contextlib.closing(sqlite3.connect(home / "runs.sqlite")) as database:
        database.executescript(VERSION_0_1)


def test_migrations_are_applied_once_each(quiet: Path) -> None:
    for _ in range(3):
        assert store.claim(1) is None
    version, mode, listed = first_values(
        quiet,
        "PRAGMA user_version",
        "PRAGMA journal_mode",
        "SELECT name FROM sqlite_master WHERE name = 'migrations'",
    )
    assert (version, mode, listed) == (len(MIGRATIONS), "wal", None)
    assert not (quiet / "reserve").exists()


def test_a_database_of_version_0_1_is_migrated_with_its_rows(quiet: Path) -> None:
    write_version_0_1(quiet)
    failed, ending = store.entry("aa"), store.entry("bb")
    assert (failed.run.name, failed.run.state, failed.run.step, failed.force) == ("old", "failed", 40, False)
    assert (failed.run.sentence, failed.run.ended) == ("The disk is full.", 2.0)
    assert (ending.run.state, ending.force) == ("cancelling", True)
    assert first_values(quiet, "PRAGMA user_version", "SELECT count(*) FROM runs") == [len(MIGRATIONS), 2]
    assert not (quiet / "reserve").exists()
    assert runs.resume("aa").state == "queued"


def test_many_processes_can_open_an_old_database_at_once(quiet: Path) -> None:
    write_version_0_1(quiet)
    code = "from fairkd.runs import store; assert len(store.entries()) == 2"
    many = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(6)]
    assert [process.wait() for process in many] == [0] * 6
    assert first_values(quiet, "PRAGMA user_version") == [len(MIGRATIONS)]


def test_a_database_of_a_newer_version_is_left_alone(quiet: Path) -> None:
    run = runs.submit(stand_in.config(3))
    first_values(quiet, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    for action in (runs.all_runs, lambda: runs.submit(stand_in.config(3)), lambda: runs.cancel(run.id)):
        with pytest.raises(FairKDError, match="A newer version of FairKD has written .*: upgrade FairKD"):
            action()
    assert first_values(quiet, "PRAGMA user_version", "SELECT state FROM runs") == [
        len(MIGRATIONS) + 1,
        "queued",
    ]


def test_a_failed_migration_says_why_even_if_sqlite_has_rolled_back_by_itself(
    quiet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(database: sqlite3.Connection) -> None:
        database.execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(schema, "MIGRATIONS", (*MIGRATIONS, fill))
    with pytest.raises(InputError, match="database or disk is full"):
        store.make_home()


def test_a_home_without_read_permission_is_one_sentence(quiet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exists(path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", exists)
    for look in (runs.all_runs, lambda: runs.submit(stand_in.config(4))):
        with pytest.raises(InputError, match="Permission denied.*set FAIRKD_HOME"):
            look()


def test_many_processes_can_open_a_new_database_at_once(quiet: Path) -> None:
    code = "from fairkd.runs import store; store.make_home(); store.entries(); store.claim(1)"
    many = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(6)]
    assert [process.wait() for process in many] == [0] * 6


def test_a_lost_or_damaged_database_loses_no_run(home: Path) -> None:
    done = runs.submit(stand_in.config(2), name="done")
    cut = runs.submit(stand_in.config(25, pause=0.1), name="cut")
    wait_for_state(done.id, "finished")
    until(lambda: stored(cut.id).step > 1)
    runs.cancel(cut.id)
    wait_for_state(cut.id, "cancelled")
    until(lambda: not processes(home))
    for path in home.glob("runs.sqlite-*"):
        path.unlink()
    (home / "runs.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(FairKDError, match="is damaged: move it away"):
        runs.all_runs()
    (home / "runs.sqlite").unlink()
    assert {run.id: run.state for run in runs.all_runs()} == {done.id: "finished", cut.id: "interrupted"}
    assert runs.get(cut.id).config == cut.config
    runs.resume(cut.id)
    wait_for_state(cut.id, "finished")
    worked_once(stored(cut.id), 25)


def test_a_closed_attempt_is_not_closed_again(quiet: Path) -> None:
    id, _ = runs.control.make_folder(stand_in.config(3))
    store.insert_running(id, "mine", this_process())
    assert store.close(id, 1, "finished", None)
    assert not store.close(id, 1, "failed", "too late")
    store.update(id, 1, step=99)
    assert (stored(id).state, stored(id).step, stored(id).progress) == ("finished", 0, 1.0)
