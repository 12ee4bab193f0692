"""A run seen from the process that works on it: where its events go, whether it is to stop, how it ends."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

from fairkd.errors import FairKDError, InputError
from fairkd.runs import control, outcome, store
from fairkd.runs.events import Event, Writer
from fairkd.runs.process_identity import me
from fairkd.runs.store import Run, State
from fairkd.utils import Throttle

if TYPE_CHECKING:
    from fairkd.distill.config import Config

LOOK_EVERY = 0.2  # seconds between looks at the flag that cancels
TELL_EVERY = 0.5  # seconds between changes of the row's progress
_COUNTED = ("start", "train", "evaluation", "checkpoint", "end")  # events whose step is the run's


class Session:
    """What `fairkd.distill.train` is given: `config`, `folder`, `emit` and `stop`."""

    def __init__(self, run: Run, attempt: int, writer: Writer) -> None:
        self.run, self.folder = run, run.folder
        self.end: Event | None = None
        self._attempt, self._writer, self._step = attempt, writer, run.step
        self._cancelling, self._terminated = False, False
        self._looks, self._changes = Throttle(LOOK_EVERY, first=0), Throttle(TELL_EVERY, first=0)

    @property
    def config(self) -> Config:
        """The run's configuration, validated; InputError where its file is damaged or does not fit."""
        from fairkd.distill.config import make_config  # takes a while, and not every process asks

        if self.run.config_error is not None:
            raise InputError(self.run.config_error)
        return make_config(self.run.config)

    def emit(self, event: Mapping[str, Any]) -> None:
        """Write an event, and keep the row's step, progress and sentence with it."""
        written = self._writer.write({"step": self._step, **event})
        kind = written["type"]
        if kind == "end":
            self.end = written
        columns: dict[str, Any] = {}
        if kind in _COUNTED:
            resumed = written.get("resumed_from") if kind == "start" else None
            self._step = int(written["step"] if resumed is None else resumed)
            columns["step"] = self._step
        if kind == "start":
            columns["sentence"] = None  # from here on its numbers say what it does
        if kind == "train":
            columns |= {
                "progress": written.get("progress") or 0.0,
                "seconds_left": written.get("seconds_left"),
            }
        elif kind == "message":
            columns["sentence"] = str(written.get("text", ""))
        if columns and (kind != "train" or self._changes.due()):
            with suppress(FairKDError):  # the next one will do; events are what counts
                store.advance(self.run.id, self._attempt, **columns)

    def stop(self) -> bool:
        """Whether the run is to finish its step, save and end."""
        if self._looks.due():
            self._look()
        return self._cancelling or self._terminated

    def _look(self) -> None:
        with suppress(FairKDError):
            entry = store.entry(self.run.id)
            # An attempt that no longer counts has nothing to say to the run any more.
            self._cancelling |= entry.run.state != "running" or entry.attempt != self._attempt

    def outcome(self) -> tuple[State, str | None]:
        """State and sentence of a training that returned."""
        self._look()
        end = self.end or {"state": "cancelled" if self._cancelling or self._terminated else "finished"}
        return outcome.of_end(end, cancelling=self._cancelling) or ("finished", None)

    def terminate(self, number: int, frame: FrameType | None) -> None:
        """SIGTERM: stop and save, or end at once if that has been asked before."""
        if self._cancelling or self._terminated:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self._terminated = True


@contextmanager
def at_work(run: Run, attempt: int) -> Iterator[Session]:
    """Around the work on a run: opens its events, and says how it ended, whatever way that was."""
    try:
        with Writer(run.folder) as writer:
            session = Session(run, attempt, writer)
            with _handling(session.terminate):
                try:
                    yield session
                except BaseException as error:
                    state, sentence = _verdict(error, run)
                    with suppress(OSError):  # the disk may be what failed
                        if session.end is None:
                            session.emit({"type": "end", "state": state, "sentence": sentence})
                    raise
    except BaseException as error:
        store.close(run.id, attempt, *_verdict(error, run))
        raise
    store.close(run.id, attempt, *session.outcome())


@contextmanager
def foreground(config: Config, *, name: str | None = None) -> Iterator[Session]:
    """Register a distillation that this process runs itself, past the queue, as a run that all can see.

    It takes a slot, shows in lists and pages, can be cancelled there (`session.stop` turns true), and can be
    resumed in the background if it does not finish. Its state is true afterwards, even if this process is
    killed: how it ends is told by the `end` event, or by the exception that leaves the block, which is
    passed on.

        with foreground(config) as session:
            outcome = train(session.config, session.folder, emit=session.emit, stop=session.stop)

    To see the events as well, give `train` a function that calls `session.emit(event)` and then draws. Under
    several ranks only the first one registers.
    """
    id, values = control.make_folder(config)
    store.insert_running(id, name or control.default_name(values), me())
    with at_work(store.entry(id).run, 1) as session:
        yield session


def _verdict(error: BaseException, run: Run) -> tuple[State, str]:
    if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
        return "interrupted", "The run was stopped where it was started; it can be resumed."
    return "failed", outcome.of_error(error, run.folder)


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """SIGTERM goes to `handler`, where Python lets one be set: in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
