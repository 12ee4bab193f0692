"""Train a student in a run folder. Page, background runs and command line all start here.

    from fairkd.distill import PRESETS, make_config, train

    outcome = train(make_config(PRESETS["fair"]), "my-run", emit=print)
    outcome.model                                   # my-run/model, for pipeline("fill-mask", ...)

A run folder holds config.json, checkpoints/ and, at the end, model/. Training resumes from the newest intact
checkpoint. With a budget in steps, a run that was killed and resumed ends with the same weights, to the bit,
as one that never stopped (same machine, threads and processes).

Under `accelerate launch` every process calls `train`. Only the first one evaluates, emits events, and reads
and writes the folder, so machines need not share it. Each process reads models and text itself. Decisions by
time follow the clock of the first process.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

from fairkd.corpora import Corpus
from fairkd.distill import checkpoints
from fairkd.distill.config import Config
from fairkd.distill.loop import Emit, Event, Outcome, Stop, TrainingLoop
from fairkd.distill.losses import keep_freed_memory
from fairkd.distill.memory_limits import explain_lack_of_memory
from fairkd.distill.phases import Phase
from fairkd.distill.precision import make_accelerator, use_threads
from fairkd.distill.run_folder import locked, write_config
from fairkd.distill.setup import scratch_buffers, set_up
from fairkd.distill.tensorboard_curves import TensorBoardCurves
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
    """Train until the budget is spent, early stopping ends the run, or `stop()` returns True.

    Parameters
    ----------
    config
        All settings. They are written into the folder.
    folder
        The run folder. If it holds a run with the same configuration, that run is resumed.
    emit
        Called by the first process with each event (type, time, step, ...).
    stop
        Called before each step by every process. If it returns True in one of them, all processes stop after
        a checkpoint. A single process calls it during the setup, too.
    teacher, corpus
        Stand in for what `config` names.

    Raises
    ------
    FairKDError
        If settings do not fit the models, the corpus is empty, the folder holds a run with other settings or
        other text, another process trains in it, disk or memory are full, or training diverges.
    """
    folder, accelerator = Path(folder), make_accelerator()
    is_first, is_single = accelerator.is_main_process, accelerator.num_processes == 1
    send: Emit = emit if is_first and emit is not None else _ignore
    stop = stop or (lambda: False)

    def check_cancelled() -> None:
        if is_single and stop():  # one of several processes would leave the others waiting
            raise _CancelledError

    def notify(text: str) -> None:
        send({"type": "message", "time": time.time(), "step": 0, "text": text})

    curves = TensorBoardCurves(folder, config, notify) if is_first and config.tensorboard else None
    if curves is not None:
        send = _both(send, curves.write)
    loading: Phase = "loading"
    step = max(checkpoints.steps(folder / "checkpoints"), default=0) if is_first else 0
    send({"type": "phase", "time": time.time(), "step": step, "phase": loading})

    keep_freed_memory()
    with ExitStack() as stack:
        if curves is not None:
            stack.enter_context(curves)
        for context in (explain_lack_of_memory(), use_threads(config.threads), scratch_buffers()):
            stack.enter_context(context)
        if is_first:
            stack.enter_context(locked(folder, notify))
            write_config(folder, config)
        try:
            setup = set_up(
                config,
                accelerator=accelerator,
                teacher=teacher,
                corpus=corpus,
                notify=notify,
                check_cancelled=check_cancelled,
            )
        except _CancelledError:
            return _cancelled(folder, send)
        return TrainingLoop(setup, folder, accelerator, send, stop).run()


class _CancelledError(Exception):
    """The run was cancelled during its setup, before there was anything to store."""


def _cancelled(folder: Path, send: Emit) -> Outcome:
    """The outcome of a run that was cancelled during its setup. Its checkpoints stay as they are."""
    step = max(checkpoints.steps(folder / "checkpoints"), default=0)
    send({"type": "end", "time": time.time(), "step": step, "state": "cancelled", "sentence": None})
    return Outcome(state="cancelled", steps=step, tokens=0, seconds=0.0, held_out={}, model=None)


def _both(send: Emit, write: Emit) -> Emit:
    """Sends an event, and writes it."""

    def emit(event: Event) -> None:
        send(event)
        write(event)

    return emit


def _ignore(_: Event) -> None:
    """Stands in for `emit` on all processes but the first one."""
