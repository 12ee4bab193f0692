"""The launcher `command`: each run is what a command makes of it, such as `sbatch --wrap {command}`.

The template's words are those of a shell, but no shell reads them: {command} is one argument. The command may
return at once, and print the job's id last, or stay until the job has ended, as `ssh HOST {command}` does.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from fairkd.runs.launchers.destination import CANCEL_COMMAND, COMMAND, STATUS_COMMAND
from fairkd.runs.launchers.job_files import Job, last_line
from fairkd.runs.launchers.launcher import JobStatus, LauncherError
from fairkd.utils import shortened

SUBMIT_SECONDS = 20.0  # after which the command is one that stays until the job has ended
CALL_SECONDS = 30.0  # that the commands for status and cancel may take
POLL_SECONDS = 0.05
OUTPUT, ERRORS = "job_submit.out", "job_submit.err"
_ID = re.compile(r"\d[\w.\-]*")  # 123, 123.server


class CommandTemplate:
    """Jobs that a command submits, and that others, where there are any, look after."""

    knows_keys = False

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._submit, self._cancel = settings[COMMAND], settings.get(CANCEL_COMMAND)
        self._status = settings.get(STATUS_COMMAND)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}  # the commands of this process by job

    @property
    def place(self) -> str:
        return shlex.split(self._submit)[0]

    def examine(self) -> str:
        found = shutil.which(self.place)
        if found is None:
            raise LauncherError(f"{COMMAND} begins with {shortened(self.place)}, which is no command here.")
        return f"{COMMAND} starts {found}."

    def submit(self, key: str, command: str, folder: Path) -> str:
        words = filled(self._submit, command=command, name=key)
        try:
            with (folder / OUTPUT).open("wb") as output, (folder / ERRORS).open("wb") as errors:
                process = subprocess.Popen(
                    words,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=errors,
                    start_new_session=True,  # one that stays outlives the runner
                    cwd=folder,
                )
        except OSError as error:
            raise LauncherError(
                f"The command {shortened(words[0])} of {COMMAND} cannot be started"
                f" ({error.strerror or error})."
            ) from error
        self._processes[key] = process
        end = time.monotonic() + SUBMIT_SECONDS
        while process.poll() is None and time.monotonic() < end:
            time.sleep(POLL_SECONDS)
        if process.returncode:
            raise LauncherError(self._failure(words[0], process.returncode, folder))
        return "" if process.returncode is None else job_id(last_line(folder / OUTPUT))

    def status(self, job: Job, folder: Path) -> JobStatus:
        process = self._processes.get(job.key)
        if process is not None:
            code = process.poll()
            if code is None:
                return JobStatus("working")
            if code:
                return JobStatus("ended", self._failure(self.place, code, folder))
        id = job.job or job_id(last_line(folder / OUTPUT))
        if self._status is None or not id:
            return JobStatus("unknown")
        try:
            found = _call(filled(self._status, job=id, name=job.key))
        except LauncherError as error:
            return JobStatus("unknown", str(error))
        said = " ".join(found.split())
        return JobStatus("waiting", said) if said else JobStatus("ended", f"{self.place} no longer lists it")

    def cancel(self, job: Job, folder: Path) -> None:
        id = job.job or job_id(last_line(folder / OUTPUT))
        if self._cancel is not None and id:
            _call(filled(self._cancel, job=id, name=job.key))
        process = self._processes.get(job.key)
        if process is not None and process.poll() is None:
            process.terminate()

    def log(self, job: Job, folder: Path) -> str:
        return last_line(folder / ERRORS)

    @staticmethod
    def _failure(command: str, code: int, folder: Path) -> str:
        said = last_line(folder / ERRORS) or last_line(folder / OUTPUT) or "it printed nothing"
        return (
            f"The command {shortened(command)} of {COMMAND} failed with exit code {code}: {said.rstrip('.')}."
        )


def filled(template: str, **values: str) -> list[str]:
    """The words of a template, with the values in place of their names in braces.

    >>> filled("sbatch --job-name={name} --wrap {command}", name="a", command="sleep 1")
    ['sbatch', '--job-name=a', '--wrap', 'sleep 1']
    """
    return [word.format(**values) for word in shlex.split(template)]


def job_id(line: str) -> str:
    """The id of a job in the line that a command has printed last; empty if there is none.

    >>> job_id("Submitted batch job 123"), job_id("Job <7> is submitted to queue <normal>.")
    ('123', '7')
    >>> job_id("12;here"), job_id("job.batch/bert created")
    ('12', '')
    """
    found = _ID.search(line)
    return found.group().rstrip(".-") if found else ""


def _call(words: Sequence[str]) -> str:
    """What a command prints; LauncherError if it fails."""
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=CALL_SECONDS)
    except OSError as error:
        raise LauncherError(
            f"The command {shortened(words[0])} cannot be started ({error.strerror or error})."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise LauncherError(
            f"The command {shortened(words[0])} took more than {CALL_SECONDS:g} s."
        ) from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise LauncherError(
            f"The command {shortened(words[0])} failed with exit code {done.returncode}"
            + (f": {shortened(said[-1]).rstrip('.')}." if said else ".")
        )
    with suppress(UnicodeDecodeError):
        return done.stdout.decode()
    return os.fsdecode(done.stdout)
