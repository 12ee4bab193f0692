"""Processes that can be told apart although pids are reused: a pid together with the start of its process.

A pid counts in one namespace only: two containers on the same home folder both have a process 7. Of a process
in another one, nothing can be known here (`Identity.here`); a file lock tells whether it lives.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

# Seconds: some kernels count whole seconds, and the boot time may shift by one.
TOLERANCE = 1.5
MOST_PIDS = 2**31
MARK = "FAIRKD_RUN"  # environment variable of a run's process and of all processes that it starts
RUNNER = "runner"  # its value for a runner, whose children are other runs: nobody kills it with a run


@dataclass(frozen=True)
class Identity:
    """A process: its pid, its start, the boot that the start is counted from, and where its pid counts.

    An empty `namespace` is this one: earlier versions did not store it.
    """

    pid: int
    started: float
    boot: str
    namespace: str = ""

    @classmethod
    def of(cls, process: psutil.Process) -> Identity:
        """The identity of a process; psutil.NoSuchProcess if it has ended."""
        return cls(process.pid, _started(process), boot(), namespace())

    @classmethod
    def read(cls, values: object) -> Identity | None:
        """The identity that a file holds; None where it holds none."""
        if not isinstance(values, dict):
            return None
        pid, started = values.get("pid"), values.get("started")
        boot, namespace = values.get("boot"), values.get("namespace", "")
        if not isinstance(pid, int) or not 0 < pid < MOST_PIDS or not isinstance(started, int | float):
            return None
        if not isinstance(boot, str) or not isinstance(namespace, str):
            return None
        return cls(pid, float(started), boot, namespace)

    @property
    def here(self) -> bool:
        """Whether the pid counts in this process's namespace."""
        return self.namespace in ("", namespace())

    def process(self) -> psutil.Process | None:
        """The living process; None if it has ended, its pid now belongs to another one, or it is not here."""
        if not self.here or self.boot != boot():
            return None
        try:
            process = psutil.Process(self.pid)
            if abs(_started(process) - self.started) > TOLERANCE:
                return None
            return None if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD) else process
        except psutil.Error:  # it has ended, or belongs to another user
            return None

    @property
    def alive(self) -> bool:
        return self.process() is not None


def this_process() -> Identity:
    """The identity of the process that calls."""
    return Identity.of(psutil.Process())


@cache
def boot() -> str:
    """An id of the machine's current boot; empty on systems without one."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


@cache
def namespace() -> str:
    """An id of the machine or container, and the namespace, in which this process's pid counts.

    Empty on systems without namespaces.
    """
    try:
        number = os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
    return hashlib.sha256(f"{socket.gethostname()} {number}".encode()).hexdigest()[:12]


def _started(process: psutil.Process) -> float:
    """When a process started, in seconds.

    On Linux, psutil's create_time is the boot time plus a count of ticks, and the boot time moves when the
    clock is set. The seconds since boot never change, so they are used there.
    """
    created = float(process.create_time())
    return created - psutil.boot_time() if sys.platform == "linux" else created


def tree(identity: Identity, mark: str) -> list[psutil.Process]:
    """A process and all its descendants, also those whose parent has ended: they carry `mark`.

    Sessions and process groups do not help, since launchers of several ranks give each rank its own session.
    Children with another mark do not belong to it: they are a runner that it started, and that runner's runs.
    """
    found: dict[int, psutil.Process] = {}
    root = identity.process()
    if root is not None:
        found[root.pid] = root
        with contextlib.suppress(psutil.NoSuchProcess):
            children = root.children(recursive=True)
            found |= {child.pid: child for child in children if _mark(child) in (None, mark)}
    for process in psutil.process_iter():
        if process.pid not in found and _mark(process) == mark:
            found[process.pid] = process
    found.pop(os.getpid(), None)
    return list(found.values())


def _mark(process: psutil.Process) -> str | None:
    """The mark of a process; None if it has none or its environment cannot be read."""
    with contextlib.suppress(psutil.Error, OSError):
        return process.environ().get(MARK)
    return None


def is_stopped(process: psutil.Process) -> bool:
    """Whether a process was stopped, by SIGSTOP or in a terminal, and not continued."""
    with contextlib.suppress(psutil.Error):
        return process.status() == psutil.STATUS_STOPPED
    return False


def terminate(processes: Iterable[psutil.Process]) -> None:
    """Send SIGTERM to those that are alive; psutil checks that the pid is still theirs."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.terminate()


def kill(processes: Iterable[psutil.Process]) -> None:
    """Send SIGKILL to those that are alive."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
