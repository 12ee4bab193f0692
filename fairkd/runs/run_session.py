"""A run as its own process sees it: where its events go, whether it must stop, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from types import FrameType
from typing import Any, Generic, Protocol, TypeVar, cast

from fairkd.benchmarks import all_texts
from fairkd.errors import FairKDError, InputError
from fairkd.runs import control, lock, outcome, run_access, store
from fairkd.runs.events import Event, Writer
from fairkd.runs.process_identity import this_process
from fairkd.runs.result_warning import result_warning
from fairkd.runs.run_config import RunConfig, make_run_config
from fairkd.runs.run_name import benchmark_labels, model_names
from fairkd.runs.run_record import Run, State
from fairkd.utils import Throttle, runs_folder, shortened

CANCEL_POLL_SECONDS = 0.2  # between two readings of the flag that cancels the run
PROGRESS_SECONDS = 0.5  # between two updates of the row's progress
_STEP_EVENTS = ("start", "train", "evaluation", "checkpoint", "end")  # their step is the run's

C = TypeVar("C", bound=RunConfig)


class Record(Protocol):
    """Where the process of a run stores how far it is and how it ended, and learns that it must stop."""

    def update(self, **columns: float | str | None) -> None:
        """Store columns of the run's row. FairKDError if that fails; a later update will do."""

    def must_stop(self) -> bool:
        """Whether the run was cancelled, or another process works on it now."""

    def close(self, state: State, sentence: str | None, *, warning: str | None = None) -> object:
        """Store how the run ended."""


@dataclass(frozen=True)
class RowRecord:
    """The run's row in the database: for processes of this machine."""

    id: str
    attempt: int

    def update(self, **columns: float | str | None) -> None:
        store.update(self.id, self.attempt, **columns)

    def must_stop(self) -> bool:
        entry = store.entry(self.id)
        return entry.run.state != "running" or entry.attempt != self.attempt

    def close(self, state: State, sentence: str | None, *, warning: str | None = None) -> None:
        store.close(self.id, self.attempt, state, sentence, warning=warning)


class Session(Generic[C]):
    """What the work on a run is given: `config`, `folder`, `emit` and `stop`."""

    def __init__(self, run: Run, attempt: int, writer: Writer, record: Record) -> None:
        self.run, self.folder = run, run.folder
        self.start: Event | None = None
        self.end: Event | None = None
        self._phase: tuple[str, float] | None = None  # and when it began, on the monotonic clock
        self._phase_seconds = dict(run.phase_seconds)
        self._attempt, self._writer, self._record, self._step = attempt, writer, record, run.step
        self._cancelling, self._terminated = False, False
        self._cancel_poll = Throttle(CANCEL_POLL_SECONDS, first=0)
        self._progress_update = Throttle(PROGRESS_SECONDS, first=0)

    @property
    def config(self) -> C:
        """The run's configuration, validated.

        Raises
        ------
        FairKDError
            When its file is damaged, it is invalid, or it names a model or file that the run may not use.
        """
        if self.run.config_error is not None:
            raise InputError(self.run.config_error)
        values = make_run_config(self.run.kind, self.run.config).model_dump(mode="json")
        allowed = run_access.allowed(values, run_access.read(self.folder).access)
        return cast(C, make_run_config(self.run.kind, allowed))

    def emit(self, event: Mapping[str, Any]) -> None:
        """Write an event, and update the row's step, progress and phase from it.

        Of the `progress` events of a measurement, only one in `PROGRESS_SECONDS` is written, and those with
        which something else begins.
        """
        if event["type"] == "progress":
            self._measured(event)
            return
        # The attempt tells whose end it is: the times of events may be wrong, if the clock was set back.
        whose = {"attempt": self._attempt} if event["type"] == "end" else {}
        steps = {"step": 0} if self.run.kind == "measure" else {}  # what it counts are results
        written = self._writer.write({"step": self._step, **event, **steps, **whose})
        kind = written["type"]
        if kind == "end":
            self.end = written
        columns: dict[str, Any] = {}
        if kind in _STEP_EVENTS and self.run.kind == "distill":
            resumed = written.get("resumed_from") if kind == "start" else None
            self._step = int(written["step"] if resumed is None else resumed)
            columns["step"] = self._step
        if kind == "start":
            self.start = written
        elif kind == "phase":
            columns |= self._enter(str(written.get("phase")), float(written["time"]))
        elif kind == "train":
            columns |= {
                "progress": written.get("progress") or 0.0,
                "seconds_left": written.get("seconds_left"),
            }
        if columns and (kind != "train" or self._progress_update.due()):
            with suppress(FairKDError):  # a later update will do, since the event is written
                self._record.update(**columns)

    def _measured(self, event: Mapping[str, Any]) -> None:
        """Write how far a measurement is, and store it in the row."""
        phase = measuring_text(event)
        begins = self._phase is None or self._phase[0] != phase
        if not (self._progress_update.due() or begins):
            return
        written = self._writer.write({**event, "step": 0})
        share = float(written.get("progress") or 0.0)
        columns = {"progress": min(max(share, 0.0), 1.0), "seconds_left": written.get("seconds_left")}
        if begins:
            self._phase = phase, monotonic()
            columns |= {"phase": phase, "phase_since": float(written["time"])}
        with suppress(FairKDError):  # a later update will do, since the event is written
            self._record.update(**columns)

    def _enter(self, phase: str, time: float) -> dict[str, Any]:
        """The columns of a new phase, with how long the one before it took."""
        if self._phase is not None:
            before, since = self._phase
            self._phase_seconds[before] = round(monotonic() - since, 1)
        self._phase = phase, monotonic()
        known = json.dumps(self._phase_seconds)
        return {"phase": phase, "phase_since": time, "phase_seconds": known}

    def stop(self) -> bool:
        """Whether the run must finish its step, save and end."""
        if self._cancel_poll.due():
            self._poll_cancel()
        return self._cancelling or self._terminated

    def _poll_cancel(self) -> None:
        with suppress(FairKDError):
            self._cancelling |= self._record.must_stop()

    def outcome(self) -> tuple[State, str | None]:
        """State and sentence of work that returned."""
        self._poll_cancel()
        end = self.end or {"state": "cancelled" if self._cancelling or self._terminated else "finished"}
        return outcome.classify_end(end, cancelling=self._cancelling, kind=self.run.kind) or (
            "finished",
            None,
        )

    def warning(self) -> str | None:
        """Why the result of a training that has finished says little."""
        if self.run.kind != "distill":
            return None
        return result_warning([event for event in (self.start, self.end) if event is not None])

    def on_sigterm(self, number: int, frame: FrameType | None) -> None:
        """Stop and save; end at once if the run was already asked to stop."""
        if self._cancelling or self._terminated:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self._terminated = True


def measuring_text(event: Mapping[str, Any]) -> str:
    """What a measurement does, from its `progress` event: "Measuring CrowS-Pairs of student-fair"."""
    phase, model = str(event.get("phase")), event.get("model")
    (label,) = benchmark_labels([phase])
    said = f"Measuring {label}" if phase in all_texts() else label.capitalize()
    return shortened(said if model is None else f"{said} of {model_names([str(model)])[0]}")


@contextmanager
def open_session(run: Run, attempt: int, record: Record) -> Iterator[Session[Any]]:
    """A context for the work on a run: it opens the events, and stores how the run ended."""
    try:
        with Writer(run.folder) as writer:
            session: Session[Any] = Session(run, attempt, writer, record)
            with _handling(session.on_sigterm):
                try:
                    yield session
                except BaseException as error:
                    state, sentence = _classify_error(error, run)
                    with suppress(OSError):  # the disk may be what failed
                        if session.end is None:
                            session.emit({"type": "end", "state": state, "sentence": sentence})
                    raise
    except BaseException as error:
        record.close(*_classify_error(error, run))
        raise
    record.close(*session.outcome(), warning=session.warning())


@contextmanager
def foreground(
    config: C, *, name: str | None = None, note: str = "", owner: str | None = None
) -> Iterator[Session[C]]:
    """Register work that this process does itself as a run, without queueing it.

    The run takes a slot and is listed like any other. It can be cancelled elsewhere, which makes
    `session.stop` return True, and resumed in the background. Its `end` event decides its state, or the
    exception that leaves the block, which is raised again. If this process is killed, the run becomes
    interrupted.

        with foreground(config) as session:
            outcome = train(session.config, session.folder, emit=session.emit, stop=session.stop)

    For a measurement, give a `MeasureConfig` and call `fairkd.benchmarks.measure_models`. To see the events,
    give either a function that calls `session.emit(event)` and then shows the event. If several ranks work,
    only the first one registers.
    """
    id, told = control.make_folder(config, name=name, note=note, owner=owner)
    with lock.working_on(runs_folder() / id):
        store.insert_running(id, told.name, this_process(), note=told.note, owner=told.owner)
        with open_session(store.entry(id).run, 1, RowRecord(id, 1)) as session:
            yield session


def _classify_error(error: BaseException, run: Run) -> tuple[State, str]:
    if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
        return "interrupted", "The run was stopped in the program that worked on it; it can be resumed."
    return "failed", outcome.error_sentence(error, run.folder, run.kind)


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Let `handler` handle SIGTERM. Python allows that in the main thread only; others do without."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
