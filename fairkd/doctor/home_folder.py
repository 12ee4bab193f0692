"""Checks of the home folder, where runs are kept. What they write is removed at once."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from filelock import FileLock

from fairkd.doctor.finding import Finding
from fairkd.utils import VARIABLE, home

LITTLE_DISK = 1_000_000_000  # bytes; two checkpoints of a student of the embedded teacher need half of it
ENOUGH_DISK = 5_000_000_000
ELSEWHERE = f"Set {VARIABLE} to a folder on a local disk that you may write to."


def home_folder() -> Iterator[Finding]:
    """Whether runs can be kept: the folder, its permissions, file locks, the database, free space."""
    folder = home()
    if folder.exists() and not folder.is_dir():
        yield Finding("home folder", "problem", f"{folder} is a file.", ELSEWHERE)
        return
    place = _existing(folder)
    try:
        with tempfile.TemporaryDirectory(prefix=".fairkd-doctor-", dir=place) as made:
            yield Finding("home folder", "ok", _where(folder))
            yield _permissions(folder)
            yield _locks(Path(made))
            yield _database(Path(made))
    except OSError as error:
        yield Finding(
            "home folder",
            "problem",
            f"{place} cannot be written ({error.strerror or error}): runs can be shown, but none can start.",
            ELSEWHERE,
        )
    yield _disk(place)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists: it is made with the first run."""
    return next(one for one in (folder, *folder.parents) if one.is_dir())


def _where(folder: Path) -> str:
    return f"{folder} can be written." if folder.is_dir() else f"{folder} will be made with the first run."


def _permissions(folder: Path) -> Finding:
    if os.name != "posix" or not folder.is_dir():
        return Finding("permissions", "ok", "The folder is made for its owner alone.")
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        return Finding(
            "permissions",
            "warning",
            f"Other users of this machine may look into {folder} (mode {mode:04o}).",
            f"chmod 700 {folder}",
        )
    return Finding("permissions", "ok", "Only its owner may look into the folder.")


def _locks(folder: Path) -> Finding:
    lock = FileLock(folder / "lock", blocking=False, fallback_to_soft=False)
    try:
        lock.acquire()
    except OSError as error:
        return Finding(
            "file locks",
            "problem",
            f"The file system has no file locks ({error.strerror or error}): queued runs never start.",
            ELSEWHERE,
        )
    lock.release()
    return Finding("file locks", "ok", "The file system has file locks.")


def _database(folder: Path) -> Finding:
    try:
        with closing(sqlite3.connect(folder / "probe.sqlite", timeout=2)) as database:
            (mode,) = database.execute("PRAGMA journal_mode = WAL").fetchone()
            database.execute("CREATE TABLE probe (number INTEGER)")
            database.commit()
    except sqlite3.Error as error:
        return Finding("database", "problem", f"SQLite cannot keep a database here ({error}).", ELSEWHERE)
    if mode != "wal":
        return Finding(
            "database",
            "problem",
            f"SQLite refuses a write-ahead log here (it uses {mode}), as on network file systems: pages "
            "would wait for runs.",
            ELSEWHERE,
        )
    return Finding("database", "ok", "SQLite can keep a database with a write-ahead log here.")


def _disk(place: Path) -> Finding:
    free = shutil.disk_usage(place).free
    sentence = f"{free / 1e9:,.1f} GB are free on the disk of {place}."
    if free < ENOUGH_DISK:
        advice = "Make space: a run with checkpoints takes about half a gigabyte, with large models far more."
        return Finding("disk", "problem" if free < LITTLE_DISK else "warning", sentence, advice)
    return Finding("disk", "ok", sentence)
