"""What the runner does for a run that was sent away: it submits the job, follows it, and ends with it.

All that a follower knows is in the run's row and folder. So if the runner is killed, the next one follows the
same job. Times are measured here: the clocks of a cluster need not agree with this one.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from fairkd.errors import FairKDError, InputError
from fairkd.runs import outcome, store
from fairkd.runs.launchers import job_files
from fairkd.runs.launchers.destination import CANCEL_COMMAND, TEMPLATE
from fairkd.runs.launchers.job_command import job_command
from fairkd.runs.launchers.job_files import Job, JobOutcome
from fairkd.runs.launchers.launcher import JobStatus, Launcher, LauncherError, UnreachableError
from fairkd.runs.launchers.launcher_registry import launcher_of
from fairkd.runs.run_record import Entry, State
from fairkd.utils import Throttle

MODULE = "fairkd.runs.launchers.remote_worker"
MOST_LOSSES = 3  # jobs in a row that are lost without a new checkpoint and replaced


@dataclass(frozen=True)
class Timing:
    """The waits of a follower, in seconds."""

    poll: float = 0.5  # between two looks into the run's folder
    status: float = 3.0  # between two questions to the launcher
    stale: float = 120.0  # without a sign of life, after which a job of which nobody knows is lost
    grace: float = 5.0  # from the end of a job until its files must be seen here
    terminate_after: float = 60.0  # from cancelling a run until the launcher ends its job
    kill_after: float = 30.0  # from then until the run counts as cancelled, whatever the launcher says
    retry: float = 5.0  # between two tries to reach a cluster


class Follower(threading.Thread):
    """Follows the job of one attempt at a run, in a thread of the runner."""

    def __init__(self, entry: Entry, timing: Timing, module: str = MODULE) -> None:
        super().__init__(name=f"follower of {entry.run.id}", daemon=True)
        self.entry, self.timing, self._module = entry, timing, module
        self._id, self._folder = entry.run.id, entry.run.folder
        self._launcher: Launcher = launcher_of(entry.destination)
        self._beat, self._beat_seen = 0, 0.0  # the last sign of life, and when it was new here
        self._ended_since: float | None = None  # when the launcher first said so
        self._cancelled_since: float | None = None
        self._killed_since: float | None = None
        self._status = JobStatus("unknown")
        self._unreachable = ""  # the last sentence on that
        self._columns: Mapping[str, float | str | None] = {}

    def run(self) -> None:
        """Follow until the run has ended, or belongs to another attempt."""
        question = Throttle(self.timing.status, first=0)
        while True:
            try:
                if not self._step(question):
                    return
            except FairKDError as error:  # a full disk, a busy database: the job goes on, and so does this
                self._say(str(error))
            except OSError as error:
                self._say(f"{self._folder}: {error.strerror or error}")
            time.sleep(self.timing.poll)

    def _step(self, question: Throttle) -> bool:
        """Look at everything once. Returns whether there is anything left to follow."""
        try:
            entry = store.entry(self._id)
        except InputError:  # it was deleted
            return False
        if not entry.run.active or entry.attempt != self.entry.attempt:
            return False
        self.entry = entry
        job = job_files.current(self._folder)
        if job is None or job.attempt != entry.attempt:
            job = self._new_job(Job("", entry.attempt, step=_checkpointed(entry)))
        cancelling = entry.run.state == "cancelling"
        if job.state == "submitting" and not self._launcher.knows_keys:
            job = self._new_job(job)  # a runner was killed meanwhile: whether the job is there, nobody knows
        if job.state != "submitted":
            if cancelling:
                return self._close("cancelled", self._cancelled_sentence())
            return self._submit(job)
        found = job_files.outcome(self._folder, job.key)
        self._take_heartbeat(job)  # the last one is written before the outcome
        if found is not None:
            return self._end(job, found, cancelling)
        if question.due():
            self._status = self._launcher.status(job, self._folder)
        if cancelling:
            return self._cancel(job)
        if self._status.state == "expired":  # the cluster was full, or the node it waited for died
            self._new_job(job)
            return True
        if self._is_lost():
            return self._lose(job, self._status.detail)
        return True

    def _new_job(self, old: Job) -> Job:
        """Replace the run's job by one that is yet to be submitted. The old one, if it lives, then exits."""
        key = f"fairkd-{self._id}-{self.entry.attempt}-{secrets.token_hex(3)}"
        job = replace(old, key=key, job="", state="new", cancel=False).write(self._folder)
        self._beat, self._beat_seen, self._ended_since = 0, time.monotonic(), None
        self._status, self._columns = JobStatus("unknown"), {}
        return job

    def _submit(self, job: Job) -> bool:
        command = job_command(self.entry.destination, self._module, self._folder, job.key)
        self._phase(f"Waiting for {self._launcher.place}")
        job = replace(job, state="submitting").write(self._folder)
        try:
            id = self._launcher.submit(job.key, command, self._folder)
        except UnreachableError as error:
            self._phase(f"Trying to reach {self._launcher.place} again")
            if self._unreachable != str(error):
                self._unreachable = str(error)
                self._say(self._unreachable)
            replace(job, state="new").write(self._folder)
            time.sleep(self.timing.retry)
            return True
        except LauncherError as error:
            return self._lose(job, str(error))
        replace(job, job=id, state="submitted").write(self._folder)
        self._beat_seen = time.monotonic()
        return True

    def _take_heartbeat(self, job: Job) -> None:
        found = job_files.heartbeat(self._folder, job.key)
        if found is None or found.beat == self._beat:
            return
        if not self._beat and "phase" not in found.columns:  # its imports take seconds
            self._phase(f"Starting on {found.host}")
        self._beat, self._beat_seen = found.beat, time.monotonic()
        news = {name: value for name, value in found.columns.items() if self._columns.get(name) != value}
        self._columns = found.columns
        if news:
            store.update(self._id, self.entry.attempt, **news)

    def _is_lost(self) -> bool:
        now = time.monotonic()
        if self._status.state == "ended":
            self._ended_since = self._ended_since or now
            return now - self._ended_since > self.timing.grace
        self._ended_since = None
        # A job that has never given a sign of life may wait in the cluster's queue.
        silent = self._beat > 0 and now - self._beat_seen > self.timing.stale
        return self._status.state == "unknown" and silent

    def _lose(self, job: Job, why: str) -> bool:
        """Replace a lost job, which continues from the last checkpoint; give up after too many."""
        step = _checkpointed(store.entry(self._id))
        losses = 1 if step > job.step else job.losses + 1
        place = self._launcher.place
        reason = why.rstrip(".") or "it gives no sign of life"
        if losses > MOST_LOSSES:
            sentence = f"The job on {place} was lost {losses} times in a row ({reason})."
            hint = "The run's log may explain it; a resumed run continues from its last checkpoint."
            return self._close("failed", f"{sentence} {hint}")
        with suppress(FairKDError):  # it may be what was lost
            self._launcher.cancel(job, self._folder)
        self._new_job(replace(job, losses=losses, step=step, lost=job.lost + 1))
        sentence = (
            f"The job on {place} was lost ({reason}): it was queued again, for the {_nth(losses)} time of at"
            f" most {MOST_LOSSES}, and continues from {f'step {step}' if step else 'its beginning'}."
        )
        store.update(self._id, self.entry.attempt, sentence=sentence)
        self._say(sentence)
        if losses > 1:
            time.sleep(self.timing.retry)
        return True

    def _end(self, job: Job, found: JobOutcome, cancelling: bool) -> bool:
        state: State = found.state  # type: ignore[assignment]
        if state == "interrupted" and not cancelling:  # the node was needed for something else
            return self._lose(job, "the cluster asked it to stop")
        if state == "interrupted":
            state = "cancelled"
        sentence = found.sentence
        if sentence is None and state == "finished" and job.lost:
            what = "1 job was" if job.lost == 1 else f"{job.lost} jobs were"
            sentence = f"{what} lost on {self._launcher.place}, and replaced."
        return self._close(state, sentence, found.warning)

    def _cancel(self, job: Job) -> bool:
        """Cancel the job: by the file that it reads at each step, later by the launcher."""
        now = time.monotonic()
        self._cancelled_since = self._cancelled_since or now
        if not job.cancel:
            job = replace(job, cancel=True).write(self._folder)
        self._is_lost()
        ended = self._ended_since is not None and now - self._ended_since > self.timing.grace
        begun = self._beat > 0
        if ended or (self._status.state == "ended" and not begun):
            return self._close("cancelled", self._cancelled_sentence())
        if begun and not self.entry.force and now - self._cancelled_since < self.timing.terminate_after:
            return True
        if self._killed_since is None:
            self._killed_since = now
            try:
                self._launcher.cancel(job, self._folder)
            except FairKDError as error:
                self._say(str(error))
        if now - self._killed_since > self.timing.kill_after or (
            # Nothing more will be known of it. It exits by itself as soon as it looks.
            self._status.state == "unknown" and not begun
        ):
            return self._close("cancelled", self._cancelled_sentence())
        return True

    def _cancelled_sentence(self) -> str:
        if not self._beat:
            return store.NEVER_STARTED
        step = _checkpointed(store.entry(self._id))
        saved = f"the last checkpoint is that of step {step}" if step else "no checkpoint was saved"
        hint = ""
        settings = self.entry.destination.settings
        if self.entry.run.launcher == TEMPLATE and CANCEL_COMMAND not in settings:
            hint = f" {CANCEL_COMMAND} is not set, so its job ends when it looks for the run the next time."
        return f"Cancelled before its current step was saved; {saved}.{hint}"

    def _close(self, state: State, sentence: str | None, warning: str | None = None) -> bool:
        store.close(self._id, self.entry.attempt, state, sentence, warning=warning)
        job_files.give_up(self._folder, self.entry.attempt)
        return False

    def _phase(self, phase: str) -> None:
        if self.entry.run.phase != phase:
            store.update(self._id, self.entry.attempt, phase=phase, phase_since=time.time())

    def _say(self, sentence: str) -> None:
        with suppress(OSError), (self._folder / job_files.LOG).open("a", encoding="utf-8") as log:
            print(time.strftime("%H:%M:%S"), sentence, file=log)


def _checkpointed(entry: Entry) -> int:
    """The step of the run's last checkpoint; 0 if it has none."""
    return outcome.last_checkpoint(entry.run.folder) or 0


def _nth(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}[number]
