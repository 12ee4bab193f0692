"""The runner: takes runs from the queue, starts their processes, ends those that do not end themselves.

    python -m fairkd.runs.runner

Started detached by whoever submits, it outlives that process, holds the lock that makes it the only one, and
leaves when there is nothing to do. It imports no torch. Killed, it takes no run along: the next runner, which
anybody who looks starts, goes on watching the processes that it finds.
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
from fairkd.runs import lock, outcome, process_identity, store, supervision
from fairkd.runs.lock import RunnerLock
from fairkd.runs.store import ACTIVE, Entry
from fairkd.utils import hardware

Command = Callable[[str, int], Sequence[str]]


def worker_command(id: str, attempt: int) -> Sequence[str]:
    return (sys.executable, "-m", "fairkd.runs.worker", id, str(attempt))


@dataclass
class Child:
    """A process that this runner started for an attempt."""

    entry: Entry
    process: subprocess.Popen[bytes]
    memory_kills: int  # of the machine before it started
    disk_was_full: bool = False  # after it had ended
    closed: float | None = None  # since when it has been seen to live on after its run ended


@dataclass
class Ending:
    """How far the end of a run that does not end itself has got."""

    terminated: float
    processes: dict[int, psutil.Process] = field(default_factory=dict)


class Runner:
    """One runner's memory; the truth is in the database."""

    def __init__(
        self, *, command: Command = worker_command, slots: int, grace: float = 60.0, patience: float = 10.0
    ) -> None:
        self.command, self.slots, self.grace, self.patience = command, slots, grace, patience
        self.children: dict[tuple[str, int], Child] = {}
        self.endings: dict[tuple[str, int], Ending] = {}

    def tick(self) -> bool:
        """Look after every run once; whether there is anything left to do."""
        for child in self.children.values():
            if child.process.poll() is not None:
                # On a full disk neither it nor this runner can store its end: a later tick will.
                child.disk_was_full |= outcome.has_no_space(child.entry.run.folder)
        active = {(entry.run.id, entry.attempt): entry for entry in store.entries(ACTIVE)}
        for key, entry in active.items():
            self.tend(key, entry)
        for key in [key for key in self.children if key not in active]:
            self.see_off(key)
        self.endings = {key: ending for key, ending in self.endings.items() if key in active}
        queued = bool(store.entries(("queued",)))  # most looks find nothing, and need no transaction
        leaving = sum(key not in active for key in self.children)
        while queued and (claimed := store.claim(self.slots - leaving)) is not None:
            self.start(claimed)
        return bool(active or self.children or queued)

    def start(self, entry: Entry) -> None:
        """Start the process of a claimed run."""
        id, attempt = entry.run.id, entry.attempt
        environment = supervision.detached_environment()
        environment[process_identity.MARK] = supervision.mark_of(id, attempt)
        environment.setdefault("OMP_NUM_THREADS", str(max(1, hardware.cores() // self.slots)))
        try:
            with (entry.run.folder / "log.txt").open("ab") as log:
                process = subprocess.Popen(
                    self.command(id, attempt),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    cwd=entry.run.folder,
                    env=environment,
                )
        except OSError as error:
            store.close(id, attempt, "failed", f"The process could not be started: {error}.")
            return
        self.children[id, attempt] = Child(entry, process, hardware.memory_kills())

    def tend(self, key: tuple[str, int], entry: Entry) -> None:
        """A run at work: has its process gone, is it to be ended?"""
        child = self.children.get(key)
        if child is not None:
            code = child.process.poll()
            if code is not None:
                killed = code == -9 and hardware.memory_kills() > child.memory_kills
                supervision.judge(entry, code, memory_killed=killed, disk_was_full=child.disk_was_full)
                del self.children[key]
                return
        elif entry.worker is None:
            store.give_back(*key)
            return
        elif supervision.judge(entry):
            return
        if entry.run.state == "cancelling":
            self.end(key, entry)

    def end(self, key: tuple[str, int], entry: Entry) -> None:
        """Cancelled and still at work: after the grace SIGTERM, after some patience SIGKILL, to all of it."""
        waited = time.time() - (entry.cancel_asked or 0)
        if waited < self.grace and not entry.force:
            return
        if entry.worker is None:  # not up yet: it has nothing to save
            self.children[key].process.kill()
            return
        found = {
            process.pid: process for process in process_identity.tree(entry.worker, supervision.mark_of(*key))
        }
        ending = self.endings.get(key)
        if ending is None:
            self.endings[key] = Ending(time.monotonic(), found)
            process_identity.terminate(found.values())
            return
        # Who has lost its parent since is still in the snapshot.
        ending.processes |= found
        if time.monotonic() - ending.terminated > (min(2.0, self.patience) if entry.force else self.patience):
            process_identity.kill(ending.processes.values())

    def see_off(self, key: tuple[str, int]) -> None:
        """The process of a run that has ended: wait for it, for a while."""
        child = self.children[key]
        if child.process.poll() is None:
            child.closed = child.closed or time.monotonic()
            if time.monotonic() - child.closed < self.patience:
                return
            child.process.kill()
            child.process.wait()
        supervision.end_leftovers(child.entry)
        del self.children[key]


def serve(
    *,
    command: Command = worker_command,
    slots: int | None = None,
    grace: float = 60.0,
    patience: float = 10.0,
    poll: float = 0.4,
) -> bool:
    """Be the runner until there is nothing to do; False if there is one already.

    Parameters
    ----------
    command
        The command of a run's process, from its id and the attempt's number.
    slots
        How many runs work at the same time; FAIRKD_SLOTS by default.
    grace, patience
        Seconds that a cancelled run has to end by itself, and then from SIGTERM to SIGKILL.
    poll
        Seconds between looks.
    """
    held = _become_runner()
    if held is None:
        return False
    runner = Runner(command=command, slots=slots or supervision.slots(), grace=grace, patience=patience)
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
        # Who submitted just now has found the lock taken and relies on this look.
        if not store.entries(("queued",)):
            return True
        again = _become_runner()
        if again is None:
            return True
        held = again


def _become_runner(patience: float = 5.0) -> RunnerLock | None:
    """The signed lock, or None if another runner lives. One who only looks has it for an instant."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        held = RunnerLock.acquire()
        if held is not None:
            held.sign(process_identity.me())
            supervision.came_up()
            return held
        other = lock.holder()
        if other is not None and other != process_identity.me() and other.alive:
            return None
        time.sleep(0.05)
    return None


if __name__ == "__main__":
    serve()
