"""Scores that were computed before, kept on disk for each model and precision.

A score is the log-probability of one token at one position of one input. Its key is a digest of these, so a
second benchmark that asks the same, or a run that was stopped, pays only for what is new. A cache that cannot
be read or written is passed over: scores are then computed again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from fairkd.predictions import Precision
from fairkd.utils import cache_folder, make_private

_MOST_MODELS = 32  # files kept; the least recently used go first
_AT_ONCE = 500  # keys of one query


def folder() -> Path:
    """Where the caches lie: one file a model and precision."""
    return cache_folder() / "scores"


class ScoreCache:
    """The scores of one model; several threads and processes may share them."""

    def __init__(self, model_hash: str, precision: Precision) -> None:
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        path = folder() / f"{model_hash[:32]}-{precision}.sqlite"
        with suppress(OSError, sqlite3.Error):
            make_private(path.parent)
            self._database = _open(path)
            path.touch()
            _drop_oldest(path.parent)

    def get(self, keys: Sequence[bytes]) -> dict[bytes, float]:
        """The scores that are known, by key."""
        found: dict[bytes, float] = {}
        if self._database is None:
            return found
        with suppress(sqlite3.Error), self._lock:
            for start in range(0, len(keys), _AT_ONCE):
                part = keys[start : start + _AT_ONCE]
                marks = ",".join("?" * len(part))
                found.update(
                    self._database.execute(f"SELECT key, score FROM scores WHERE key IN ({marks})", part)
                )
        return found

    def put(self, scores: Mapping[bytes, float]) -> None:
        """Keep these scores."""
        if self._database is None:
            return
        with suppress(sqlite3.Error), self._lock, self._database:
            self._database.executemany("INSERT OR IGNORE INTO scores VALUES (?, ?)", scores.items())

    def close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None


def _open(path: Path) -> sqlite3.Connection:
    try:
        return _connected(path)
    except sqlite3.DatabaseError:  # damaged: what it held is computed again
        path.unlink()
        return _connected(path)


def _connected(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=10, check_same_thread=False)
    database.execute("PRAGMA synchronous = OFF")  # a lost score is computed again
    database.execute(
        "CREATE TABLE IF NOT EXISTS scores (key BLOB PRIMARY KEY, score REAL NOT NULL) WITHOUT ROWID"
    )
    return database


def _drop_oldest(where: Path) -> None:
    files = sorted(where.glob("*.sqlite"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files[_MOST_MODELS:]:
        path.unlink(missing_ok=True)
