"""The runner's lock: one holder, freed by the system however that ends, inherited by nobody."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fairkd import runs
from fairkd.distill.config.config import make_config
from fairkd.errors import InputError
from fairkd.runs import lock, store, supervision
from fairkd.runs.lock import RunnerLock, UnsupportedLocksError
from fairkd.runs.process_identity import Identity, boot, this_process
from tests.runs import stand_in
from tests.runs.conftest import stored, until

HOLD = "from fairkd.runs.lock import RunnerLock; held = RunnerLock.acquire(); assert held;"
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@pytest.fixture(autouse=True)
def home_folder(home: Path) -> Path:
    home.mkdir()
    return home


def holding(then: str) -> subprocess.Popen[str]:
    """A process that holds the lock and has run `then`, which prints one line."""
    command = [sys.executable, "-c", f"import os, subprocess, sys, time; {HOLD} {then}; time.sleep(60)"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def is_free() -> bool:
    held = RunnerLock.acquire()
    if held is not None:
        held.release()
    return held is not None


def refuse_to_wait(seconds: float) -> None:
    raise AssertionError("it waited")


def test_only_one_holds_the_lock_and_the_others_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    held = RunnerLock.acquire()
    assert held is not None
    monkeypatch.setattr("time.sleep", refuse_to_wait)
    assert not is_free()
    held.release()
    assert is_free()


def test_the_lock_of_a_killed_process_is_free_at_once() -> None:
    process = holding("print(flush=True)")
    line_of(process)
    assert not is_free()
    process.kill()
    process.wait()
    assert is_free()


@pytest.mark.parametrize(
    "start",
    [
        "subprocess.Popen(['sleep', '60'], close_fds=False)",
        "subprocess.Popen(['sleep', '60'], start_new_session=True)",
    ],
)
def test_a_started_process_does_not_inherit_the_lock(start: str) -> None:
    process = holding(f"print({start}.pid, flush=True)")
    child = int(line_of(process))
    try:
        process.kill()
        process.wait()
        os.kill(child, 0)  # it lives on
        assert is_free()
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_forked_process_does_not_inherit_the_lock() -> None:
    """As the workers of a data loader are forked, in a notebook that submits a run meanwhile."""
    process = holding("child = os.fork(); child and print(child, flush=True)")
    child = int(line_of(process))
    try:
        time.sleep(0.2)
        assert not is_free(), "the child closes its copy and does not release the parent's"
        process.kill()
        process.wait()
        os.kill(child, 0)
        until(is_free)
    finally:
        os.kill(child, signal.SIGKILL)


def test_the_lock_file_is_never_replaced(home_folder: Path) -> None:
    """Two processes could otherwise lock two files of the same name."""
    assert is_free()
    path = home_folder / "runner.lock"
    path.write_text("left by an earlier version")
    inode = path.stat().st_ino
    assert is_free()
    assert (path.stat().st_ino, path.read_text()) == (inode, "left by an earlier version")


def test_the_holder_leaves_a_note_and_its_heartbeat() -> None:
    assert lock.holder() is None and lock.seconds_since_heartbeat() == float("inf")
    held = RunnerLock.acquire()
    held.sign(this_process())
    assert lock.holder() == this_process()
    os.utime(lock._note_path(), (0, 0))
    assert lock.seconds_since_heartbeat() > 1000
    held.heartbeat()
    assert lock.seconds_since_heartbeat() < 100
    held.release()
    assert lock.holder() is None


def test_whoever_takes_the_lock_next_clears_the_note_of_a_dead_holder() -> None:
    process = holding(
        "from fairkd.runs.process_identity import this_process; held.sign(this_process()); print(flush=True)"
    )
    line_of(process)
    assert lock.holder().pid == process.pid
    process.kill()
    process.wait()
    assert lock.holder() is not None
    assert is_free()
    assert lock.holder() is None


def test_a_full_disk_costs_the_note_and_not_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    held = RunnerLock.acquire()

    def full(text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(lock, "_write_note", full)
    held.sign(this_process())
    held.heartbeat()
    assert lock.holder() is None and not is_free()
    held.release()
    assert is_free()


def without_locks(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(descriptor: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", fail)


@pytest.mark.parametrize("number", NO_LOCKS)
def test_a_file_system_without_locks_is_one_sentence_and_no_soft_lock(
    home_folder: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    without_locks(monkeypatch, number)
    with pytest.raises(UnsupportedLocksError) as caught:
        RunnerLock.acquire()
    sentence = str(caught.value)
    assert str(home_folder) in sentence and os.strerror(number) in sentence
    assert sentence.endswith("set FAIRKD_HOME to a folder on a local disk.")


def test_without_locks_nothing_is_queued_and_what_waits_says_why(
    home_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "start_runner", lambda: None)
    waiting, cancelled = runs.submit(stand_in.config(3)), runs.submit(stand_in.config(3))
    runs.cancel(cancelled.id)
    with monkeypatch.context() as patch:
        without_locks(patch, errno.ENOLCK)
        for action in (lambda: runs.submit(stand_in.config(3)), lambda: runs.resume(cancelled.id)):
            with pytest.raises(InputError, match="Background runs need file locks.* set FAIRKD_HOME"):
                action()
        listed = {run.id: (run.state, run.sentence or "") for run in runs.all_runs()}
        assert listed.keys() == {waiting.id, cancelled.id}
        state, sentence = listed[waiting.id]
        assert state == "queued" and "need file locks" in sentence
        assert listed[cancelled.id] == ("cancelled", "Cancelled before it started.")
        assert {folder.name for folder in (home_folder / "runs").iterdir()} == {waiting.id, cancelled.id}
    assert store.claim(1).run.sentence is None, "it no longer waits"


def test_without_locks_a_run_in_the_foreground_works_and_its_death_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without_locks(monkeypatch, errno.ENOLCK)
    with runs.foreground(make_config({"budget": {"steps": 1}})) as session:
        assert runs.get(session.run.id).state == "running"
    assert stored(session.run.id).state == "finished"
    dead = Identity(2**22 + 1, 0.0, boot())
    id, _ = runs.control.make_folder(stand_in.config(3))
    store.insert_running(id, "from before", dead)
    assert runs.get(id).state == "interrupted"
