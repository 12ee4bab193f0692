"""How a run ended, as a state and one sentence: from an error, an `end` event or an exit code."""

from __future__ import annotations

import errno
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

from fairkd.errors import FairKDError
from fairkd.runs import events
from fairkd.runs.events import Event
from fairkd.runs.run_config import Kind
from fairkd.runs.run_record import Entry, State
from fairkd.utils import is_lack_of_memory, shortened

_FULL = ("no space left on device", "disk is full", "disk quota exceeded", "file too large")
_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_WORK: Mapping[Kind, str] = {"distill": "Training", "measure": "Measuring"}
_SMALLER: Mapping[Kind, str] = {
    "distill": "choose a smaller student, smaller micro-batches or shorter sentences.",
    "measure": "choose smaller models, or end other programs.",
}


def error_sentence(error: BaseException, folder: Path, kind: Kind = "distill") -> str:
    """One sentence for the error that ended the run in `folder`; the message of a FairKDError is one."""
    if isinstance(error, FairKDError):
        return str(error)
    if _is_full(error, folder):
        return disk_full(folder, kind)
    if is_lack_of_memory(error):
        return f"The run ran out of memory: {_SMALLER[kind]}"
    text = str(error).strip()
    first = shortened(text.splitlines()[0]).rstrip(".") if text else "no message"
    return (
        f"{_WORK[kind]} stopped with an unexpected error ({type(error).__name__}: {first}); the run's log has"
        " the details."
    )


def disk_full(folder: Path, kind: Kind) -> str:
    step = last_checkpoint(folder)
    intact = "" if step is None else f", which continues from its checkpoint of step {step}"
    if kind == "measure":
        intact = ", which then measures only what is missing"
    return f"The disk with {folder} is full: free some space, then resume the run{intact}."


def has_no_space(folder: Path) -> bool:
    """Whether the disk has less than 1 MB left."""
    try:
        return shutil.disk_usage(folder).free < 1 << 20
    except OSError:
        return False


def _is_full(error: BaseException, folder: Path) -> bool:
    if isinstance(error, OSError) and error.errno in _FULL_ERRNOS:
        return True
    if any(words in str(error).lower() for words in _FULL):
        return True
    # Writers of tensors only report that they failed.
    return "write" in str(error).lower() and has_no_space(folder)


def classify_end(end: Event | None, *, cancelling: bool, kind: Kind) -> tuple[State, str | None] | None:
    """State and sentence from the `end` event of a run's work; None without a valid one.

    Work that stopped although nobody cancelled the run was interrupted: it can be resumed.
    """
    if end is None or end.get("state") not in ("finished", "cancelled", "failed", "interrupted"):
        return None
    state: State = end["state"]
    sentence = end.get("sentence")
    if state == "cancelled" and not cancelling:
        saved = "What was measured is kept" if kind == "measure" else f"Step {end.get('step') or 0} was saved"
        return "interrupted", f"The system asked the run to stop. {saved}; it can be resumed."
    return state, sentence if isinstance(sentence, str) else None


def classify_exit(
    entry: Entry, code: int | None, *, memory_killed: bool = False, disk_was_full: bool = False
) -> tuple[State, str | None]:
    """State and sentence of a run whose process has ended without storing them.

    Parameters
    ----------
    code
        The exit code as `subprocess` gives it; None if nobody could wait for the process.
    memory_killed
        Whether the system has killed processes for lack of memory since it started.
    disk_was_full
        Whether the disk was full when it had ended.
    """
    run = entry.run
    ends = [event for event in events.read(run)[0] if event["type"] == "end" and _is_of(event, entry)]
    reported = classify_end(ends[-1] if ends else None, cancelling=run.state == "cancelling", kind=run.kind)
    if reported is not None:
        return reported
    step = last_checkpoint(run.folder)
    if run.state == "cancelling":
        if run.kind == "measure":
            return "cancelled", "Cancelled in the middle of a benchmark; what was measured is kept."
        saved = "no checkpoint was saved" if step is None else f"the last checkpoint is that of step {step}"
        return "cancelled", f"Cancelled before its current step was saved; {saved}."
    if memory_killed:
        return "failed", f"The system killed the run because memory ran out: {_SMALLER[run.kind]}"
    if code is not None and code > 0:
        if disk_was_full:
            return "failed", disk_full(run.folder, run.kind)
        return (
            "failed",
            f"{_WORK[run.kind]} ended with exit code {code} and no error message; the run's log may explain"
            " it.",
        )
    how = f"was ended by {_signal(-code)}" if code else "has ended for an unknown reason"
    resumed = "starts again" if step is None else f"continues from the checkpoint of step {step}"
    if run.kind == "measure":
        resumed = "measures only what is missing"
    return "interrupted", f"The run's process {how}; a resumed run {resumed}."


def _is_of(end: Event, entry: Entry) -> bool:
    """Whether an end belongs to the attempt of the entry; by its time where an earlier version wrote it."""
    attempt = end.get("attempt")
    if attempt is None:
        return bool(end["time"] >= (entry.run.started or 0))
    return bool(attempt == entry.attempt)


def _signal(number: int) -> str:
    try:
        return f"the signal {signal.Signals(number).name}"
    except ValueError:
        return f"signal {number}"


def last_checkpoint(folder: Path) -> int | None:
    """The step of a run's last checkpoint; None if it has none."""
    try:
        known = events.history(events.read(folder)[0])
    except OSError:
        return None
    steps = [event.get("step") for event in known if event["type"] == "checkpoint"]
    return steps[-1] if steps else None
