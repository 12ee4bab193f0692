"""The study.json in a study's folder: what it compares, its settings, and the runs of its cells.

It is replaced as a whole, by one process at a time, which holds the lock in the folder.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout
from pydantic import ValidationError

from fairkd.errors import FairKDError, InputError
from fairkd.studies.study import Study
from fairkd.utils import make_private, parse_json, quoted, shortened, studies_folder, write_private

FILE = "study.json"
LOCK = "study.lock"
PATIENCE = 20.0  # seconds that one writer waits for another
LATEST = 10.0**11  # Unix seconds: no study is from later


@dataclass(frozen=True)
class StoredStudy:
    """What study.json holds. `runs` has the id of a cell's run by variant and seed."""

    study: Study
    settings: Mapping[str, Mapping[str, Any]]
    created: float
    note: str = ""
    owner: str = ""
    on: str | None = None
    runs: Mapping[tuple[str, int], str] = field(default_factory=dict)

    def as_values(self) -> dict[str, Any]:
        runs: dict[str, dict[str, str]] = {}
        for (variant, seed), id in self.runs.items():
            runs.setdefault(variant, {})[str(seed)] = id
        return {
            "study": self.study.model_dump(mode="json"),
            "settings": self.settings,
            "created": self.created,
            "note": self.note,
            "owner": self.owner,
            "on": self.on,
            "runs": runs,
        }

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """What `as_values` has made; ValueError, TypeError, KeyError or AttributeError for anything else."""
        study = Study(**values["study"])
        settings = {name: dict(values["settings"][name]) for name in study.variants}
        created, on = float(values["created"]), values.get("on")
        texts = [values.get("note", ""), values.get("owner", ""), on or ""]
        runs = {
            (variant, int(seed)): id
            for variant, cells in values["runs"].items()
            for seed, id in cells.items()
            if isinstance(id, str)
        }
        if not 0 <= created <= LATEST or not all(isinstance(text, str) for text in texts):
            raise TypeError
        return cls(study, settings, created, texts[0], texts[1], on or None, runs)


def folder_of(id: str) -> Path:
    """The folder of a study.

    Raises
    ------
    InputError
        When there is no study with this id.
    """
    folder = studies_folder() / id if _is_id(id) else None
    if folder is None or not folder.is_dir():
        raise InputError(f"There is no study {quoted(id)}: `fairkd study list` shows all studies.")
    return folder


def ids() -> list[str]:
    """The ids of all studies, damaged ones included."""
    try:
        return [path.parent.name for path in studies_folder().glob(f"*/{FILE}")]
    except OSError as error:
        raise InputError(
            f"The folder of studies, {studies_folder()}, cannot be read ({error.strerror or error})."
        ) from error


def read(id: str) -> StoredStudy:
    """What is stored of a study.

    Raises
    ------
    InputError
        When there is none with this id, or its file cannot be read. Its runs are not affected.
    """
    path = folder_of(id) / FILE
    try:
        return StoredStudy.from_values(parse_json(path.read_bytes()))
    except OSError as error:
        problem = error.strerror or str(error)
    except ValidationError as error:
        problem = "it is damaged, or of another version: " + str(error.errors(include_url=False)[0]["msg"])
    except FairKDError as error:
        problem = f"it is of another version: {error}"
    except (ValueError, TypeError, KeyError, AttributeError):
        problem = "it is damaged"
    raise InputError(
        f"The study {shortened(id)} cannot be read ({path}: {problem.rstrip('.')}). Its runs are still among "
        f"all runs, as the batch {shortened(id)}."
    )


def write(id: str, stored: StoredStudy) -> None:
    """Store a study, whole or not at all.

    Raises
    ------
    InputError
        When the disk is full or the folder cannot be written.
    """
    folder = studies_folder() / id
    try:
        make_private(studies_folder())
        make_private(folder)
        write_private(folder / FILE, json.dumps(stored.as_values(), indent=2) + "\n")
    except OSError as error:
        raise InputError(
            f"The study cannot be stored in {folder} ({error.strerror or error}): check that the disk has "
            "space and that you may write there, or set FAIRKD_HOME to another folder."
        ) from error


def remove(id: str) -> None:
    """Delete a study's folder. Its runs stay."""
    folder = folder_of(id)
    try:
        (folder / FILE).unlink(missing_ok=True)  # first: what cannot be deleted is then no study
    except OSError as error:
        raise InputError(f"The study in {folder} cannot be deleted ({error.strerror or error}).") from error
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def changing(id: str) -> Iterator[None]:
    """Hold the lock of a study, so that no other process changes it at the same time.

    Raises
    ------
    InputError
        When there is no such study, another process keeps the lock, or the folder cannot be written.
    """
    folder = folder_of(id)
    lock = FileLock(folder / LOCK, timeout=PATIENCE)
    try:
        lock.acquire()
    except Timeout:
        raise InputError(f"Another process is changing the study {shortened(id)}: try again.") from None
    except (OSError, NotImplementedError) as error:
        raise InputError(
            f"The study in {folder} cannot be changed ({getattr(error, 'strerror', None) or error}): check "
            "that you may write there, and that its file system has locks."
        ) from error
    try:
        yield
    finally:
        lock.release()


def _is_id(id: object) -> bool:
    """Whether `id` can name a study's folder, and none outside the folder of studies."""
    return isinstance(id, str) and 0 < len(id) <= 100 and id.isalnum() and id.isascii()
