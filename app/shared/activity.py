"""Background warm-up: once the first page stands, load models and measure what the Gaps page shows first.

Before that, nothing takes time from the server and the browser, which draws on the same processor. Gaps are
measured only while no script runs.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from app.shared.model_cache import load_silently, version
from app.shared.model_options import STUDENT_DEFAULT, TEACHER_DEFAULT
from app.shared.streamlit_internals import session_id
from app.shared.torch_threads import paused_garbage_collection
from app.shared.turns import turns
from fairkd.errors import FairKDError

if TYPE_CHECKING:
    from app.gaps.cache import GapStore
    from app.gaps.results import GapQuestion
    from fairkd.models import MaskedLM

IDLE_SECONDS = 0.5  # without a script run, after which the server counts as idle
DRAWN_SECONDS = 1.0  # after the first script run, in which the browser draws the first page
UNVISITED_SECONDS = 10.0  # after the start; a browser that is opened with it needs less
CLOSING_SECONDS = 5.0  # at the end of the server; loading PyTorch takes longer on a slow machine
EMBEDDED = "embedded/"  # other models may be large, and computing their gaps unasked may take minutes


class Activity:
    """Whether any visitor's script is running, and the threads that work while none is.

    Without a server, as in tests, no thread is started.
    """

    def __init__(self) -> None:
        self._running = 0
        self._ended = time.monotonic()
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._serving = False
        self._closing = False

    def open(self) -> None:
        """The server has started."""
        self._serving = True

    def start(self, work: Callable[..., None], *arguments: object) -> None:
        """Work in a thread of its own until the server ends."""
        if self._serving:
            thread = threading.Thread(target=work, args=arguments, name="warm-up", daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """The server ends. PyTorch aborts if Python ends while it computes, so this waits for the threads."""
        with self._changed:
            self._serving, self._closing = False, True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(CLOSING_SECONDS)

    @contextmanager
    def script_run(self) -> Iterator[None]:
        """Count the block as one running script."""
        with self._changed:
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._ended = time.monotonic()
                self._changed.notify_all()

    def wait_until_idle(self, seconds: float = IDLE_SECONDS) -> bool:
        """Return True once no script has run for `seconds`, or False when the server ends."""
        with self._changed:
            while not self._closing and (self._running or time.monotonic() - self._ended < seconds):
                left = seconds - (time.monotonic() - self._ended)
                self._changed.wait(None if self._running else max(left, 0.01))
            return not self._closing


@st.cache_resource(show_spinner=False)
def activity() -> Activity:
    return Activity()


@contextmanager
def track_activity() -> Iterator[None]:
    """Count the block as a script run. Fragments need their own: they rerun without the script."""
    with activity().script_run(), turns().script_run(session_id()):
        yield


def load_default_models() -> None:
    """Load them, also if nobody visits: then the first visitor need not wait for a second sentence."""
    if activity().wait_until_idle(UNVISITED_SECONDS):
        _load((TEACHER_DEFAULT, STUDENT_DEFAULT))


def warm_up(teacher: str, student: str) -> None:
    """Start the warm-up once per server and pair of models. Only embedded models are warmed up."""
    if teacher.startswith(EMBEDDED) and student.startswith(EMBEDDED):
        _start(teacher, student)


@st.cache_resource(show_spinner=False)
def _start(teacher: str, student: str) -> None:
    activity().start(_warm_up, teacher, student)


def _warm_up(teacher: str, student: str) -> None:
    if not activity().wait_until_idle(DRAWN_SECONDS):
        return
    models = _load((teacher, student))
    with paused_garbage_collection():  # the first page does not need these modules
        from app.gaps.inputs import default_question
        from app.gaps.results import results, store
    question = default_question()
    done = precompute_gaps(activity(), store(), models, question)
    if done and models.keys() == {teacher, student}:
        results(teacher, student, question)  # draws nothing, because nothing is left to measure
    # What exists now stays. Streamlit collects garbage after every script run, and would look at all of it.
    gc.collect()
    gc.freeze()


def _load(references: tuple[str, ...]) -> dict[str, MaskedLM]:
    """The models by reference, without those that cannot be loaded: the page reports why."""
    found = {reference: load_silently(reference) for reference in references}
    return {reference: model for reference, model in found.items() if model is not None}


def precompute_gaps(
    activity: Activity, store: GapStore, models: Mapping[str, MaskedLM], question: GapQuestion
) -> bool:
    """Compute the gaps of one template after another, each while the server is idle.

    Gaps that the store already has are not computed again. Returns whether the store has all of them.
    """
    from app.gaps.results import measure

    for reference, model in models.items():
        ask = partial(measure, model, question)
        for template in question.templates:
            if not activity.wait_until_idle():
                return False
            try:
                store.frame((version(reference), *question.key), [template], question.asked, ask)
            except FairKDError:
                return False  # the page reports the error when somebody opens it
    return True
