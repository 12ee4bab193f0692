"""The process that waits for a run: it becomes that run's, or ends with its runner."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from fairkd import runs
from fairkd.runs import process_identity, standby, store, supervision
from fairkd.runs.run_access import RunAccess
from fairkd.utils import MODELS_VARIABLE, Access
from tests.runs import stand_in
from tests.runs.conftest import processes, runner_process, stored, until, worked_once, worker_process
from tests.runs.test_kills import PAUSE

NOTE = "standby.json"


def ready(home: Path) -> psutil.Process:
    """The one standby, after the runner has started it."""
    runs.prepare()
    until(lambda: processes(home, "standby"))
    (process,) = processes(home, "standby")
    return process


def environments(id: str) -> list[dict[str, str]]:
    """Those of the processes that a run has started."""
    worker = worker_process(id)
    found = []
    with contextlib.suppress(AttributeError, psutil.Error):
        found = [child.environ() for child in worker.children()]
    return found


def test_it_works_on_the_next_run_like_a_process_that_was_started_for_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MODELS_VARIABLE, "runner/*")  # of the server that starts the runner
    waiting = ready(home)
    access = RunAccess(Access(("embedded/teacher",), None))
    settings = {"pause": PAUSE, "children": 1}
    first, second = (runs.submit(stand_in.config(1000, **settings), access=access) for _ in range(2))
    found = {}
    for run in (first, second):
        until(lambda run=run: stored(run.id).step > 1 and environments(run.id))
        worker = worker_process(run.id)
        assert (worker == waiting) == (run is first)
        assert worker.cwd() == str(run.folder) and worker.parent() == runner_process()
        assert os.readlink(f"/proc/{worker.pid}/fd/0") == os.devnull
        (found[run.id],) = environments(run.id)
        assert found[run.id].pop(process_identity.MARK) == supervision.mark_of(run.id, 1)
        assert found[run.id][MODELS_VARIABLE] == "embedded/teacher"
        started = [worker, *worker.children()]
        runs.cancel(run.id)
        until(lambda run=run: stored(run.id).state == "cancelled")
        until(lambda started=started: not any(process.is_running() for process in started))
        assert "step" in (run.folder / "log.txt").read_text()
    assert found[first.id] == found[second.id]


def test_its_run_outlives_the_runner_and_can_be_killed(home: Path) -> None:
    waiting = ready(home)
    run = runs.submit(stand_in.config(1000, pause=PAUSE))
    until(lambda: stored(run.id).step > 1)
    assert worker_process(run.id) == waiting
    killed = runner_process()
    killed.kill()
    step = stored(run.id).step
    until(lambda: stored(run.id).step > step + 2)
    until(lambda: runs.get(run.id) and (runner_process() or killed) != killed)
    assert not [one for one in processes(home, "standby") if one != waiting], "the only slot is taken"
    waiting.kill()
    until(lambda: stored(run.id).state == "interrupted")


def test_a_run_whose_standby_dies_first_gets_another_process(home: Path) -> None:
    waiting = ready(home)
    waiting.send_signal(signal.SIGSTOP)
    run = runs.submit(stand_in.config(3))
    until(lambda: stored(run.id).state == "running")
    time.sleep(0.2)  # the runner has given it the run
    waiting.kill()
    until(lambda: stored(run.id).state == "finished")
    worked_once(stored(run.id), 3)
    waiting = ready(home)
    waiting.kill()
    other = runs.submit(stand_in.config(3))
    until(lambda: stored(other.id).state == "finished")
    time.sleep(0.2)
    assert not processes(home, "standby"), "this runner starts no other one"


def test_it_ends_with_its_runner(home: Path) -> None:
    ready(home)
    runner_process().kill()
    until(lambda: not processes(home))
    assert runs.all_runs() == []


def test_it_ends_when_nobody_has_asked_for_it_for_a_while(home: Path) -> None:
    ready(home)
    before = time.time() - standby.IDLE_SECONDS - 1
    os.utime(home / NOTE, (before, before))
    until(lambda: not processes(home))


def test_it_is_wanted_while_the_process_that_asked_lives(quiet: Path) -> None:
    assert not standby.is_wanted()
    runs.prepare()
    assert standby.is_wanted()
    note = json.loads((quiet / NOTE).read_text())
    (quiet / NOTE).write_text(json.dumps({**note, "started": note["started"] - 60}))
    assert not standby.is_wanted()
    (quiet / NOTE).write_text("{")
    assert not standby.is_wanted()


def test_code_that_has_changed_is_not_run(quiet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is a standby started where memory is short."""
    run = runs.submit(stand_in.config(3))
    entry = store.entry(run.id)
    one = standby.Standby(stand_in.STANDBY)
    monkeypatch.setattr(standby.hardware, "free_memory", lambda: standby.MEMORY - 1)
    one.keep(dict(os.environ))
    assert one.hand_over(entry, os.environ) is None and not processes(quiet)
    monkeypatch.setattr(standby.hardware, "free_memory", lambda: standby.MEMORY)
    one.keep(dict(os.environ))
    until(lambda: len(processes(quiet)) == 1)
    monkeypatch.setattr(standby, "_code", lambda: {("fairkd/distill/loop.py", time.time())})
    assert one.hand_over(entry, os.environ) is None
    assert not processes(quiet)
