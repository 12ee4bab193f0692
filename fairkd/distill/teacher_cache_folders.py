"""The folders in which the teacher's states are kept: one a teacher, text and choice of masks.

Together they are bounded. The least recently used one goes first, and never one that a run is using.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from fairkd.errors import InputError
from fairkd.utils import cache_folder, make_private, quoted, write_private

VARIABLE = "FAIRKD_CACHE_GB"
DEFAULT_GB = 4.0
DISK_SHARE = 0.1  # of the free disk, at most
_ABOUT = "about.json"


@dataclass(frozen=True)
class KeptStates:
    """One folder: what its states are of, its size in bytes, and when it was last used (Unix time)."""

    name: str
    path: Path
    teacher: str
    text: str
    seed: int
    size: int
    used: float

    @property
    def in_use(self) -> bool:
        """Whether a run is writing there."""
        with _all_locks(self.path) as held:
            return not held


def folder() -> Path:
    """Where the folders lie."""
    return cache_folder() / "teacher-states"


def limit() -> int:
    """The most bytes that all folders have together: FAIRKD_CACHE_GB, and at most a tenth of the free disk.

    Raises
    ------
    InputError
        If FAIRKD_CACHE_GB is no number, or below 0.
    """
    text = os.environ.get(VARIABLE, str(DEFAULT_GB))
    try:
        gigabytes = float(text)
    except ValueError:
        gigabytes = -1.0
    if not (math.isfinite(gigabytes) and gigabytes >= 0):
        raise InputError(
            f"{VARIABLE} sets how many gigabytes of the teacher's states are kept: expected a number, 0 for "
            f"none, got {quoted(text)}."
        )
    if not gigabytes:
        return 0
    place = folder()
    while not place.is_dir() and place != place.parent:
        place = place.parent
    try:
        free = shutil.disk_usage(place).free
    except OSError:
        return 0
    return min(int(gigabytes * 1e9), int((free + _size(folder())) * DISK_SHARE))


def claim(name: str, about: Mapping[str, Any]) -> Path:
    """Make the folder with this name, or mark it as used now. Raises OSError if that fails."""
    path = make_private(folder()) / name
    path.mkdir(mode=0o700, exist_ok=True)
    if (path / _ABOUT).is_file():
        (path / _ABOUT).touch()
    else:
        write_private(path / _ABOUT, json.dumps(about))
    return path


def writer_lock(path: Path, rank: int) -> FileLock:
    """The lock of the one process of this rank that writes into a folder."""
    return _lock(path / f"writer-{rank}.lock")


def kept() -> list[KeptStates]:
    """All folders, the most recently used first."""
    found = []
    for path in folder().glob("*"):
        with suppress(OSError):
            if path.is_dir():
                about = _about(path)
                found.append(
                    KeptStates(
                        name=path.name,
                        path=path,
                        teacher=about.get("teacher", "an unknown teacher"),
                        text=about.get("text", "an unknown text"),
                        seed=about.get("seed", 0),
                        size=_size(path),
                        used=(path / _ABOUT).stat().st_mtime if about else path.stat().st_mtime,
                    )
                )
    return sorted(found, key=lambda one: one.used, reverse=True)


def make_room(size: int, *, keep: Path) -> bool:
    """Remove folders, the least recently used first, until `size` more bytes fit; never `keep`."""
    most, known = limit(), kept()
    total = sum(one.size for one in known)
    for one in reversed(known):
        if total + size <= most:
            break
        if one.path != keep and remove(one):
            total -= one.size
    return total + size <= most


def remove(one: KeptStates) -> bool:
    """Remove a folder, unless a run is writing there."""
    with _all_locks(one.path) as held:
        if held:
            shutil.rmtree(one.path, ignore_errors=True)
        return held


@contextmanager
def _all_locks(path: Path) -> Iterator[bool]:
    """Hold all writers' locks of a folder; False if another process holds one."""
    taken, free = [], True
    try:
        for one in map(_lock, path.glob("writer-*.lock")):
            try:
                one.acquire()
                taken.append(one)
            except Timeout:
                free = False
                break
            except OSError:  # no locks on this file system
                pass
        yield free
    finally:
        for one in taken:
            one.release()


def _lock(path: Path) -> FileLock:
    return FileLock(path, blocking=False, thread_local=False, fallback_to_soft=False)


def _about(path: Path) -> dict[str, Any]:
    try:
        found = json.loads((path / _ABOUT).read_bytes())
    except (OSError, ValueError):
        return {}
    kinds = {"teacher": str, "text": str, "seed": int}
    complete = isinstance(found, dict) and all(
        isinstance(found.get(key), kind) for key, kind in kinds.items()
    )
    return found if complete else {}


def _size(path: Path) -> int:
    total = 0
    for file in path.rglob("*"):
        with suppress(OSError):
            total += file.stat().st_size
    return total
