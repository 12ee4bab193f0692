"""Background warm-up: once the first page stands, load models and measure what the Gaps page shows first.

Before that, nothing takes time from the server and the browser, which draws on the same processor. Gaps are
measured only while no script runs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from app.shared.model_cache import load_silently, version
from app.shared.model_options import STUDENT_DEFAULT, TEACHER_DEFAULT
from app.shared.streamlit_internals import has_server
from app.shared.torch_threads import paused_garbage_collection
from fairkd.errors import FairKDError

if TYPE_CHECKING:
    from app.gaps.cache import GapStore
    from app.gaps.results import GapQuestion
    from fairkd.models import MaskedLM

IDLE_SECONDS = 0.5  # without a script run, after which the server counts as idle
UNVISITED_SECONDS = 10.0  # after the start; a browser that is opened with it needs less
EMBEDDED = "embedded/"  # other models may be large, and computing their gaps unasked may take minutes


class Activity:
    """Whether any visitor's script is running, and for how long none has been."""

    def __init__(self) -> None:
        self._running = 0
        self._ended = time.monotonic()
        self._changed = threading.Condition()

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

    def wait_until_idle(self, seconds: float = IDLE_SECONDS) -> None:
        """Return once no script has run for `seconds`."""
        with self._changed:
            while self._running or time.monotonic() - self._ended < seconds:
                left = seconds - (time.monotonic() - self._ended)
                self._changed.wait(None if self._running else max(left, 0.01))


@st.cache_resource(show_spinner=False)
def activity() -> Activity:
    return Activity()


@contextmanager
def track_activity() -> Iterator[None]:
    """Count the block as a script run. Fragments need their own: they rerun without the script."""
    with activity().script_run():
        yield


def load_default_models() -> None:
    """Load them, also if nobody visits: then the first visitor need not wait for a second sentence."""
    activity().wait_until_idle(UNVISITED_SECONDS)
    _load((TEACHER_DEFAULT, STUDENT_DEFAULT))


def warm_up(teacher: str, student: str) -> None:
    """Start the warm-up once per server and pair of models. Only embedded models are warmed up."""
    if has_server() and teacher.startswith(EMBEDDED) and student.startswith(EMBEDDED):
        _start_thread(teacher, student)


@st.cache_resource(show_spinner=False)
def _start_thread(teacher: str, student: str) -> None:
    threading.Thread(target=_warm_up, args=(teacher, student), name="warm-up", daemon=True).start()


def _warm_up(teacher: str, student: str) -> None:
    activity().wait_until_idle()
    models = _load((teacher, student))
    with paused_garbage_collection():  # the first page does not need these modules
        from app.gaps.inputs import default_question
        from app.gaps.results import store
    precompute_gaps(activity(), store(), models, default_question())


def _load(references: tuple[str, ...]) -> dict[str, MaskedLM]:
    """The models by reference, without those that cannot be loaded: the page reports why."""
    found = {reference: load_silently(reference) for reference in references}
    return {reference: model for reference, model in found.items() if model is not None}


def precompute_gaps(
    activity: Activity, store: GapStore, models: Mapping[str, MaskedLM], question: GapQuestion
) -> None:
    """Compute the gaps of one template after another, each while the server is idle.

    Gaps that the store already has are not computed again.
    """
    from app.gaps.results import measure

    for reference, model in models.items():
        ask = partial(measure, model, question)
        for template in question.templates:
            activity.wait_until_idle()
            try:
                store.frame((version(reference), *question.key), [template], question.names, ask)
            except FairKDError:
                return  # the page reports the error when somebody opens it
