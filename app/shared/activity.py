"""While nobody waits, measure what the Gaps page opens with, so that it is there when it is opened.

The thread touches nothing of Streamlit's: it is handed models and store, and yields to every script run.
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
from app.shared.torch_threads import without_collecting
from fairkd.errors import FairKDError

if TYPE_CHECKING:
    from app.gaps.cache import GapStore
    from app.gaps.results import GapQuestion
    from fairkd.models import MaskedLM

QUIET = 0.5  # seconds without a script run, after which there is time
OURS = "embedded/"  # another model's gaps may take minutes that nobody wants


class Activity:
    """Whether any visitor's script runs, and since when none does."""

    def __init__(self) -> None:
        self._running = 0
        self._ended = time.monotonic()
        self._changed = threading.Condition()

    @contextmanager
    def script_run(self) -> Iterator[None]:
        """Around everything that a visitor waits for."""
        with self._changed:
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._ended = time.monotonic()
                self._changed.notify_all()

    def wait_for_quiet(self, seconds: float = QUIET) -> None:
        """Return once no script has run for so long."""
        with self._changed:
            while self._running or time.monotonic() - self._ended < seconds:
                left = seconds - (time.monotonic() - self._ended)
                self._changed.wait(None if self._running else max(left, 0.01))


@st.cache_resource(show_spinner=False)
def activity() -> Activity:
    return Activity()


@contextmanager
def waited_for() -> Iterator[None]:
    """Around a script run, and around the body of a fragment, which runs again without the script."""
    with activity().script_run():
        yield


def warm_up(teacher: str, student: str) -> None:
    """Begin, once a server and pair of models, where a browser is served and the models are ours."""
    if st.runtime.exists() and teacher.startswith(OURS) and student.startswith(OURS):
        with suppress(FairKDError):  # a model that cannot be loaded is the page's to say
            _begin(teacher, student)


@st.cache_resource(show_spinner=False)
def _begin(teacher: str, student: str) -> None:
    # Here, and not above: the first page is drawn by now, and does not wait for what it needs none of.
    with without_collecting():
        from app.gaps.inputs import opening
        from app.gaps.results import store

    models = {reference: get_model(reference) for reference in (teacher, student)}
    arguments = activity(), store(), models, opening()
    threading.Thread(target=measure_ahead, args=arguments, name="warm-up", daemon=True).start()


def measure_ahead(
    activity: Activity, store: GapStore, models: Mapping[str, MaskedLM], setup: GapQuestion
) -> None:
    """Measure template by template, each while it is quiet; what is there already costs nothing."""
    from app.gaps.results import measure

    for reference, model in models.items():
        ask = partial(measure, model, setup)
        for template in setup.templates:
            activity.wait_for_quiet()
            try:
                store.frame((version(reference), *setup.key), [template], setup.names, ask)
            except FairKDError:
                return  # the page says it when it is opened
