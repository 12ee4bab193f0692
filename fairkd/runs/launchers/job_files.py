"""The files by which a run's job on a cluster and the runner here know of each other.

They lie in the run's folder, which both reach. No job opens the database of runs: the locks of SQLite are not
to be trusted on shared file systems.

* job.json, written here: which job the run belongs to now, and whether it is cancelled. A job that does not
  find itself there has been given up, and exits without writing anything more.
* job_heartbeat.json, written by the job: that it lives, and the columns of the run's row.
* job_outcome.json, written by the job: how the run ended.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from fairkd.utils import parse_json, write_private

JOB, HEARTBEAT, OUTCOME = "job.json", "job_heartbeat.json", "job_outcome.json"
LOG = "log.txt"
COLUMNS = ("step", "progress", "seconds_left", "phase", "phase_since", "phase_seconds")


@dataclass(frozen=True)
class Job:
    """A job of a launcher: `key` is our name for it, `job` the launcher's own; empty until it is known.

    `state` is "new", "submitting" or "submitted". `losses` counts the jobs that were lost since the
    checkpoint of `step`, `lost` all of this attempt.
    """

    key: str
    attempt: int
    job: str = ""
    state: str = "new"
    cancel: bool = False
    losses: int = 0
    lost: int = 0
    step: int = 0

    def write(self, folder: Path) -> Self:
        """Make it the current job of the run in `folder`; OSError if that fails."""
        write_private(folder / JOB, json.dumps(asdict(self)) + "\n")
        return self


@dataclass(frozen=True)
class Heartbeat:
    """A sign of life: `beat` counts them, `host` is the machine, `columns` are those of the run's row."""

    key: str
    beat: int
    host: str
    columns: Mapping[str, float | str | None]


@dataclass(frozen=True)
class JobOutcome:
    """How the work on a run ended: its state, sentence and warning."""

    key: str
    state: str
    sentence: str | None
    warning: str | None


def current(folder: Path) -> Job | None:
    """The job that the run in `folder` belongs to; None if it belongs to none.

    Raises
    ------
    OSError
        When the file cannot be read at present.
    """
    try:
        values = parse_json((folder / JOB).read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    known = {field.name: type(field.default) for field in fields(Job)[2:]} | {"key": str, "attempt": int}
    if not isinstance(values, dict) or any(
        type(values.get(name)) is not kind for name, kind in known.items()
    ):
        return None
    return Job(**{name: values[name] for name in known})


def give_up(folder: Path, attempt: int | None = None) -> None:
    """Let the run in `folder` belong to no job: whichever still works on it exits.

    With an attempt, only if the job is one of it: a later attempt may have begun.
    """
    if attempt is not None:
        with suppress(OSError):
            if (found := current(folder)) is not None and found.attempt != attempt:
                return
    for name in (JOB, HEARTBEAT, OUTCOME):
        with suppress(OSError):
            (folder / name).unlink()


def write_heartbeat(folder: Path, heartbeat: Heartbeat) -> None:
    """Write a sign of life. A full or absent disk is ignored, since the next one may be written."""
    with suppress(OSError):
        write_private(folder / HEARTBEAT, json.dumps(asdict(heartbeat)) + "\n")


def heartbeat(folder: Path, key: str) -> Heartbeat | None:
    """The last sign of life of a job; None if there is none."""
    values = _read(folder / HEARTBEAT, key)
    columns = values.get("columns")
    if not isinstance(values.get("beat"), int) or not isinstance(columns, dict):
        return None
    known = {name: columns[name] for name in COLUMNS if isinstance(columns.get(name), int | float | str)}
    if columns.get("seconds_left", 0) is None:
        known["seconds_left"] = None
    return Heartbeat(key, values["beat"], str(values.get("host", "")), known)


def outcome(folder: Path, key: str) -> JobOutcome | None:
    """How a job says that its run ended; None if it has not said so."""
    values = _read(folder / OUTCOME, key)
    texts = {name: values.get(name) for name in ("sentence", "warning")}
    if values.get("state") not in ("finished", "cancelled", "failed", "interrupted"):
        return None
    said = {name: text if isinstance(text, str) else None for name, text in texts.items()}
    return JobOutcome(key, values["state"], said["sentence"], said["warning"])


def write_outcome(folder: Path, outcome: JobOutcome) -> None:
    """Write how the run ended; OSError if that fails."""
    write_private(folder / OUTCOME, json.dumps(asdict(outcome)) + "\n")


def last_line(path: Path) -> str:
    """The last line of a text file that says something, at most 300 characters; empty without one."""
    with suppress(OSError):
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4096))
            lines = file.read().decode("utf-8", "replace").split("\n")
        said = [" ".join(line.split()) for line in lines if line.strip()]
        return said[-1][:300] if said else ""
    return ""


def _read(path: Path, key: str) -> dict[str, Any]:
    """What a file of a job holds; empty if it is another job's, or cannot be read."""
    try:
        values = parse_json(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) and values.get("key") == key else {}
