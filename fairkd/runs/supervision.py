"""Supervision of runs: by the runner while there is one, otherwise by whichever process reads the runs.

Only the holder of the runner's lock decides what became of a run whose process has ended. A page or command
line that finds the lock free takes it for an instant, corrects the states, and starts a runner if a run is
queued or active. No run is worked on twice at a time: each start is a numbered attempt, and a process may
work only if it is the first to register for an attempt that is still current.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from fairkd.corpora import pinned_wheels
from fairkd.errors import FairKDError, InputError
from fairkd.runs import events, lock, outcome, process_identity, store, wording
from fairkd.runs.lock import LockError, RunnerLock
from fairkd.runs.result_warning import result_warning
from fairkd.runs.run_record import ACTIVE, Entry
from fairkd.utils import TOKEN_VARIABLE, home, quoted

SLOTS = "FAIRKD_SLOTS"
RUNNER: tuple[str, ...] = (sys.executable, "-m", "fairkd.runs.runner")
UMASK = 0o077  # of runners and runs: logs, checkpoints and models are this user's alone
START_TIMEOUT = 3.0  # seconds that a runner may take to start before another is started
STALE_AFTER = 8.0  # seconds without a heartbeat, after which others look for dead processes themselves


def slots() -> int:
    """The value of FAIRKD_SLOTS, one by default."""
    text = os.environ.get(SLOTS, "1")
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 5 and int(digits) > 0):
        raise InputError(
            f"{SLOTS} sets how many runs work at the same time: expected a number from 1 to 9999, got "
            f"{quoted(text)}."
        )
    return int(digits)


def mark_of(id: str, attempt: int) -> str:
    """The mark in the environment of all processes of an attempt."""
    return f"{id}:{attempt}"


def reconcile() -> str | None:
    """Correct the states unless a runner does so, and start a runner if one is needed.

    Returns why queued runs do not start, in one sentence; None where a runner takes them.
    """
    if not store.database_exists():
        return None
    try:
        held = RunnerLock.acquire()
    except LockError as error:
        # No runner can start. Runs in the foreground need none, but their processes may have died.
        with suppress(FairKDError):
            _close_dead_runs()
        return str(error)
    if held is None:
        if lock.seconds_since_heartbeat() <= STALE_AFTER:
            return None
        _close_dead_runs()
        return _silent_runner()
    try:
        for entry in store.entries(ACTIVE):
            if entry.away:
                continue  # the next runner follows its job
            if entry.worker is None:
                # Claimed by a runner that died before the run's process registered. If that process still
                # comes, it finds that its attempt is no longer current.
                store.requeue(entry.run.id, entry.attempt)
            else:
                close_if_dead(entry)
        needed = bool(store.entries(("queued", *ACTIVE)))
    finally:
        held.release()
    if needed and not is_starting():
        start_runner()
    return None


def _silent_runner() -> str | None:
    """The sentence on a runner that holds the lock and does nothing; None if it has ended, or has begun."""
    runner = lock.holder()
    if runner is None or (runner.here and not runner.alive):
        return None  # a process that reconciles holds the lock, for an instant
    seconds = lock.seconds_since_heartbeat()  # again: the holder may have signed only now
    if seconds <= STALE_AFTER:
        return None
    silent = "has not answered"
    if math.isfinite(seconds):  # else there is no heartbeat, or one from before the clock was set back
        silent += f" for {wording.duration(seconds)}"
    if not runner.here:
        return (
            f"The runner in another container or on another machine, which shares {home()}, {silent}:"
            " look there whether it was stopped."
        )
    return (
        f"The runner, process {runner.pid}, {silent}. If it was stopped, continue it with `kill -CONT"
        f" {runner.pid}`, or end it with `kill -9 {runner.pid}`: then another one takes its place."
    )


def _close_dead_runs() -> None:
    for entry in store.entries(ACTIVE):
        close_if_dead(entry)


def close_if_dead(
    entry: Entry, code: int | None = None, *, memory_killed: bool = False, disk_was_full: bool = False
) -> bool:
    """Close a run whose registered process has ended, and kill its orphans. Returns whether it had ended.

    The keywords are those of `outcome.classify_exit`.
    """
    if entry.worker is not None and not has_ended(entry, entry.worker):
        return False
    if entry.worker is None and code is None:
        return False
    # The process may have written its row just before it ended, so the row is read again.
    now = store.entry(entry.run.id)
    if now.run.active and now.attempt == entry.attempt:
        state, sentence = outcome.classify_exit(
            now, code, memory_killed=memory_killed, disk_was_full=disk_was_full
        )
        trained = state == "finished" and now.run.kind == "distill"
        warning = result_warning(events.read(now.run)[0]) if trained else None
        store.close(entry.run.id, entry.attempt, state, sentence, warning=warning)
    kill_orphans(entry)
    return True


def has_ended(entry: Entry, worker: process_identity.Identity) -> bool:
    """Whether the registered process of a run has ended; False where nobody can know here."""
    if worker.here:
        return not worker.alive
    return lock.is_worked_on(entry.run.folder) is False


def kill_orphans(entry: Entry) -> None:
    """Kill what a run's process started and left running."""
    ended = entry.worker or process_identity.Identity(0, 0.0, "")
    process_identity.kill(process_identity.tree(ended, mark_of(entry.run.id, entry.attempt)))


def ensure_runner() -> None:
    """Make sure that a runner takes what was just queued.

    A runner that is about to exit releases its lock first and then reads the queue once more. So either it
    finds what was queued, or its lock is free here.
    """
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        try:
            held = RunnerLock.acquire()
        except LockError:
            return  # the list of runs says so
        if held is not None:
            held.release()
            break
        runner = lock.holder()
        if runner is not None and (runner.alive or not runner.here):
            return
        time.sleep(0.02)  # another process reconciles
    start_runner()


def start_runner() -> None:
    """Start a runner that outlives this process. A superfluous one exits by itself."""
    environment = {**detached_environment(), process_identity.MARK: process_identity.RUNNER}
    with suppress(OSError):
        _start_marker().touch()
    with _runner_log() as output:
        process = subprocess.Popen(
            RUNNER,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=UMASK,
            cwd=home(),
            env=environment,
        )
    # Waited for, or a page that runs for weeks would collect zombies.
    threading.Thread(target=process.wait, daemon=True).start()


def is_starting() -> bool:
    """Whether a runner was started a moment ago, so that no second one is."""
    try:
        passed = time.time() - _start_marker().stat().st_mtime
    except OSError:
        return False
    return -1 < passed < START_TIMEOUT  # it is in the future where the clock was set back


def note_runner_started() -> None:
    """A runner holds the lock. If it ends, the next one may be started at once."""
    with suppress(OSError):
        _start_marker().unlink(missing_ok=True)


def _start_marker() -> Path:
    return home() / "runner.starting"


def _runner_log() -> BinaryIO:
    try:
        return open(home() / "runner.log", "ab", opener=_private)
    except OSError:  # runs must go on when the disk is full
        return open(os.devnull, "ab")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def detached_environment() -> dict[str, str]:
    """This process's environment, in which the package and the named folders are found from any folder."""
    package = str(Path(__file__).resolve().parents[2])
    known = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    paths = [package, *(path for path in map(os.path.abspath, known) if path != package)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "FAIRKD_HOME": str(home())}
    environment.pop(TOKEN_VARIABLE, None)  # a secret that no run needs
    if environment.get(pinned_wheels.VARIABLE):
        environment[pinned_wheels.VARIABLE] = os.path.abspath(environment[pinned_wheels.VARIABLE])
    return environment
