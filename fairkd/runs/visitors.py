"""What a visitor of the dashboard may do with runs and uploads, by how it is shared (`utils.hosting`).

A page asks before it shows a button; the same rules hold when the button is pressed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from fairkd.benchmarks import MeasureConfig
from fairkd.errors import InputError
from fairkd.runs import control, run_access, standby, store, uploads
from fairkd.runs.launchers import configured
from fairkd.runs.run_access import RunAccess
from fairkd.runs.run_config import RunConfig
from fairkd.runs.run_record import ACTIVE, Run
from fairkd.utils import MOST_MEGABYTES, Access, Hosting, uploads_pattern

NO_START = "Runs cannot be started on this server."
NO_CHANGE = "Runs cannot be changed on this server."
NO_COOKIE = (
    "Your browser sent no cookie, so this server cannot tell what is yours: allow cookies for it, and load "
    "the page again."
)
NOT_YOURS = "This {} was started by somebody else: only they and the presenter can change it."

T = TypeVar("T")
_submitting = threading.Lock()  # between counting a visitor's runs and adding one


class Started(Protocol):
    """A run, or a study: its folder says which visitor has started it."""

    @property
    def folder(self) -> Path: ...


@dataclass(frozen=True)
class Visitor:
    """One browser, and what it may do here. Without a cookie its id is empty."""

    hosting: Hosting = Hosting()
    id: str = ""
    presenter: bool = False

    @property
    def limited(self) -> bool:
        """Whether the quota holds."""
        return self.hosting.mode == "class" and not self.presenter

    @property
    def access(self) -> Access:
        """What the visitor may use: the host's lists, and where files may be uploaded, the visitor's own."""
        listed = self.hosting.access
        if listed.text is None or self.upload_refusal() is not None:
            return listed
        return Access(listed.models, (*listed.text, uploads_pattern(uploads.folder(self._uploader))))

    @property
    def launchers(self) -> list[str]:
        """The launchers to choose from, the default first; in a class, visitors have no choice."""
        return [] if self.limited or self.start_refusal() else configured()

    @property
    def upload_megabytes(self) -> int:
        """How large an uploaded file may be."""
        return self.hosting.megabytes if self.limited else MOST_MEGABYTES

    @property
    def run_access(self) -> RunAccess:
        """What is stored with a run or a study that the visitor starts."""
        return RunAccess(self.access, self.id, own_runs_only=self.limited)

    def start_refusal(self) -> str | None:
        """Why the visitor may not start runs here; None if they may."""
        if self.hosting.mode == "demo":
            return NO_START
        return NO_COOKIE if self.hosting.mode == "class" and not self.id else None

    def prepare(self) -> None:
        """`standby.prepare`, if the visitor may start runs here."""
        if self.start_refusal() is None:
            standby.prepare()

    def upload_refusal(self) -> str | None:
        """Why the visitor may not upload files here; None if they may."""
        if self.hosting.mode == "demo":
            return "Files cannot be uploaded on this server."
        return NO_COOKIE if self.hosting.shared and not self.id else None

    def change_refusal(self, one: Started, kind: str = "run") -> str | None:
        """Why the visitor may not cancel, resume, delete or describe this run; None if they may.

        The same holds for a study, which is then the `kind`.
        """
        if self.hosting.mode == "demo":
            return NO_CHANGE
        return NOT_YOURS.format(kind) if self.limited and not self.owns(one) else None

    def owns(self, run: Started) -> bool:
        """Whether the visitor has started this run, or this study. Only in a class is that known."""
        if self.hosting.mode != "class" or not self.id:
            return False
        try:
            return run_access.read(run.folder).visitor == self.id
        except InputError:
            return False

    def may_use(self, config: RunConfig) -> None:
        """Raise a FairKDError that says which setting of a run the visitor may not have.

        A measurement has no budget of time, so in a class it must be quick: minutes for the most models and
        benchmarks that it may have.
        """
        run_access.allowed(config.model_dump(mode="json"), self.access)
        if not self.limited:
            return
        if isinstance(config, MeasureConfig):
            if not config.quick:
                raise InputError("On this server, measurements are quick ones: choose quick mode.")
            return
        if config.evaluation.benchmarks and config.evaluation.benchmark_items != "sample":
            raise InputError(
                "On this server, benchmarks are measured on a sample: set evaluation.benchmark_items to "
                "sample."
            )
        most = self.hosting.minutes
        if config.budget.minutes is None or config.budget.minutes > most:
            given = (
                f"{config.budget.steps:,} steps"
                if config.budget.minutes is None
                else (f"{config.budget.minutes:g} minutes")
            )
            raise InputError(
                f"The training time of a run is at most {most:g} minutes on this server, got {given}."
            )

    def submit(
        self,
        configs: Sequence[tuple[str, RunConfig]],
        *,
        note: str = "",
        owner: str = "",
        batch: str | None = None,
        on: str | None = None,
    ) -> list[Run]:
        """`control.submit_all`, as far as the visitor may; FairKDError if not."""
        self._refuse(self.start_refusal())
        if self.limited and on is not None:
            raise InputError("On this server, only the presenter chooses where runs work.")
        for _, config in configs:
            self.may_use(config)
        with _submitting:
            self._check_quota(len(configs))
            access = self.run_access
            return control.submit_all(configs, note=note, owner=owner, batch=batch, access=access, on=on)

    def change(self, id: str, action: Callable[[str], T]) -> T:
        """`action(id)`, such as `control.cancel`, if the visitor may change this run; FairKDError if not."""
        self._refuse(self.change_refusal(control.get(id)))
        return action(id)

    def resume(self, id: str) -> Run:
        """`control.resume`, as far as the visitor may; FairKDError if not."""
        self._refuse(self.start_refusal())
        with _submitting:
            self._check_quota(1)
            return self.change(id, lambda id: control.resume(id, access=self.access))

    def upload(self, name: str, content: bytes) -> str:
        """Store a file for runs of this visitor, and return its path; InputError if that is refused."""
        self._refuse(self.upload_refusal())
        most = self.hosting.megabytes if self.limited else None
        stored = uploads.store(name, content, visitor=self._uploader, most_megabytes=most)
        return self.access.source(str(stored))

    def unfinished(self) -> int:
        """How many of the visitor's runs are queued or at work."""
        return sum(self.owns(entry.run) for entry in store.entries(("queued", *ACTIVE)))

    @property
    def _uploader(self) -> str:
        return self.id if self.hosting.shared else ""

    def _check_quota(self, more: int) -> None:
        if not self.limited:
            return
        most, before = self.hosting.unfinished_runs, self.unfinished()
        if before + more > most:
            raise InputError(
                f"At most {most} of your runs can be queued or at work at a time, and {before} are: start "
                "fewer, or wait until one has ended."
            )

    @staticmethod
    def _refuse(reason: str | None) -> None:
        if reason is not None:
            raise InputError(reason)
