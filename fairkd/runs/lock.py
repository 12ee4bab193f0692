"""The lock that makes a runner the only one, the note of who holds it, and the lock of a run's process.

The operating system releases the lock whichever way its holder ends, which no pid file can promise. Neither a
started nor a forked process inherits it, so a training process never keeps the lock of a dead runner. The
note, `runner.json`, is a file of its own because Windows lets nobody read a locked file. The time of its last
change is the runner's heartbeat.

The process that works on a run holds a lock in the run's folder. It tells other containers, where the pid of
the process means nothing, that it lives.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Self

from filelock import BaseFileLock, FileLock, Timeout

from fairkd.errors import InputError
from fairkd.runs.process_identity import Identity
from fairkd.utils import home, make_private, parse_json

RUN_LOCK = "run.lock"
_NOTE_LENGTH = 200  # bytes, always the same: the note is overwritten in place, also on a full disk
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


class LockError(InputError):
    """No runner can hold the lock in this home folder."""


class UnsupportedLocksError(LockError):
    """The home folder is on a file system without file locks."""


class RunnerLock:
    """The lock, held. `acquire` it; the runner signs it and sends heartbeats; `release` it."""

    def __init__(self, held: BaseFileLock) -> None:
        self._held = held

    @classmethod
    def acquire(cls) -> Self | None:
        """The lock, or None while another process holds it.

        Raises
        ------
        LockError
            When the file system has no locks, or the home folder cannot be written.
        """
        try:
            make_private(home())
            lock = _file_lock(home() / "runner.lock")
            lock.acquire(blocking=False)
        except Timeout:
            return None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise LockError(
                    f"The folder for runs, {home()}, cannot be written ({error.strerror or error}): free some"
                    " disk space, or set FAIRKD_HOME to another folder."
                ) from error
            raise UnsupportedLocksError(
                f"Background runs need file locks, which the file system of {home()} does not support"
                f" ({error.strerror}): set FAIRKD_HOME to a folder on a local disk."
            ) from error
        return cls(lock)

    def sign(self, identity: Identity) -> None:
        """Note who holds the lock. On a full disk there is no note, and others take the runner for dead."""
        with suppress(OSError):
            _write_note(json.dumps(asdict(identity)))

    def heartbeat(self) -> None:
        """Note that the holder is alive."""
        with suppress(OSError):
            os.utime(_note_path())

    def release(self) -> None:
        """Clear the note and let go of the lock."""
        if holder() is not None:
            with suppress(OSError):
                _write_note("")
        self._held.release()


def ensure_supported() -> None:
    """Raise LockError where a runner could not hold the lock."""
    held = RunnerLock.acquire()
    if held is not None:
        held.release()


def holder() -> Identity | None:
    """The runner that signed last, None if it released the lock. It may be dead: check `alive`."""
    try:
        return Identity.read(parse_json(_note_path().read_bytes()))
    except (OSError, ValueError):
        return None


def seconds_since_heartbeat() -> float:
    """Seconds since the runner signed or sent a heartbeat; infinite if it never did.

    Also infinite for a heartbeat in the future, from before the clock was set back: a runner that lives sends
    the next one in less than a second.
    """
    try:
        passed = time.time() - _note_path().stat().st_mtime
    except OSError:
        return float("inf")
    return passed if passed > -1 else float("inf")


@contextmanager
def working_on(folder: Path) -> Iterator[None]:
    """Hold the lock of the run in `folder`; without it where the file system has none."""
    lock = _file_lock(folder / RUN_LOCK)
    if folder.is_dir():  # FileLock would make it
        with suppress(OSError):  # Timeout is one: the process of the attempt before has not quite ended
            lock.acquire(timeout=5)
    try:
        yield
    finally:
        lock.release()


def is_worked_on(folder: Path) -> bool | None:
    """Whether a process anywhere holds the lock of the run in `folder`; None where that cannot be known."""
    if not (folder / RUN_LOCK).is_file():
        return False if folder.is_dir() else None
    lock = _file_lock(folder / RUN_LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    except OSError:
        return None
    lock.release()
    return False


def _file_lock(path: Path) -> BaseFileLock:
    return FileLock(
        path,
        mode=0o600,
        thread_local=False,  # whichever thread took it may release it
        fallback_to_soft=False,  # a soft lock would outlive a killed holder
        preserve_lock_file=True,  # on Windows, too: nobody may lock a file that has just been deleted
    )


def _write_note(text: str) -> None:
    """Overwrite the note with one write of a fixed length, so that no reader sees half of it."""
    descriptor = os.open(_note_path(), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, text.ljust(_NOTE_LENGTH).encode())
    finally:
        os.close(descriptor)


def _note_path() -> Path:
    return home() / "runner.json"
