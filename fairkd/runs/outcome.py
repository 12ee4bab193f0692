"""What became of a run: one state and one clear sentence, from an error, an exit code or its last events."""

from __future__ import annotations

import errno
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

from fairkd.errors import FairKDError
from fairkd.runs import events
from fairkd.runs.events import Event
from fairkd.runs.store import Entry, State
from fairkd.utils import is_lack_of_memory

_FULL = ("no space left on device", "disk is full", "disk quota exceeded", "file too large")
_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def of_error(error: BaseException, folder: Path) -> str:
    """One sentence for what ended a run in `folder`; a FairKDError says its own."""
    if isinstance(error, FairKDError):
        return str(error)
    text = str(error).strip()
    if _is_full(error, folder):
        return disk_full(folder)
    if is_lack_of_memory(error):
        return out_of_memory("The memory was not enough for this run")
    first = text.splitlines()[0].rstrip(".") if text else "no reason given"
    return (
        f"The training stopped at an error that FairKD does not know ({type(error).__name__}: {first}); its"
        " log holds the details."
    )


def disk_full(folder: Path) -> str:
    return (
        f"The disk that holds {folder} is full: free some space and resume the run, whose last checkpoint"
        f" is intact{_last_checkpoint(folder)}."
    )


def has_no_space(folder: Path) -> bool:
    """Whether the disk has less than 1 MB left."""
    try:
        return shutil.disk_usage(folder).free < 1 << 20
    except OSError:
        return False


def out_of_memory(what: str) -> str:
    return f"{what}: choose a smaller student, smaller micro-batches or shorter sentences."


def _is_full(error: BaseException, folder: Path) -> bool:
    if isinstance(error, OSError) and error.errno in _FULL_ERRNOS:
        return True
    if any(words in str(error).lower() for words in _FULL):
        return True
    # Writers of tensors say only that they failed.
    return "write" in str(error).lower() and has_no_space(folder)


def of_end(end: Event | None, *, cancelling: bool) -> tuple[State, str | None] | None:
    """What the training itself said at its end; one that stopped although nobody cancelled it can go on."""
    if end is None or end.get("state") not in ("finished", "cancelled", "failed", "interrupted"):
        return None
    state: State = end["state"]
    sentence = end.get("sentence")
    if state == "cancelled" and not cancelling:
        step = end.get("step") or 0
        return "interrupted", f"The run was asked to end and stored step {step}; it can be resumed."
    return state, sentence if isinstance(sentence, str) else None


def of_death(
    entry: Entry, code: int | None, *, memory_killed: bool = False, disk_was_full: bool = False
) -> tuple[State, str | None]:
    """What became of a run whose process has gone without closing it.

    `code` is its exit code as `subprocess` tells it, None where nobody could wait for it.
    """
    run = entry.run
    told = [
        event
        for event in events.read(run)[0]
        if event["type"] == "end" and event.get("time", 0) >= (run.started or 0)
    ]
    said = of_end(told[-1] if told else None, cancelling=run.state == "cancelling")
    if said is not None:
        return said
    last = _last_checkpoint(run.folder)
    if run.state == "cancelling":
        return "cancelled", f"Cancelled in the middle of its work{last or '; no checkpoint was stored yet'}."
    if memory_killed:
        return "failed", out_of_memory("The system ended the run because the memory was not enough for it")
    if code is not None and code > 0 and disk_was_full:
        return "failed", disk_full(run.folder)
    if code is not None and code > 0:
        return (
            "failed",
            f"The training ended with exit code {code} and gave no reason; its log may tell more.",
        )
    how = f"was ended by {_signal(-code)}" if code else "has gone without a word"
    onward = f"resume goes on from the last checkpoint{last}" if last else "resume starts it again"
    return "interrupted", f"The process of the run {how}; {onward}."


def _signal(number: int) -> str:
    try:
        return f"the signal {signal.Signals(number).name}"
    except ValueError:
        return f"signal {number}"


def _last_checkpoint(folder: Path) -> str:
    """ " (step 120)", or nothing if there is no checkpoint."""
    try:
        known: Sequence[Event] = events.history(events.read(folder)[0])
    except OSError:
        return ""
    steps = [event.get("step") for event in known if event["type"] == "checkpoint"]
    return f" (step {steps[-1]})" if steps else ""
