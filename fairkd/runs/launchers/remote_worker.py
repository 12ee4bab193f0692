"""The job of a run that was sent away: `python -m fairkd.runs.launchers.remote_worker FOLDER KEY`.

It works in the run's folder, which it shares with the runner that has submitted it, and never opens the
database of runs (`job_files`).
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from fairkd.runs.launchers import job_files
from fairkd.runs.launchers.job_files import Heartbeat, Job, JobOutcome
from fairkd.runs.run_record import Run, State, run_of_folder
from fairkd.runs.worker import REFUSED, Job as Work, carry_out

BEAT_SECONDS = 1.0


class JobRecord:
    """What a job writes of its run, and reads: a `run_session.Record` in files."""

    def __init__(self, run: Run, job: Job) -> None:
        self._folder, self._key = run.folder, job.key
        self._columns: dict[str, float | str | None] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._beats = 0
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()

    def update(self, **columns: float | str | None) -> None:
        with self._lock:
            self._columns |= columns

    def must_stop(self) -> bool:
        return self._current().cancel

    def close(self, state: State, sentence: str | None, *, warning: str | None = None) -> None:
        self._stopped.set()
        self._thread.join()
        self._current()
        self._write()  # the last columns
        while True:
            try:
                job_files.write_outcome(self._folder, JobOutcome(self._key, state, sentence, warning))
                return
            except OSError:  # a full disk: the work is done, and must be known
                self._current()
                time.sleep(BEAT_SECONDS)

    def _beat(self) -> None:
        while not self._stopped.is_set():
            self._current()
            self._write()
            self._stopped.wait(BEAT_SECONDS)

    def _write(self) -> None:
        with self._lock:
            self._beats += 1
            columns = dict(self._columns)
        job_files.write_heartbeat(
            self._folder, Heartbeat(self._key, self._beats, socket.gethostname(), columns)
        )

    def _current(self) -> Job:
        """The current job, which is this one. If the run has gone over to another, this process ends."""
        while True:
            try:
                found = job_files.current(self._folder)
            except OSError:  # the shared folder is away for a while
                time.sleep(BEAT_SECONDS)
                continue
            if found is not None and found.key == self._key:
                return found
            with suppress(OSError):
                print(
                    f"The run no longer belongs to the job {self._key}, which ends.",
                    file=sys.stderr,
                    flush=True,
                )
            os._exit(REFUSED)  # at once: whatever it wrote would disturb the other one


def remote_work(folder: Path, key: str, *, work: Work | None = None) -> int:
    """Work on a run as its job `key`. Returns the exit code. Tests replace what it does by `work`."""
    try:
        job = job_files.current(folder)
    except OSError as error:
        print(f"{folder} cannot be read ({error.strerror or error}).", file=sys.stderr)
        return REFUSED
    if job is None or job.key != key:
        print(f"The run in {folder} does not belong to the job {key}.", file=sys.stderr)
        return REFUSED
    os.chdir(folder)
    run = run_of_folder(folder)
    return carry_out(run, job.attempt, JobRecord(run, job), work)


if __name__ == "__main__":
    sys.exit(remote_work(Path(sys.argv[1]), sys.argv[2]))
