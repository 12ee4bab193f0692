"""Who looks after the runs: the runner while there is one, else whoever looks.

Only the holder of the runner's lock says what became of a run whose process has gone. A page or command line
that looks while no runner is there takes the lock for an instant, makes the states true, and starts a runner
if a run is queued or at work. A run is never at work twice: each start is an attempt with a number, and
a process works only if it is the first to register for an attempt that still counts.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from fairkd.corpora import pinned_wheels
from fairkd.errors import InputError
from fairkd.runs import lock, outcome, process_identity, store
from fairkd.runs.lock import RunnerLock, UnsupportedLocksError
from fairkd.runs.store import ACTIVE, Entry
from fairkd.utils import home

SLOTS = "FAIRKD_SLOTS"
RUNNER: tuple[str, ...] = (sys.executable, "-m", "fairkd.runs.runner")
STARTS_WITHIN = 3.0  # seconds that a runner has to come up before the next look starts another
STALE = 8.0  # seconds without a sign of life, after which others look for dead processes themselves


def slots() -> int:
    """FAIRKD_SLOTS, one by default."""
    text = os.environ.get(SLOTS, "1")
    if not text.strip().isdigit() or int(text) < 1:
        raise InputError(
            f"{SLOTS} is how many runs may work at the same time: expected 1 or more, got {text!r}."
        )
    return int(text)


def mark_of(id: str, attempt: int) -> str:
    """What all processes of an attempt carry in their environment."""
    return f"{id}:{attempt}"


def look() -> None:
    """Make the states true if nobody else sees to it, and start a runner where one is needed."""
    if not store.is_there():
        return
    try:
        held = RunnerLock.acquire()
    except UnsupportedLocksError as error:
        # No runner can be started. Runs in the foreground need none, but theirs may have died.
        store.explain_queue(str(error))
        _judge_all()
        return
    if held is None:
        if lock.seconds_since_heartbeat() > STALE:
            _judge_all()
        return
    try:
        for entry in store.entries(ACTIVE):
            if entry.worker is None:
                # Claimed by a runner that died before its process came up. Should that process come yet, it
                # finds that its attempt no longer counts.
                store.give_back(entry.run.id, entry.attempt)
            else:
                judge(entry)
        needed = bool(store.entries(("queued", *ACTIVE)))
    finally:
        held.release()
    if needed and not _coming_up():
        start_runner()


def _judge_all() -> None:
    for entry in store.entries(ACTIVE):
        judge(entry)


def judge(
    entry: Entry, code: int | None = None, *, memory_killed: bool = False, disk_was_full: bool = False
) -> bool:
    """Close a run whose registered process has gone, and end what that left behind; whether it had gone."""
    if entry.worker is not None and entry.worker.alive:
        return False
    if entry.worker is None and code is None:
        return False
    # What the process itself wrote last was written before it went: the row is read again for it.
    now = store.entry(entry.run.id)
    if now.run.active and now.attempt == entry.attempt:
        state, sentence = outcome.of_death(
            now, code, memory_killed=memory_killed, disk_was_full=disk_was_full
        )
        store.close(entry.run.id, entry.attempt, state, sentence)
    end_leftovers(entry)
    return True


def end_leftovers(entry: Entry) -> None:
    """Kill what a run's process started and did not take along."""
    gone = entry.worker or process_identity.Identity(0, 0.0, "")
    process_identity.kill(process_identity.tree(gone, mark_of(entry.run.id, entry.attempt)))


def wake() -> None:
    """See that a runner is there after something was queued.

    A runner that is about to leave lets go of its lock first and looks at the queue once more, so either it
    sees what was queued, or its lock is free here.
    """
    patience = time.monotonic() + 2
    while time.monotonic() < patience:
        held = RunnerLock.acquire()
        if held is not None:
            held.release()
            break
        runner = lock.holder()
        if runner is not None and runner.alive:
            return
        time.sleep(0.02)  # somebody is only looking
    start_runner()


def start_runner() -> None:
    """Start a runner that outlives this process. One too many leaves by itself."""
    environment = {**detached_environment(), process_identity.MARK: process_identity.RUNNER}
    with suppress(OSError):
        _starting().touch()
    with _runner_log() as output:
        process = subprocess.Popen(
            RUNNER,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=home(),
            env=environment,
        )
    # Waited for, or a page that runs for weeks would collect the dead.
    threading.Thread(target=process.wait, daemon=True).start()


def _coming_up() -> bool:
    """Whether a runner has just been started and may be there in a moment: not every look starts one."""
    try:
        return time.time() - _starting().stat().st_mtime < STARTS_WITHIN
    except OSError:
        return False


def came_up() -> None:
    """A runner is there: if it ends, the next is started at once."""
    _starting().unlink(missing_ok=True)


def _starting() -> Path:
    return home() / "runner.starting"


def _runner_log() -> BinaryIO:
    try:
        return (home() / "runner.log").open("ab")
    except OSError:  # a full disk is no reason to leave the runs alone
        return open(os.devnull, "ab")


def detached_environment() -> dict[str, str]:
    """This environment, with the package and the named folders found from anywhere."""
    package = str(Path(__file__).resolve().parents[2])
    known = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    paths = [package, *(path for path in map(os.path.abspath, known) if path != package)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "FAIRKD_HOME": str(home())}
    if environment.get(pinned_wheels.VARIABLE):
        environment[pinned_wheels.VARIABLE] = os.path.abspath(environment[pinned_wheels.VARIABLE])
    return environment
