"""Homes that are shared, read-only or on odd file systems; clocks that were set back; who may read a home."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fairkd import runs
from fairkd.errors import FairKDError, InputError
from fairkd.runs import events, lock, process_identity, store, supervision
from fairkd.runs.process_identity import Identity, this_process
from fairkd.runs.run_record import Entry
from fairkd.runs.runner import Runner
from tests.runs import stand_in
from tests.runs.conftest import processes, stored, suspend, until, use_home, wait_for_state

DAY = 24 * 3600.0


# --- file systems ---


def test_a_home_without_a_write_ahead_log_is_one_sentence_at_submit_and_in_the_list(
    quiet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    # A database in memory refuses the log, as one on a file system without shared memory does.
    monkeypatch.setattr(store.sqlite3, "connect", lambda path, **options: connect(":memory:", **options))
    quiet.mkdir()
    for act in (lambda: runs.submit(stand_in.config(1)), runs.all_runs):
        with pytest.raises(
            InputError, match="locks and shared memory .*: set FAIRKD_HOME to a folder on a l"
        ):
            act()
    assert not list((quiet / "runs").iterdir()), "nothing waits in a queue"


@pytest.mark.parametrize("name", ["SQLITE_PROTOCOL", "SQLITE_IOERR_SHMMAP", "SQLITE_IOERR_LOCK"])
def test_a_database_moved_to_such_a_file_system_says_so(
    quiet: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    runs.submit(stand_in.config(1))

    def fail(*_: object, **__: object) -> None:
        error = sqlite3.OperationalError("locking protocol")
        error.sqlite_errorname = name
        raise error

    monkeypatch.setattr(store.sqlite3, "connect", fail)
    with pytest.raises(InputError, match="lacks what the database of runs needs.*local disk"):
        runs.all_runs()


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home on a file system of its own, which can be mounted again as read-only."""
    folder = tmp_path / "mounted"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "fairkd-test", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a file system")
    monkeypatch.setattr(supervision, "start_runner", lambda: None)
    try:
        yield from use_home(folder / "home", monkeypatch)
    finally:
        until(lambda: subprocess.run(["umount", str(folder)], capture_output=True).returncode == 0)


def check_read_only(done: runs.Run, waiting: runs.Run, target: Path) -> None:
    """Runs are listed, shown and exported; what would change them is refused in one sentence."""
    found = {run.id: run for run in runs.all_runs()}
    assert found[done.id].state == "finished" and found[done.id].name == "done"
    assert "cannot be written" in found[waiting.id].sentence and found[waiting.id].state == "queued"
    assert events.read(found[done.id])[0] and found[done.id].config == done.config
    assert runs.export(done.id, target).is_file()
    for act in (runs.cancel, runs.resume, runs.delete, lambda id: runs.describe(id, note="x")):
        with pytest.raises(FairKDError):
            act(waiting.id)
    with pytest.raises(InputError, match="cannot be written"):
        runs.submit(stand_in.config(1))
    assert runs.get(waiting.id).state == "queued"


def two_runs(home: Path) -> tuple[runs.Run, runs.Run]:
    done, waiting = (runs.submit(stand_in.config(1), name=name) for name in ("done", "waiting"))
    claimed = store.claim(1)
    assert claimed is not None and store.register(done.id, 1, this_process())
    with runs.Writer(done.folder) as writer:
        writer.write({"type": "message", "text": "Hello."})
    store.close(done.id, 1, "finished", None)
    return stored(done.id), waiting


def test_a_read_only_home_is_listed_shown_and_exported(mounted: Path, tmp_path: Path) -> None:
    done, waiting = two_runs(mounted)
    # A connection that stays open leaves a write-ahead log, as a killed process does.
    with contextlib.closing(sqlite3.connect(mounted / "runs.sqlite")) as held:
        held.execute("BEGIN")
        held.execute("SELECT * FROM runs").fetchall()
        runs.describe(done.id, note="In the write-ahead log.")
        shutil.copytree(mounted, mounted.parent / "kept")
    shutil.rmtree(mounted)
    (mounted.parent / "kept").rename(mounted)
    assert (mounted / "runs.sqlite-wal").stat().st_size
    subprocess.run(["mount", "-o", "remount,ro", str(mounted.parent)], check=True)
    check_read_only(done, waiting, tmp_path / "run.zip")
    assert runs.get(done.id).note == "In the write-ahead log."


def test_a_home_of_somebody_else_is_read_from_a_copy(
    quiet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for a user who may read and not write; this one may be root."""
    done, waiting = two_runs(quiet)
    monkeypatch.setattr(store, "is_read_only", lambda: True)

    def refuse(folder: Path) -> Path:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(lock, "make_private", refuse)
    check_read_only(done, waiting, tmp_path / "run.zip")


# --- other containers ---


def of_another_container(identity: Identity) -> Identity:
    return replace(identity, namespace="0123456789ab")


def test_a_run_of_another_container_lives_as_long_as_its_lock_is_held(quiet: Path) -> None:
    id, _ = runs.control.make_folder(stand_in.config(3))
    folder = quiet / "runs" / id
    store.insert_running(id, "elsewhere", Identity(2**22 + 1, 0.0, "another boot", "0123456789ab"))
    with lock.working_on(folder):
        assert runs.get(id).state == "running"
        runner = Runner(command=stand_in.command, slots=1)
        assert runner.tick() and stored(id).state == "running"
    assert runs.get(id).state == "interrupted"


def test_a_pid_of_another_container_is_never_killed_here(quiet: Path) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        here = Identity.of(process_identity.psutil.Process(bystander.pid))
        assert here.alive and not of_another_container(here).alive
        assert process_identity.tree(of_another_container(here), "x:1") == []
        id, _ = runs.control.make_folder(stand_in.config(3))
        store.insert_running(id, "elsewhere", of_another_container(here))
        runs.reconcile()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_runner_of_another_container_is_left_alone(quiet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    run = runs.submit(stand_in.config(3))
    monkeypatch.setattr(supervision, "start_runner", lambda: started.append(1))
    held = lock.RunnerLock.acquire()
    held.sign(of_another_container(this_process()))
    with monkeypatch.context() as patch:
        patch.setattr("time.sleep", lambda seconds: started.append("after a wait"))
        supervision.ensure_runner()
    assert not started
    assert runs.get(run.id).sentence is None, "it sent a heartbeat a moment ago"
    os.utime(quiet / "runner.json", (time.time() - 60, time.time() - 60))
    assert "in another container" in runs.get(run.id).sentence
    held.release()


# --- stopped processes ---


def test_a_stopped_runner_is_named_at_the_runs_that_wait_for_it(home: Path) -> None:
    first, second = runs.submit(stand_in.config(10_000)), runs.submit(stand_in.config(1))
    until(lambda: stored(first.id).step > 1)
    runner = lock.holder().process()
    suspend(runner)
    try:
        os.utime(home / "runner.json", (time.time() - 60, time.time() - 60))
        assert f"kill -CONT {runner.pid}" in runs.get(second.id).sentence
        assert runs.get(first.id).state == "running"
    finally:
        runner.resume()
    runs.cancel(first.id)
    until(lambda: runs.get(second.id).state == "finished")
    assert runs.get(second.id).sentence is None


def test_a_stopped_process_that_holds_the_database_is_named_and_the_list_lives(
    quiet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.submit(stand_in.config(3))
    code = (
        "import sqlite3, sys, time; sys.stdin.readline();"
        " held = sqlite3.connect(sys.argv[1], isolation_level=None);"
        " held.execute('BEGIN IMMEDIATE'); print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(quiet / "runs.sqlite")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        store.claim(1)
        assert store.register(run.id, 1, Identity.of(process_identity.psutil.Process(holder.pid)))
        holder.stdin.write("\n")  # only now, so that it does not keep these lines waiting
        holder.stdin.flush()
        assert holder.stdout.readline() == "held\n"
        holder.send_signal(signal.SIGSTOP)
        until(lambda: process_identity.is_stopped(process_identity.psutil.Process(holder.pid)))
        monkeypatch.setattr(store, "BUSY_TIMEOUT", 0.2)
        begin = time.monotonic()
        assert [one.state for one in runs.all_runs()] == ["running"]
        assert time.monotonic() - begin < 10
        with pytest.raises(FairKDError, match=f"process {holder.pid} was stopped.*kill -CONT {holder.pid}"):
            runs.cancel(run.id)
    finally:
        holder.kill()
        holder.wait()


# --- the clock ---


def test_a_clock_that_was_set_back_delays_no_start(quiet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.submit(stand_in.config(1))
    (quiet / "runner.starting").touch()
    os.utime(quiet / "runner.starting", (time.time() + DAY, time.time() + DAY))
    started = []
    monkeypatch.setattr(supervision, "start_runner", lambda: started.append(1))
    runs.reconcile()
    assert started
    held = lock.RunnerLock.acquire()
    held.sign(this_process())
    os.utime(quiet / "runner.json", (time.time() + DAY, time.time() + DAY))
    assert lock.seconds_since_heartbeat() == float("inf"), "states are corrected although it seems fresh"
    said = runs.reconcile()
    assert said is not None and "has not answered. If it was stopped" in said, "there is no duration"
    held.release()


def test_a_runner_that_has_just_begun_is_not_called_silent(
    quiet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.submit(stand_in.config(1))
    held = lock.RunnerLock.acquire()
    held.sign(this_process())
    seen = iter((float("inf"), 0.0))  # it signs while somebody else looks
    monkeypatch.setattr(lock, "seconds_since_heartbeat", lambda: next(seen))
    assert runs.reconcile() is None
    held.release()


def test_a_finished_run_is_finished_although_the_clock_was_set_back(quiet: Path) -> None:
    run = runs.submit(stand_in.config(1))
    claimed = store.claim(1)
    assert store.register(run.id, 1, Identity(2**22 + 1, 0.0, ""))
    with runs.Writer(run.folder) as writer:
        end = {"type": "end", "step": 1, "state": "finished", "sentence": None}
        writer.write({**end, "time": claimed.run.started - DAY, "attempt": 1})
    assert runs.get(run.id).state == "finished"


def test_the_end_of_an_earlier_attempt_is_not_that_of_this_one(quiet: Path) -> None:
    run = runs.submit(stand_in.config(1))
    store.claim(1)
    assert store.register(run.id, 1, Identity(2**22 + 1, 0.0, ""))
    with runs.Writer(run.folder) as writer:
        end = {"type": "end", "step": 1, "state": "finished", "sentence": None}
        writer.write({**end, "time": time.time() + DAY, "attempt": 0})
    assert runs.get(run.id).state == "interrupted"


def test_a_cancelled_run_is_terminated_by_the_time_that_passed(
    quiet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.submit(stand_in.config(1000, stubborn=True))
    runner = Runner(command=stand_in.command, slots=1, terminate_after=0.2, kill_after=0.2)
    until(lambda: runner.tick() and stored(run.id).step > 0)
    runs.cancel(run.id)
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    until(lambda: not runner.tick())
    assert stored(run.id).state in ("cancelled", "interrupted")


def test_runs_are_listed_in_the_order_of_submission(quiet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = runs.submit(stand_in.config(1))
    monkeypatch.setattr(time, "time", lambda: first.created - DAY)
    second = runs.submit(stand_in.config(1))
    assert [run.id for run in runs.all_runs()] == [second.id, first.id]


# --- a lost database ---


def test_a_lost_database_keeps_names_owners_notes_batches_and_the_queue(quiet: Path) -> None:
    made = runs.submit_all([("b", stand_in.config(1)), ("a", stand_in.config(1))], note="Noted.", owner="Ada")
    last, gone = runs.submit(stand_in.config(1), name="last"), runs.submit(stand_in.config(1), name="gone")
    runs.cancel(gone.id)
    runs.cancel(made[0].id)
    runs.resume(made[0].id)  # now behind the others
    for path in quiet.glob("runs.sqlite*"):
        path.unlink()
    found = {run.id: run for run in runs.all_runs()}
    queue = sorted((run for run in found.values() if run.state == "queued"), key=lambda run: run.place)
    assert [run.name for run in queue] == ["a", "last", "b"]
    again = found[made[0].id]
    assert (again.owner, again.note, again.batch) == ("Ada", "Noted.", made[0].batch)
    assert abs(again.created - made[0].created) < 1
    assert found[gone.id].state == "interrupted" and "no record" in found[gone.id].sentence
    assert store.claim(1).run.id == made[1].id
    assert found[last.id].sentence is None


# --- who may read ---


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
        for path in (folder, *folder.rglob("*"))
    }


def test_a_home_and_all_files_in_it_are_for_their_user_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = os.umask(0)
    try:
        run = runs.submit(stand_in.config(2))
        wait_for_state(run.id, "finished")
        until(lambda: not processes(home))
        runs.export(run.id, home.parent / "run.zip")
    finally:
        os.umask(before)
    found = modes(home)
    made = ("runs.sqlite", f"runs/{run.id}/config.json", f"runs/{run.id}/events.jsonl", "runner.json")
    assert {found[name] for name in made} == {0o600}
    assert found["."] == found["runs"] == found[f"runs/{run.id}"] == 0o700
    assert not [name for name, mode in found.items() if mode & 0o077]
    assert stat.S_IMODE((home.parent / "run.zip").stat().st_mode) == 0o600


def test_a_home_of_an_earlier_version_is_tightened_at_the_next_submission(quiet: Path) -> None:
    run = runs.submit(stand_in.config(1))
    for name in ("runs", "runs.sqlite"):
        (quiet / name).chmod(0o755 if name == "runs" else 0o644)
    quiet.chmod(0o755)
    runs.submit(stand_in.config(1))
    found = modes(quiet)
    assert (found["runs"], found["runs.sqlite"]) == (0o700, 0o600)
    assert found["."] == 0o755, "it may be a folder that others use, such as /srv"
    (quiet / "runs").chmod(0o770)
    runs.submit(stand_in.config(1))
    assert modes(quiet)["runs"] == 0o770, "a group shares it on purpose"
    assert runs.get(run.id).state == "queued"


def test_an_entry_without_a_process_here_is_not_judged(quiet: Path) -> None:
    run = runs.submit(stand_in.config(1))
    elsewhere = Identity(5, 0.0, "b", "0123456789ab")
    shutil.rmtree(run.folder)
    assert not supervision.has_ended(Entry(run, 1, elsewhere, False), elsewhere), "its folder cannot be seen"
