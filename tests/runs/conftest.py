"""A home folder for each test, with the stand-in's runners and workers, which are killed afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from fairkd import runs
from fairkd.runs import Run, lock, store, supervision
from tests import ROOT
from tests.runs import stand_in


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "home"
    yield from use_home(folder, monkeypatch)


def use_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("FAIRKD_HOME", str(folder))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv(supervision.SLOTS, raising=False)
    monkeypatch.setattr(supervision, "RUNNER", stand_in.RUNNER)
    yield folder
    for process in processes(folder):
        with contextlib.suppress(psutil.Error):
            process.kill()


def processes(home: Path, role: str = "") -> list[psutil.Process]:
    """The other live processes with this home; `role` is a word of their command."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            mine = process.environ().get("FAIRKD_HOME") == str(home) and process.pid != os.getpid()
            living = process.status() != psutil.STATUS_ZOMBIE
            if mine and living and (not role or role in process.cmdline()):
                found.append(process)
    return found


def until(condition: Callable[[], object], seconds: float = 45.0) -> None:
    """Wait until a condition holds. Fail if it takes too long."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not hold in time"
        time.sleep(0.03)


def stored(id: str) -> Run:
    """A run as its row has it, without any reconciliation."""
    return store.entry(id).run


def runner_process() -> psutil.Process | None:
    holder = lock.holder()
    return holder.process() if holder else None


def worker_process(id: str) -> psutil.Process | None:
    worker = store.entry(id).worker
    return worker.process() if worker else None


def suspend(process: psutil.Process) -> None:
    """Stop a process at a moment when it keeps nobody else from the database.

    SQLite locks the whole database while the last connection closes, so that a process stopped just then
    keeps every reader waiting.
    """
    for _ in range(200):
        process.suspend()
        until(lambda: process.status() == psutil.STATUS_STOPPED)
        if _is_free(store.database_path()):
            return
        process.resume()
        time.sleep(0.01)
    raise AssertionError("the process held the database whenever it was stopped")


def _is_free(database: Path) -> bool:
    """Whether another process could write to the database at once."""
    try:
        with contextlib.closing(sqlite3.connect(database, timeout=0.2, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return False
    return True


def dashboard(
    home: Path, name: str, steps: int = 20, **behaviour: object
) -> tuple[subprocess.Popen[str], str]:
    """A process that submits a run and then lists the runs forever, and the run's id."""
    settings = json.dumps({"steps": steps, **behaviour})
    process = subprocess.Popen(
        [sys.executable, stand_in.HERE, "dashboard", name, settings],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def steps_of(run: Run) -> list[tuple[int, int]]:
    """The (pid, step) of every step that was trained."""
    lines = (run.folder / "steps.txt").read_text().splitlines()
    return [(int(pid), int(step)) for pid, step in (line.split() for line in lines)]


def worked_once(run: Run, total: int) -> None:
    """Check that processes did not take turns, and that each step was trained once, except for a lost one."""
    steps = steps_of(run)
    order = [pid for n, (pid, _) in enumerate(steps) if n == 0 or steps[n - 1][0] != pid]
    assert len(order) == len(set(order)), "two processes took turns"
    assert {step for _, step in steps} == set(range(1, total + 1))
    for (pid, step), (next_pid, next_step) in zip(steps, steps[1:], strict=False):
        # A process that was killed between a step and its checkpoint leaves that step to be done again.
        assert next_step == step + 1 or (next_pid != pid and next_step == step)


@pytest.fixture
def quiet(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home where no runner is started: what is queued stays queued."""
    monkeypatch.setattr(supervision, "start_runner", lambda: None)
    return home


def wait_for_state(id: str, state: str) -> runs.Run:
    until(lambda: stored(id).state == state)
    return stored(id)
