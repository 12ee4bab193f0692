"""The runner: takes runs from the queue, starts their processes, and terminates those that were cancelled.

    python -m fairkd.runs.runner

Whichever process submits a run starts the runner, detached, so that it outlives that process. It holds a
lock that makes it the only one, and exits when there is nothing to do. It imports no torch. If it is killed,
the runs go on: the next process that reads them starts another runner, which supervises what it finds.

While a page from which runs are started is in use, it also keeps a process that has imported what a run needs
(`standby`), and the next run is that process's.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from fairkd.errors import FairKDError
from fairkd.runs import launchers, lock, outcome, process_identity, run_access, store, supervision
from fairkd.runs.launchers import Follower, Timing
from fairkd.runs.lock import LockError, RunnerLock
from fairkd.runs.run_record import ACTIVE, Entry
from fairkd.runs.standby import Standby, is_wanted
from fairkd.utils import hardware

Command = Callable[[str, int], Sequence[str]]
STANDBY_COMMAND = (sys.executable, "-m", "fairkd.runs.worker", "--standby")


def worker_command(id: str, attempt: int) -> Sequence[str]:
    return (sys.executable, "-m", "fairkd.runs.worker", id, str(attempt))


@dataclass
class Child:
    """A process that this runner started for an attempt."""

    entry: Entry
    process: subprocess.Popen[bytes]
    memory_kills: int  # how many the system had counted before it started
    was_standby: bool = False
    disk_was_full: bool = False  # after it had ended
    outlived_since: float | None = None  # when it was first seen alive after its run had ended


@dataclass
class Termination:
    """A run that has got SIGTERM, when, and the processes that belong to it."""

    started: float
    processes: dict[int, psutil.Process] = field(default_factory=dict)


class Runner:
    """What one runner knows of its children. The states of the runs are in the database alone.

    The parameters are those of `serve`.
    """

    def __init__(
        self,
        *,
        command: Command = worker_command,
        standby_command: Sequence[str] = STANDBY_COMMAND,
        slots: int,
        terminate_after: float = 60.0,
        kill_after: float = 10.0,
        timing: Timing = Timing(),  # noqa: B008 - it cannot be changed
        follow: Callable[[Entry, Timing], Follower] = Follower,
    ) -> None:
        self.command, self.slots = command, slots
        self.away_slots, self.timing, self.follow = launchers.remote_slots(), timing, follow
        self.followers: dict[tuple[str, int], Follower] = {}  # of the runs that were sent away
        self.terminate_after, self.kill_after = terminate_after, kill_after
        self.standby = Standby(standby_command)
        self.children: dict[tuple[str, int], Child] = {}
        self.cancelled_since: dict[tuple[str, int], float] = {}  # when this runner first saw it
        self.terminations: dict[tuple[str, int], Termination] = {}

    def tick(self) -> bool:
        """Supervise every run once. Returns whether there is anything left to do."""
        for child in self.children.values():
            if child.process.poll() is not None:
                # On a full disk, neither it nor this runner can store its end. A later tick does.
                child.disk_was_full |= outcome.has_no_space(child.entry.run.folder)
        everywhere = store.entries(ACTIVE)
        active = {(entry.run.id, entry.attempt): entry for entry in everywhere if not entry.away}
        for key, entry in active.items():
            self.supervise(key, entry)
        self.follow_all([entry for entry in everywhere if entry.away])
        for key in [key for key in self.children if key not in active]:
            self.reap(key)
        self.terminations = {key: one for key, one in self.terminations.items() if key in active}
        self.cancelled_since = {key: one for key, one in self.cancelled_since.items() if key in active}
        queued = store.entries(("queued",))  # most ticks find nothing, and need no transaction
        exiting = sum(key not in active for key in self.children)
        while queued and (claimed := store.claim(self.slots - exiting)) is not None:
            self.start(claimed)
        while queued and (claimed := store.claim(self.away_slots, away=True)) is not None:
            self.follow_all([claimed])
        wanted = is_wanted()
        free = not any(not entry.away for entry in queued) and len(active) + exiting < self.slots
        self.standby.keep(self.environment() if wanted and free else None)
        return bool(everywhere or self.children or queued or wanted)

    def follow_all(self, entries: Sequence[Entry]) -> None:
        """Let each run that was sent away have a follower, which alone decides what becomes of it."""
        for entry in entries:
            key = entry.run.id, entry.attempt
            if key not in self.followers or not self.followers[key].is_alive():
                self.followers[key] = self.follow(entry, self.timing)
                self.followers[key].start()
        self.followers = {key: one for key, one in self.followers.items() if one.is_alive()}

    def environment(self) -> dict[str, str]:
        """What the environments of all runs have in common."""
        environment = supervision.detached_environment()
        environment.setdefault("OMP_NUM_THREADS", str(max(1, hardware.cores() // self.slots)))
        environment.pop(process_identity.MARK, None)  # this runner's
        return environment

    def start(self, entry: Entry) -> None:
        """Start the process of a claimed run, or give the run to the standby."""
        id, attempt = entry.run.id, entry.attempt
        launchers.give_up(entry.run.folder)  # an earlier attempt's job may still work there
        environment = {**self.environment(), process_identity.MARK: supervision.mark_of(id, attempt)}
        environment = run_access.environment(environment, entry.run.folder)
        process = self.standby.hand_over(entry, environment)
        if process is not None:
            self.children[id, attempt] = Child(entry, process, hardware.memory_kills(), was_standby=True)
            return
        try:
            with (entry.run.folder / "log.txt").open("ab") as log:
                process = subprocess.Popen(
                    self.command(id, attempt),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    umask=supervision.UMASK,
                    cwd=entry.run.folder,
                    env=environment,
                )
        except OSError as error:
            store.close(id, attempt, "failed", f"The process could not be started: {error}.")
            return
        self.children[id, attempt] = Child(entry, process, hardware.memory_kills())

    def supervise(self, key: tuple[str, int], entry: Entry) -> None:
        """Close an active run whose process has ended, and terminate one that was cancelled."""
        child = self.children.get(key)
        if child is not None:
            code = child.process.poll()
            if code is not None:
                if child.was_standby and store.requeue(*key):  # it ended before it took the run
                    del self.children[key]
                    return
                killed = code == -9 and hardware.memory_kills() > child.memory_kills
                supervision.close_if_dead(
                    entry, code, memory_killed=killed, disk_was_full=child.disk_was_full
                )
                del self.children[key]
                return
        elif entry.worker is None:
            store.requeue(*key)
            return
        elif supervision.close_if_dead(entry):
            return
        if entry.run.state == "cancelling":
            self.terminate(key, entry)

    def terminate(self, key: tuple[str, int], entry: Entry) -> None:
        """End a cancelled run that goes on: first SIGTERM, later SIGKILL, to its whole process tree."""
        # Not by the time of day, which may be set back.
        waited = time.monotonic() - self.cancelled_since.setdefault(key, time.monotonic())
        if waited < self.terminate_after and not entry.force:
            return
        if entry.worker is None:  # not registered yet, so it has nothing to save
            self.children[key].process.kill()
            return
        found = {
            process.pid: process for process in process_identity.tree(entry.worker, supervision.mark_of(*key))
        }
        termination = self.terminations.get(key)
        if termination is None:
            self.terminations[key] = Termination(time.monotonic(), found)
            process_identity.terminate(found.values())
            return
        # A process that has lost its parent since is still among those found before.
        termination.processes |= found
        kill_after = min(2.0, self.kill_after) if entry.force else self.kill_after
        if time.monotonic() - termination.started > kill_after:
            process_identity.kill(termination.processes.values())

    def reap(self, key: tuple[str, int]) -> None:
        """Wait for the process of a run that has ended; kill it if it stays."""
        child = self.children[key]
        if child.process.poll() is None:
            child.outlived_since = child.outlived_since or time.monotonic()
            if time.monotonic() - child.outlived_since < self.kill_after:
                return
            child.process.kill()
            child.process.wait()
        supervision.kill_orphans(child.entry)
        del self.children[key]


def serve(
    *,
    command: Command = worker_command,
    standby_command: Sequence[str] = STANDBY_COMMAND,
    slots: int | None = None,
    terminate_after: float = 60.0,
    kill_after: float = 10.0,
    poll: float = 0.4,
    timing: Timing = Timing(),  # noqa: B008 - it cannot be changed
    follow: Callable[[Entry, Timing], Follower] = Follower,
) -> bool:
    """Work as the runner until there is nothing to do. Returns False if another runner is alive.

    Parameters
    ----------
    command
        The command of a run's process, from its id and the attempt's number.
    standby_command
        The command of a process that waits for a run.
    slots
        How many runs train at the same time; FAIRKD_SLOTS by default.
    terminate_after
        Seconds from cancelling a run to SIGTERM: the time it has to finish its step and save.
    kill_after
        Seconds from SIGTERM to SIGKILL.
    poll
        Seconds between two ticks.
    timing, follow
        The waits of those who follow runs that were sent away, and what makes one of them.
    """
    held = _acquire_lock()
    if held is None:
        return False
    runner = Runner(
        command=command,
        standby_command=standby_command,
        slots=slots or supervision.slots(),
        terminate_after=terminate_after,
        kill_after=kill_after,
        timing=timing,
        follow=follow,
    )
    while True:
        busy = True
        held.heartbeat()
        try:
            busy = runner.tick()
        except FairKDError as error:  # a full disk, a busy database: the runs go on, and so must their runner
            with suppress(OSError):  # the log is on the same disk
                print(f"{time.ctime()}: {error}", file=sys.stderr, flush=True)
        if busy:
            time.sleep(poll)
            continue
        held.release()
        # A process that submitted a moment ago has found the lock taken and relies on this.
        if not store.entries(("queued",)):
            return True
        reacquired = _acquire_lock()
        if reacquired is None:
            return True
        held = reacquired


def _acquire_lock(timeout: float = 5.0) -> RunnerLock | None:
    """The signed lock; None if another runner is alive. Processes that reconcile hold it for an instant."""
    deadline, held = time.monotonic() + timeout, None
    while time.monotonic() < deadline:
        with suppress(LockError):  # whoever lists the runs says so
            held = RunnerLock.acquire()
        if held is not None:
            held.sign(process_identity.this_process())
            supervision.note_runner_started()
            return held
        other = lock.holder()
        alive = other is not None and (other.alive or not other.here)
        if alive and other != process_identity.this_process():
            return None
        time.sleep(0.05)
    return None


if __name__ == "__main__":
    serve()
