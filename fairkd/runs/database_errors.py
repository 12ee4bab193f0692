"""What stops the database of runs from being used, in one sentence."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from fairkd.errors import FairKDError, InputError
from fairkd.runs import lock
from fairkd.runs.process_identity import Identity, is_stopped
from fairkd.runs.schema import WriteAheadLogError
from fairkd.utils import home

# Errors of SQLite on file systems without locks or shared memory, such as NFS and some of FUSE.
_NO_SHARED_MEMORY = (
    "SQLITE_PROTOCOL",
    "SQLITE_IOERR_SHMOPEN",
    "SQLITE_IOERR_SHMMAP",
    "SQLITE_IOERR_SHMLOCK",
    "SQLITE_IOERR_LOCK",
    "SQLITE_IOERR_RDLOCK",
)


def unusable(error: OSError) -> InputError:
    """The sentence for a home folder that cannot be written."""
    return InputError(
        f"The folder for runs, {home()}, cannot be written ({error.strerror or error}): free some space,"
        " or set FAIRKD_HOME to another folder."
    )


def explained(error: sqlite3.DatabaseError, path: Path) -> FairKDError:
    """The sentence for an error of SQLite at the database of runs in `path`."""
    kind = getattr(error, "sqlite_errorname", None) or ""
    if "malformed" in str(error) or "not a database" in str(error):
        return FairKDError(
            f"The database of runs, {path}, is damaged: move it away, and a new one lists the runs"
            " in their folders."
        )
    if kind in _NO_SHARED_MEMORY or isinstance(error, WriteAheadLogError):
        return InputError(
            f"The file system of {home()} lacks what the database of runs needs, locks and shared memory"
            f" ({error}): set FAIRKD_HOME to a folder on a local disk."
        )
    if "locked" in str(error) or "busy" in str(error):
        return FairKDError(
            f"Another process keeps the database of runs in {home()} busy{_who_is_stopped(path)}"
        )
    return InputError(
        f"The database of runs in {home()} cannot be used ({error}): check that the disk has space and that"
        " you may write there."
    )


def _who_is_stopped(path: Path) -> str:
    """The end of the sentence on a busy database: which process that may hold it was stopped."""
    found = []
    with suppress(sqlite3.Error, OSError), closing(sqlite3.connect(path, timeout=0.2)) as database:
        workers = "SELECT pid, pid_started, pid_boot, pid_namespace FROM runs WHERE pid IS NOT NULL"
        names = ("pid", "started", "boot", "namespace")
        known = [Identity.read(dict(zip(names, row, strict=True))) for row in database.execute(workers)]
        processes = [one.process() for one in (*known, lock.holder()) if one is not None]
        found = [one.pid for one in processes if one is not None and is_stopped(one)]
    if not found:
        return ": try again."
    pid = found[0]
    return (
        f": process {pid} was stopped. Continue it with `kill -CONT {pid}`, or end it with `kill -9 {pid}`."
    )
