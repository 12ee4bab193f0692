"""Whether runs can be sent away: a check job shows it before anything is queued."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from fairkd.errors import FairKDError, InputError
from fairkd.runs.launchers.check_job import ANSWER, TOKEN, versions
from fairkd.runs.launchers.destination import PYTHON, Destination
from fairkd.runs.launchers.job_command import job_command
from fairkd.runs.launchers.job_files import LOG, Job, last_line
from fairkd.runs.launchers.launcher import Launcher, LauncherError
from fairkd.runs.launchers.launcher_registry import launcher_of
from fairkd.utils import home, make_private, parse_json, quoted, write_private

SECONDS = "FAIRKD_CHECK_SECONDS"
USUAL_SECONDS = 120.0
VALID_SECONDS = 3600.0  # that a check holds for the same settings and versions
SILENT_SECONDS = 15.0  # after its log has got something, which a check that works never writes
POLL_SECONDS = 0.2
MODULE = "fairkd.runs.launchers.check_job"


def ensure_usable(destination: Destination) -> None:
    """Raise a FairKDError with one sentence if runs that are sent there could not work.

    A check job must find the home folder and the same versions of FairKD, Python and torch. It has
    FAIRKD_CHECK_SECONDS, 120 by default, and is left out where that is 0. One that has succeeded holds for an
    hour.
    """
    if not destination.away:
        return
    seconds = check_seconds()
    launcher = launcher_of(destination)
    if not seconds or _has_succeeded(destination):
        return
    key = f"fairkd-check-{secrets.token_hex(4)}"
    try:
        folder = make_private(make_private(home() / "checks") / key)
        token = secrets.token_hex(16)
        write_private(folder / TOKEN, token)
    except OSError as error:
        raise InputError(
            f"The folder for runs, {home()}, cannot be written ({error.strerror or error}): free some space,"
            " or set FAIRKD_HOME to another folder."
        ) from error
    try:
        command = job_command(destination, MODULE, folder)
        found = _answer(launcher, key, command, folder, seconds)
        _compare(found, token, destination, launcher)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        write_private(_note_path(destination), "")


def check_seconds() -> float:
    """The seconds that a check job has; 0 for no check. InputError if the variable holds no such number."""
    text = os.environ.get(SECONDS, "").strip() or str(USUAL_SECONDS)
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86_400:
        raise InputError(f"{SECONDS} must be a number of seconds from 0 to 86400, got {quoted(text)}.")
    return seconds


def _answer(launcher: Launcher, key: str, command: str, folder: Path, seconds: float) -> Mapping[str, object]:
    """What the check job has found; LauncherError if it ends, or the time is over, without an answer."""
    job = Job(key, 1, launcher.submit(key, command, folder), "submitted")
    begun = changed = time.monotonic()
    said, ended = "", 0.0
    while time.monotonic() - begun < seconds:
        with suppress(OSError, ValueError):
            found = parse_json((folder / ANSWER).read_bytes())
            if isinstance(found, dict):
                return found
        if ended and time.monotonic() > ended + 2:  # a shared folder may show a file late
            raise LauncherError(_no_answer(launcher, job, folder, "ended without an answer"))
        status = launcher.status(job, folder) if not ended else None
        if status is not None and status.state in ("ended", "expired"):
            ended = time.monotonic()
        if (line := last_line(folder / LOG)) != said:
            said, changed = line, time.monotonic()
        if said and time.monotonic() - changed > SILENT_SECONDS:
            break
        time.sleep(POLL_SECONDS)
    sentence = _no_answer(launcher, job, folder, f"did not answer within {time.monotonic() - begun:.0f} s")
    with suppress(FairKDError):
        launcher.cancel(job, folder)
    raise LauncherError(sentence)


def _no_answer(launcher: Launcher, job: Job, folder: Path, what: str) -> str:
    """The sentence on a check without an answer, with what is known of the reason."""
    if said := last_line(folder / LOG):  # it has reached the folder
        return (
            f"The check job on {launcher.place} {what}; its log says {quoted(said)}. Expected FairKD in the"
            f" same Python as here: share its folder, too, or set {PYTHON} to the Python there."
        )
    said = launcher.log(job, folder)
    hint = f" (the job says {quoted(said)})" if said else ""
    return (
        f"The check job on {launcher.place} {what}{hint}: expected it to write into {home()}, so set"
        f" FAIRKD_HOME to a folder that all machines share. If the queue is only full, give it longer by"
        f" {SECONDS}, or leave the check out by 0."
    )


def _compare(found: Mapping[str, object], token: str, destination: Destination, launcher: Launcher) -> None:
    there, here = found.get("versions"), versions()
    if found.get("token") != token or not isinstance(there, dict):
        raise LauncherError(
            f"The check job on {launcher.place} read another file than was written here: expected {home()} to"
            " be one folder that all machines share."
        )
    for name, expected in here.items():
        if (got := there.get(name)) != expected:
            where = f"on {launcher.place} ({found.get('host')})"
            raise LauncherError(
                f"Expected {name} {expected} {where}, as here, got {got}: install it there, or set {PYTHON}"
                " to a Python that has it."
            )


def _has_succeeded(destination: Destination) -> bool:
    try:
        passed = time.time() - _note_path(destination).stat().st_mtime
    except OSError:
        return False
    return -1 < passed < VALID_SECONDS


def _note_path(destination: Destination) -> Path:
    """The file whose date says when a check with these settings and versions has succeeded last."""
    known = json.dumps([destination.launcher, dict(destination.settings), versions()], sort_keys=True)
    return home() / "checks" / f"{hashlib.sha256(known.encode()).hexdigest()[:16]}.passed"
