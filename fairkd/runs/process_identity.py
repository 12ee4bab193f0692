"""Which process is meant: a pid is reused, so it counts only together with the start of its process."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

# Clocks are read in whole seconds by some kernels, and a boot time may move by one.
TOLERANCE = 1.5
MARK = "FAIRKD_RUN"  # in the environment of a run's process and of all that it starts
RUNNER = "runner"  # what a runner carries there, whose children are other runs: it is nobody's to end


@dataclass(frozen=True)
class Identity:
    """A process: its pid, when it started, and the machine's boot that the start is counted from."""

    pid: int
    started: float
    boot: str

    @classmethod
    def of(cls, process: psutil.Process) -> Identity:
        """NoSuchProcess when it has gone."""
        return cls(process.pid, _started(process), boot())

    def process(self) -> psutil.Process | None:
        """The living process, or None when it has ended or its pid belongs to another one now."""
        if self.boot != boot():
            return None
        try:
            process = psutil.Process(self.pid)
            if abs(_started(process) - self.started) > TOLERANCE:
                return None
            return None if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD) else process
        except psutil.Error:  # it has gone, or is another user's
            return None

    @property
    def alive(self) -> bool:
        return self.process() is not None


def me() -> Identity:
    """This process."""
    return Identity.of(psutil.Process())


@cache
def boot() -> str:
    """A name of this boot of the machine, empty where the system gives none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _started(process: psutil.Process) -> float:
    """psutil's create_time in seconds.

    On Linux it is the boot time plus a count of ticks, and the boot time moves when the clock is set; so
    there the seconds since boot are taken, which never change.
    """
    created = float(process.create_time())
    return created - psutil.boot_time() if sys.platform == "linux" else created


def tree(identity: Identity, mark: str) -> list[psutil.Process]:
    """A process and all that came from it, also those whose parent has ended: they carry `mark`.

    Its own session or process group says little: launchers of several ranks give each one a session of its
    own. Nor do all its children belong to it: those with another mark are a runner that it started, and that
    runner's runs.
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
    """The mark that a process carries; None without one, and where it cannot be seen."""
    with contextlib.suppress(psutil.Error, OSError):
        return process.environ().get(MARK)
    return None


def terminate(processes: Iterable[psutil.Process]) -> None:
    """SIGTERM to each that still lives; psutil checks that the pid is still theirs."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.terminate()


def kill(processes: Iterable[psutil.Process]) -> None:
    """SIGKILL to each that still lives."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
