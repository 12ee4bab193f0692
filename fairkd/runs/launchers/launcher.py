"""What a launcher does: submit a job, say how it fares, and cancel it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from fairkd.errors import FairKDError
from fairkd.runs.launchers.job_files import Job


class LauncherError(FairKDError):
    """A cluster that cannot be reached, or a job that it does not take; the message is one sentence."""


class UnreachableError(LauncherError):
    """A cluster that cannot be reached at present."""


@dataclass(frozen=True)
class JobStatus:
    """How a job fares, and what the launcher says of it.

    `waiting` and `working` jobs may still end the run. An `ended` one writes nothing more; an `expired` one
    has ended without ever having started, because the cluster was full or the node died that it waited for.
    Of an `unknown` one, the launcher cannot say anything.
    """

    state: Literal["waiting", "working", "ended", "expired", "unknown"]
    detail: str = ""


class Launcher(Protocol):
    """One kind of cluster. All methods may take seconds, and are called by one thread for each run."""

    knows_keys: bool  # whether it refuses a second job with the same key

    @property
    def place(self) -> str:
        """Where its runs work, as people call it: Ray, sbatch."""

    def examine(self) -> str:
        """What can be said of the cluster without a job, as a sentence; LauncherError if it is not there."""

    def submit(self, key: str, command: str, folder: Path) -> str:
        """Submit a shell command as the job `key`, and return the launcher's own id of it, if it has one.

        LauncherError if it is not taken; if it is there already, that is none.
        """

    def status(self, job: Job, folder: Path) -> JobStatus:
        """How a submitted job fares; `unknown` where nobody can say."""

    def cancel(self, job: Job, folder: Path) -> None:
        """End a job, at once; LauncherError if that cannot be done. One that has ended is left alone."""

    def log(self, job: Job, folder: Path) -> str:
        """What the launcher itself has kept of the job's output: its last line; empty if it keeps none."""
