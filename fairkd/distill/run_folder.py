"""The folder of a run: locked while a process trains in it, with the configuration that it was made for."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from fairkd.distill.config import Config, stored_config
from fairkd.errors import InputError

LOCK = "train.lock"
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


@contextmanager
def locked(folder: Path, notify: Callable[[str], None]) -> Iterator[None]:
    """Make the run folder, and lock it against other processes until the context ends.

    The operating system releases the lock of a process that dies. On a file system without locks, such as
    some network drives, training goes on unlocked, and `notify` is called with a warning.

    Raises
    ------
    InputError
        If another process trains in the folder, or if the folder cannot be made or written to.
    """
    lock = FileLock(folder / LOCK, blocking=False, thread_local=False, fallback_to_soft=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise InputError(
            f"Another process is training in the folder {folder}: wait until it ends, or choose another one."
        ) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise _unwritable(folder, error) from error
        notify(
            f"The file system of {folder} does not support file locks. Make sure that no other process "
            "trains in this folder."
        )
    try:
        yield
    finally:
        # Removed while it is still held: whoever waits for the removed file notices and takes a new one.
        with suppress(OSError):
            (folder / LOCK).unlink()
        lock.release()


def write_config(folder: Path, config: Config) -> None:
    """Write config.json, unless it is there with the same settings.

    Raises
    ------
    InputError
        If the folder holds a run with other settings or cannot be written to.
    """
    path = folder / "config.json"
    try:
        stored = stored_config(folder)
        if stored is not None:
            if stored != config:
                raise InputError(
                    f"The folder {folder} holds a run with other settings: choose another folder, or resume "
                    "that run with the settings in its config.json."
                )
            return
        partial = path.with_suffix(".writing")
        partial.write_text(json.dumps(config.model_dump(mode="json"), indent=2) + "\n", encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError(f"Cannot write to the folder {folder} ({error.strerror}): choose another one.")
