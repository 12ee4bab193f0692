"""Processes are killed at any moment: no run is lost or trained twice, and states are soon correct again."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from fairkd import runs
from fairkd.runs import events, lock, store, supervision
from fairkd.runs.process_identity import Identity, boot, this_process
from tests import ROOT
from tests.runs import stand_in
from tests.runs.conftest import (
    dashboard,
    processes,
    runner_process,
    steps_of,
    stored,
    suspend,
    until,
    worked_once,
    worker_process,
)

PAUSE = 0.1  # seconds a step of a run that has to be killed before its end, however busy the machine is


def test_a_killed_dashboard_does_not_stop_its_run(home: Path) -> None:
    process, id = dashboard(home, "alone", 25)
    time.sleep(random.uniform(0, 0.3))
    process.kill()
    process.wait()
    until(lambda: stored(id).state == "finished")
    worked_once(stored(id), 25)


def test_the_next_runner_supervises_the_run_of_a_killed_one(home: Path) -> None:
    first, second = runs.submit(stand_in.config(30, pause=PAUSE)), runs.submit(stand_in.config(5))
    until(lambda: stored(first.id).step > 1)
    time.sleep(random.uniform(0, 0.3))
    killed = runner_process()
    assert killed is not None
    killed.kill()
    until(lambda: runs.get(first.id) and (runner_process() or killed) != killed)
    until(lambda: runs.get(second.id).state == "finished")
    assert len({pid for pid, _ in steps_of(stored(first.id))}) == 1, "its own process went on"
    assert stored(first.id).state == "finished"
    assert stored(first.id).ended < stored(second.id).started, "still one at a time"
    worked_once(stored(first.id), 30)
    worked_once(stored(second.id), 5)


def test_a_queue_goes_on_after_its_runner_was_killed_although_nobody_reads_it(home: Path) -> None:
    first, second = runs.submit(stand_in.config(20, pause=PAUSE)), runs.submit(stand_in.config(5))
    until(lambda: stored(first.id).step > 1)
    runner_process().kill()
    until(lambda: stored(second.id).state == "finished")
    worked_once(stored(first.id), 20)


def test_a_killed_run_is_interrupted_and_can_be_resumed(home: Path) -> None:
    run, next_one = runs.submit(stand_in.config(30, pause=PAUSE)), runs.submit(stand_in.config(3))
    until(lambda: stored(run.id).step > 2)
    time.sleep(random.uniform(0, 0.3))
    worker_process(run.id).kill()
    until(lambda: stored(run.id).state == "interrupted")
    assert "SIGKILL" in stored(run.id).sentence and "checkpoint of step" in stored(run.id).sentence
    until(lambda: stored(next_one.id).state == "finished")
    runs.resume(run.id)
    until(lambda: runs.get(run.id).state == "finished")
    worked_once(stored(run.id), 30)
    written = events.read(run)[0]
    assert [event["type"] for event in written].count("start") == 2
    steps = [event["step"] for event in events.history(written) if event["type"] == "train"]
    assert steps == list(range(1, 31))


def test_the_next_reader_finds_a_runner_and_a_run_that_were_killed_together(home: Path) -> None:
    run, waiting = runs.submit(stand_in.config(60, pause=PAUSE)), runs.submit(stand_in.config(3))
    until(lambda: stored(run.id).step > 1)
    runner_process().kill()
    worker_process(run.id).kill()
    until(lambda: not processes(home))
    assert runs.get(run.id).state == "interrupted"
    until(lambda: stored(waiting.id).state == "finished")


def test_random_kills_lose_nothing_and_repeat_nothing(home: Path) -> None:
    chance = random.Random(time.time_ns())
    watching = [dashboard(home, f"variant {n}", 40)[::-1] for n in range(3)]
    ids = [id for id, _ in watching]
    end = time.monotonic() + 5
    while time.monotonic() < end:
        time.sleep(chance.uniform(0.05, 0.6))
        victim = chance.choice(("runner", "worker", "dashboard"))
        found = processes(home, victim)
        if found:
            try:
                chance.choice(found).kill()
            except psutil.NoSuchProcess:
                continue
    for _, process in watching:
        process.kill()
        process.wait()

    def all_finished() -> bool:
        for run in runs.all_runs():
            if run.state == "interrupted":
                runs.resume(run.id)
        return all(run.state == "finished" for run in runs.all_runs())

    until(all_finished, 180)
    assert {run.id for run in runs.all_runs()} == set(ids)
    for id in ids:
        worked_once(stored(id), 40)


def test_two_dashboards_share_one_runner(home: Path) -> None:
    (one, first), (two, second) = dashboard(home, "one", 15), dashboard(home, "two", 15)
    until(lambda: {stored(first).state, stored(second).state} == {"finished"})
    assert stored(first).ended < stored(second).started or stored(second).ended < stored(first).started
    until(lambda: not processes(home, "runner"))
    for process in (one, two):
        process.kill()
        process.wait()
    worked_once(stored(first), 15)
    worked_once(stored(second), 15)


def test_two_submissions_at_the_same_instant_both_run_one_after_the_other(home: Path) -> None:
    instant = str(time.time() + 2)
    both = [
        subprocess.Popen(
            [sys.executable, stand_in.HERE, "submit", name, json.dumps({"steps": 10}), instant],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for name in ("one", "two")
    ]
    ids = [process.communicate(timeout=120)[0].strip() for process in both]
    assert all(ids) and len(set(ids)) == 2
    until(lambda: all(stored(id).state == "finished" for id in ids))  # nobody looks
    early, late = sorted(map(stored, ids), key=lambda run: run.started)
    assert early.ended <= late.started
    for id in ids:
        worked_once(stored(id), 10)


def test_a_reader_starts_a_runner_for_a_row_without_one(home: Path) -> None:
    id, _ = runs.control.make_folder(stand_in.config(3))
    store.insert([(id, "killed between its row and its runner")], None)
    assert runs.get(id).state == "queued"
    until(lambda: runs.get(id).state == "finished")


@pytest.mark.parametrize("what", ["another process", "another boot", "no process"])
def test_a_pid_alone_is_not_trusted(home: Path, what: str) -> None:
    parent = psutil.Process(os.getppid())
    living = Identity.of(parent)
    stale = {
        "another process": Identity(living.pid, living.started - 3600, boot()),
        "another boot": Identity(living.pid, living.started, "0a0a0a0a"),
        "no process": Identity(2**22 + 1, living.started, boot()),
    }[what]
    id, _ = runs.control.make_folder(stand_in.config(3))
    store.insert_running(id, "from before", stale)
    assert runs.get(id).state == "interrupted"
    assert "resume" in stored(id).sentence
    assert parent.is_running()
    runs.resume(id)
    until(lambda: runs.get(id).state == "finished")


def test_a_note_of_a_live_process_without_the_lock_is_ignored(home: Path) -> None:
    home.mkdir()
    held = lock.RunnerLock.acquire()
    held._held.release()
    held.sign(this_process())  # this process lives, but holds no lock any more
    run = runs.submit(stand_in.config(3))
    until(lambda: stored(run.id).state == "finished")


def test_a_claimed_run_without_a_process_is_requeued_and_a_late_process_refused(home: Path) -> None:
    id, _ = runs.control.make_folder(stand_in.config(3))
    store.insert([(id, "claimed")], None)
    claimed = store.claim(1)
    assert claimed is not None and claimed.run.id == id and stored(id).state == "running"
    runs.reconcile()  # no runner lives
    assert not store.register(id, claimed.attempt, this_process())
    until(lambda: runs.get(id).state == "finished")
    worked_once(stored(id), 3)


def test_only_one_process_can_register_for_an_attempt(home: Path) -> None:
    id, _ = runs.control.make_folder(stand_in.config(3))
    store.insert([(id, "twice")], None)
    claimed = store.claim(1)
    assert claimed is not None
    assert store.register(id, claimed.attempt, this_process())
    assert not store.register(id, claimed.attempt, this_process())
    store.close(id, claimed.attempt, "failed", None)
    assert not store.register(id, claimed.attempt, this_process())


def test_states_are_corrected_while_the_runner_hangs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "STALE_AFTER", 0.5)
    run = runs.submit(stand_in.config(60, pause=PAUSE))
    until(lambda: stored(run.id).step > 1)
    runner = runner_process()
    suspend(runner)
    worker_process(run.id).kill()
    until(lambda: runs.get(run.id).state == "interrupted")
    runner.resume()


def test_the_children_of_a_killed_run_are_killed(home: Path) -> None:
    run = runs.submit(stand_in.config(100, pause=PAUSE, children=2))
    until(lambda: stored(run.id).step > 1)
    worker = worker_process(run.id)
    children = worker.children(recursive=True)
    assert len(children) == 2
    worker.send_signal(signal.SIGKILL)
    until(lambda: stored(run.id).state == "interrupted")
    until(lambda: not any(child.is_running() and child.status() != "zombie" for child in children))


def test_the_runner_exits_with_an_empty_queue_and_is_started_again(home: Path) -> None:
    first = runs.submit(stand_in.config(2))
    until(lambda: stored(first.id).state == "finished")
    until(lambda: not processes(home, "runner"))
    assert lock.holder() is None
    second = runs.submit(stand_in.config(2))
    until(lambda: stored(second.id).state == "finished")


def test_steps_of_a_resumed_run_come_from_another_process(home: Path) -> None:
    run = runs.submit(stand_in.config(20, pause=PAUSE))
    until(lambda: stored(run.id).step > 1)
    worker_process(run.id).kill()
    until(lambda: stored(run.id).state == "interrupted")
    runs.resume(run.id)
    until(lambda: stored(run.id).state == "finished")
    assert len({pid for pid, _ in steps_of(stored(run.id))}) == 2
