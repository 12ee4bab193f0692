"""The database of runs: made once, by many at once, lost, damaged, full."""

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
from fairkd.runs.process_identity import me
from fairkd.runs.schema import MIGRATIONS
from tests.runs import stand_in
from tests.runs.conftest import processes, stored, until, wait_for_state, worked_once


def test_migrations_are_applied_once_each(quiet: Path) -> None:
    for _ in range(3):
        assert store.claim(1) is None
    with contextlib.closing(sqlite3.connect(quiet / "runs.sqlite")) as database:
        names = [name for (name,) in database.execute("SELECT name FROM migrations")]
        (mode,) = database.execute("PRAGMA journal_mode").fetchone()
    assert names == [migration.__name__ for migration in MIGRATIONS]
    assert mode == "wal"


def test_a_migration_that_fails_says_why_also_where_the_database_has_rolled_back_by_itself(
    quiet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(database: sqlite3.Connection) -> None:
        database.execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(schema, "MIGRATIONS", (*MIGRATIONS, fill))
    with pytest.raises(InputError, match="database or disk is full"):
        store.make_home()


def test_a_home_that_may_not_be_looked_into_is_one_sentence(
    quiet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exists(path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", exists)
    for look in (runs.all_runs, lambda: runs.submit(stand_in.config(4))):
        with pytest.raises(InputError, match="Permission denied.*set FAIRKD_HOME"):
            look()


def test_a_new_database_can_be_opened_by_many_at_once(quiet: Path) -> None:
    code = "from fairkd.runs import store; store.make_home(); store.entries(); store.claim(1)"
    many = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(6)]
    assert [process.wait() for process in many] == [0] * 6


def test_a_lost_or_damaged_database_loses_no_run(home: Path) -> None:
    done, cut = runs.submit(stand_in.config(2), name="done"), runs.submit(stand_in.config(50), name="cut")
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
    worked_once(stored(cut.id), 50)


def test_an_attempt_that_was_closed_stays_as_it_was_closed(quiet: Path) -> None:
    id, values = runs.control.make_folder(stand_in.config(3))
    store.insert_running(id, "mine", values, me())
    assert store.close(id, 1, "finished", None)
    assert not store.close(id, 1, "failed", "too late")
    store.advance(id, 1, step=99)
    assert (stored(id).state, stored(id).step, stored(id).progress) == ("finished", 0, 1.0)
