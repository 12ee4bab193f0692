"""Runs without enough memory or disk space, and how every error becomes one sentence."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairkd import runs
from fairkd.errors import InputError
from fairkd.runs import events, outcome, store
from fairkd.runs.runner import Runner
from fairkd.utils import hardware
from tests import ROOT
from tests.runs import stand_in
from tests.runs.conftest import (
    processes,
    stored,
    until,
    use_home,
    wait_for_state,
    worked_once,
    worker_process,
)

LIMITS = ("memory.limit_in_bytes", "memory.max")  # of control groups, old and new


def test_a_kill_for_lack_of_memory_is_reported_as_such(quiet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kills = iter(range(100))
    monkeypatch.setattr(hardware, "memory_kills", lambda: next(kills))
    run = runs.submit(stand_in.config(1000))
    runner = Runner(command=stand_in.command, slots=1)
    until(lambda: runner.tick() and stored(run.id).step > 0)
    worker_process(run.id).kill()
    until(lambda: not runner.tick())
    assert stored(run.id).state == "failed"
    assert "system killed the run because memory ran out" in stored(run.id).sentence


@pytest.fixture
def small_memory() -> Iterator[Path]:
    """A control group of 150 MB."""
    first = Path("/sys/fs/cgroup/memory")
    group = (first if first.is_dir() else first.parent) / f"fairkd-test-{os.getpid()}"
    if not (group.parent / "cgroup.procs").exists():
        pytest.skip("this machine has no control groups")
    try:
        group.mkdir()
    except OSError:
        pytest.skip("only root may limit memory, where there are control groups")
    try:
        limit = next((group / n for n in LIMITS if (group / n).exists()), None)
        if limit is None:
            pytest.skip("this machine's control groups do not limit memory")
        limit.write_text(str(150 * 2**20))
        yield group
    finally:
        until(lambda: not (group / "cgroup.procs").read_text().strip())
        group.rmdir()


def test_a_run_that_the_system_kills_for_lack_of_memory_has_failed(small_memory: Path, home: Path) -> None:
    """The submitting process starts the runner in its own control group, and the runner the run."""
    settings = json.dumps({"steps": 3, "hoards": True})
    submit = shlex.join([sys.executable, stand_in.HERE, "submit", "hoarder", settings, "0"])
    script = f"echo $$ > {small_memory}/cgroup.procs && exec {submit}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env=environment)
    ended = wait_for_state(done.stdout.strip(), "failed")
    assert "system killed the run because memory ran out" in ended.sentence
    until(lambda: not processes(home))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "smaller student"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), "memory"),
        (OSError(12, "Cannot allocate memory"), "ran out of memory"),
        (OSError(12, "Nicht genügend Hauptspeicher"), "ran out of memory"),
        (OSError(28, "No space left on device"), "is full"),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "is full"),
        (InputError("Just this."), "Just this."),
        (KeyError("x"), "KeyError"),
        (ValueError(""), "no message"),
    ],
)
def test_every_error_is_one_sentence(error: BaseException, words: str, tmp_path: Path) -> None:
    sentence = outcome.error_sentence(error, tmp_path)
    assert words in sentence and sentence.endswith(".") and "\n" not in sentence


# a full disk


def test_a_file_beyond_the_size_limit_is_a_full_disk(home: Path) -> None:
    run = runs.submit(stand_in.config(6, megabytes=0.3, limit=200_000))
    sentence = wait_for_state(run.id, "failed").sentence
    assert "is full" in sentence and "resume" in sentence


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home on a file system of 6 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "fairkd-test", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a small file system")
    try:
        yield from use_home(folder / "home", monkeypatch)
    finally:
        until(lambda: subprocess.run(["umount", str(folder)], capture_output=True).returncode == 0)


def fill(path: Path) -> None:
    """Write a file that takes all space on its disk."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as filler:
        while True:
            filler.write(b"x" * 4096)


def has_failed(id: str) -> bool:
    """Whether the run's row says so. While the disk is full, nobody can read it."""
    with contextlib.suppress(InputError):
        return runs.get(id).state == "failed"
    return False


def test_a_run_whose_checkpoint_fills_the_disk_fails_with_the_one_before_intact(
    small_disk: Path,
) -> None:
    run = runs.submit(stand_in.config(20, megabytes=0.4))
    until(lambda: has_failed(run.id))
    assert "is full" in stored(run.id).sentence
    assert shutil.disk_usage(small_disk).free < 2**20
    written, _ = events.read(run)
    last = max(event["step"] for event in written if event["type"] == "checkpoint")
    assert (run.folder / "checkpoints" / str(last)).stat().st_size == int(0.4 * 2**20)
    assert f"checkpoint of step {last}." in stored(run.id).sentence
    assert (run.folder / "events.jsonl").read_bytes().endswith(b"\n")
    for path in (run.folder / "checkpoints").iterdir():
        if path.name != str(last):
            path.unlink()
    (run.folder / "config.json").write_text(stand_in.config(last + 2).model_dump_json())
    runs.resume(run.id)
    until(lambda: runs.get(run.id).state == "finished")
    worked_once(stored(run.id), last + 2)


def test_a_run_whose_disk_others_fill_fails_as_soon_as_that_can_be_stored(small_disk: Path) -> None:
    run = runs.submit(stand_in.config(10_000))
    until(lambda: stored(run.id).step > 2)
    fill(small_disk / "filler")
    until(lambda: not processes(small_disk, "worker"))
    time.sleep(0.5)  # the runner, which lives on, has noticed
    with pytest.raises(InputError, match="disk has space"):
        runs.all_runs()
    (small_disk / "filler").unlink()
    until(lambda: stored(run.id).state == "failed")
    written, _ = events.read(run)
    last = max(event["step"] for event in written if event["type"] == "checkpoint")
    sentence = stored(run.id).sentence
    assert "is full" in sentence and f"continues from its checkpoint of step {last}." in sentence


def test_a_full_disk_is_an_error_at_submit(small_disk: Path) -> None:
    runs.reconcile()
    store.make_home()
    assert runs.all_runs() == []
    fill(small_disk / "filler")
    with pytest.raises(InputError, match="disk"):
        runs.submit(stand_in.config(1))
    (small_disk / "filler").unlink()
    assert runs.all_runs() == []
