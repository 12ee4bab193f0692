"""Train a student in a run folder: the one entry for the page, for background runs and the command line.

    from fairkd.distill import PRESETS, make_config, train

    outcome = train(make_config(PRESETS["fair"]), "my-run", emit=print)
    outcome.model                                   # my-run/model, for pipeline("fill-mask", ...)

A run folder holds config.json, checkpoints/ and, at the end, model/. Training goes on from the newest sound
checkpoint; with a budget in steps a run that was killed and resumed ends with the same weights, to the bit,
as one that never stopped (same machine, threads and processes). Under `accelerate launch` every process runs
this; the first alone evaluates, writes, reads checkpoints and emits, so the folder need not be shared between
machines; what the configuration names, models and text, each process reads for itself. What is decided by the
clock is decided by the first process's.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

from fairkd.corpora import Corpus
from fairkd.distill import checkpoints
from fairkd.distill.config import Config
from fairkd.distill.loop import Emit, Event, Loop, Outcome, Stop
from fairkd.distill.losses import keep_freed_memory
from fairkd.distill.memory_limits import in_one_sentence
from fairkd.distill.precision import make_accelerator
from fairkd.distill.run_folder import locked, write_config
from fairkd.distill.setup import scratch_memory, set_up, threads
from fairkd.models import MaskedLM

__all__ = ["Emit", "Event", "Outcome", "Stop", "train"]


def train(
    config: Config,
    folder: str | Path,
    *,
    emit: Emit | None = None,
    stop: Stop | None = None,
    teacher: MaskedLM | None = None,
    corpus: Corpus | None = None,
) -> Outcome:
    """Train until the budget is spent, the gap is small enough, or `stop()` says so.

    Parameters
    ----------
    config
        All settings; it is written into the folder. `teacher` and `corpus` stand in for what it names.
    folder
        The run folder; one that holds a run of the same configuration is gone on with.
    emit
        Called with each event (type, time, step, ...) by the first process.
    stop
        Asked before each step, by every process; one that says True stops all of them after a checkpoint. A
        single process asks it also while it reads and prepares.

    Raises
    ------
    FairKDError
        With one sentence, for settings that do not fit the models, a corpus without a sentence, a folder of
        another configuration or another text, one that another process works in, a full disk, too little
        memory, or a loss that is no number any more.
    """
    folder, accelerator = Path(folder), make_accelerator()
    first, alone = accelerator.is_main_process, accelerator.num_processes == 1
    send: Emit = emit if first and emit is not None else _nothing
    stop = stop or (lambda: False)

    def check() -> None:
        if alone and stop():  # of several, those that go on would wait for the one that has left
            raise _Cancelled

    def say(text: str) -> None:
        send({"type": "message", "time": time.time(), "step": 0, "text": text})

    keep_freed_memory()
    with ExitStack() as stack:
        for context in (in_one_sentence(), threads(config.threads), scratch_memory()):
            stack.enter_context(context)
        if first:
            stack.enter_context(locked(folder, say))
            write_config(folder, config)
        try:
            setup = set_up(
                config, accelerator=accelerator, teacher=teacher, corpus=corpus, say=say, check=check
            )
        except _Cancelled:
            return _cancelled(folder, send)
        return Loop(setup, folder, accelerator, send, stop).run()


class _Cancelled(Exception):
    """A run was cancelled before there was anything to store."""


def _cancelled(folder: Path, send: Emit) -> Outcome:
    """The end of a run that was cancelled before it began, or went on; its checkpoints stay as they are."""
    step = max(checkpoints.steps(folder / "checkpoints"), default=0)
    send({"type": "end", "time": time.time(), "step": step, "state": "cancelled", "sentence": None})
    return Outcome(state="cancelled", steps=step, tokens=0, seconds=0.0, held_out={}, model=None)


def _nothing(_: Event) -> None:
    """What the processes beside the first do with their events."""
