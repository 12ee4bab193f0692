"""Background warm-up: while no script runs, compute the gaps that the Gaps page shows first.

The thread calls nothing of Streamlit. It gets models and store as arguments and pauses during script runs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from app.shared.model_cache import get_model, version
from app.shared.streamlit_internals import has_server
from app.shared.torch_threads import paused_garbage_collection
from fairkd.errors import FairKDError

if TYPE_CHECKING:
    from app.gaps.cache import GapStore
    from app.gaps.results import GapQuestion
    from fairkd.models import MaskedLM

IDLE_SECONDS = 0.5  # without a script run, after which the server counts as idle
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


def warm_up(teacher: str, student: str) -> None:
    """Start the warm-up once per server and pair of models. Only embedded models are warmed up."""
    if has_server() and teacher.startswith(EMBEDDED) and student.startswith(EMBEDDED):
        with suppress(FairKDError):  # the page reports a model that cannot be loaded
            _start_thread(teacher, student)


@st.cache_resource(show_spinner=False)
def _start_thread(teacher: str, student: str) -> None:
    # Imported here, after the first page has been drawn: that page does not need these modules.
    with paused_garbage_collection():
        from app.gaps.inputs import default_question
        from app.gaps.results import store

    models = {reference: get_model(reference) for reference in (teacher, student)}
    arguments = activity(), store(), models, default_question()
    threading.Thread(target=precompute_gaps, args=arguments, name="warm-up", daemon=True).start()


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
