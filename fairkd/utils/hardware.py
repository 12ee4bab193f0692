"""The cores, memory and priority of this machine, or of the container's control group."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

import psutil

_NO_MEMORY = ("not enough memory", "out of memory", "can't allocate memory", "cannot allocate memory")


def cores() -> int:
    """Physical cores that this process may use."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, psutil.cpu_count(logical=False) or usable)


def lower_priority(niceness: int) -> None:
    """Give this process, and all that it starts, a lower priority: `niceness` goes up to 19, the lowest.

    With autogroups, Linux first divides time among sessions, and niceness counts only within a session. So
    the session's niceness is set, too. Meant for the first process of a session.
    """
    os.setpriority(os.PRIO_PROCESS, 0, max(niceness, os.getpriority(os.PRIO_PROCESS, 0)))
    if os.getsid(0) == os.getpid():
        with suppress(OSError):  # no such grouping here
            Path("/proc/self/autogroup").write_text(str(niceness), encoding="ascii")


def free_memory() -> int:
    """Bytes of memory that are available without swapping."""
    free = int(psutil.virtual_memory().available)
    for group in _memory_groups():
        limit = _number(group / "memory.max") or _number(group / "memory.limit_in_bytes")
        used = _number(group / "memory.current") or _number(group / "memory.usage_in_bytes")
        if limit is not None and used is not None:
            # Old page cache counts as used, but is freed on demand.
            free = min(free, limit - used + _entry(group / "memory.stat", "inactive_file"))
    return max(0, free)


def is_lack_of_memory(error: BaseException) -> bool:
    """Whether an error means that there was too little memory.

    torch raises RuntimeErrors with different messages; mapping memory fails with an errno.
    """
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    return any(words in str(error).lower() for words in _NO_MEMORY)


def memory_kills() -> int:
    """How many processes the system has killed so far for lack of memory."""
    counters = [
        group / name for group in _memory_groups() for name in ("memory.events", "memory.oom_control")
    ]
    known = next((path for path in counters if path.is_file()), Path("/proc/vmstat"))
    return _entry(known, "oom_kill")


def _memory_groups() -> list[Path]:
    """Folders of the control groups that this process's memory counts in: its own, and the container's."""
    found = []
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            _, controllers, group = line.split(":", 2)
            if not controllers:
                found.append(Path(f"/sys/fs/cgroup{group}"))
            elif "memory" in controllers.split(","):
                found.append(Path(f"/sys/fs/cgroup/memory{group}"))
    return [*found, Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/memory")]


def _number(path: Path) -> int | None:
    """A file's only number; None where it has none ("max": no limit)."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _entry(path: Path, key: str) -> int:
    """The number beside `key` in a file of such lines, 0 where there is none."""
    with suppress(OSError, ValueError):
        for line in path.read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(" ")
            if name == key:
                return int(value)
    return 0
