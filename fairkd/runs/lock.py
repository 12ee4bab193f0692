"""The lock that makes a runner the only one, and tells who holds it and when it last gave a sign of life.

flock, not a pid file: the kernel releases it whatever way its holder ends. The descriptor is not inherited,
so that no training process keeps the lock of a runner that has died.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from fairkd.runs.process_identity import Identity
from fairkd.utils import home

_LENGTH = 200  # of the note in the file, always the same: a reader never sees half of it


class Lock:
    """The lock, held. `take` it; `sign` it if you are the runner; `release` it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls) -> Lock | None:
        """The lock, or None while somebody else has it or the home folder cannot be written."""
        try:
            home().mkdir(parents=True, exist_ok=True)
            descriptor = os.open(_path(), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        return cls(descriptor)

    def sign(self, identity: Identity) -> None:
        """Say who holds it."""
        os.pwrite(self._descriptor, json.dumps(asdict(identity)).ljust(_LENGTH).encode(), 0)

    def beat(self) -> None:
        """A sign of life."""
        os.utime(self._descriptor)

    def release(self) -> None:
        """Let go, and take the signature away."""
        with suppress(OSError):  # a new file on a full disk
            os.pwrite(self._descriptor, b" " * _LENGTH, 0)
        os.close(self._descriptor)


def holder() -> Identity | None:
    """The runner that signed last, None if it let go in good order. It may be dead: ask its `alive`."""
    try:
        return Identity(**json.loads(_path().read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def silent_for() -> float:
    """Seconds since the last sign of life."""
    try:
        return time.time() - _path().stat().st_mtime
    except OSError:
        return float("inf")


def _path() -> Path:
    return home() / "runner.lock"
