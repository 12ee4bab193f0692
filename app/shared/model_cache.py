"""Models and predictions, cached for all visitors (gaps: `app.gaps.cache`), and their errors on the page.

PyTorch is imported on first use, not with this module, so that the page appears before it is loaded.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from app.shared.streamlit_internals import is_closed, rerun_requested
from app.shared.torch_threads import import_torch
from app.shared.turns import give_way, threads_for_long_work
from app.shared.visitor import hosting
from app.shared.widgets import literal
from fairkd.errors import FairKDError, ModelError
from fairkd.utils import Throttle, runs_folder

if TYPE_CHECKING:
    from fairkd.models import Description, MaskedLM
    from fairkd.predictions import Prediction

Version = tuple[str, int]  # a reference, and when its weights were written

PROGRESS_AFTER = 1.0  # seconds of work before progress is shown
PROGRESS_INTERVAL = 0.3  # seconds between two updates of it
FAILURE_KEPT = 10  # seconds; a number, because Streamlit imports pandas for a text such as "10s"


class CacheMiss(Exception):
    """The cache has no entry."""


def version(reference: str) -> Version:
    """The cache key of a model: it changes when the model's folder is overwritten.

    The time is in nanoseconds. It is 0 for everything that is not a local folder: embedded models, Hub ids.
    """
    kind, _, name = reference.partition("/")
    try:
        folder = (
            runs_folder() / name / "model"
            if kind == "run"
            else Path(hosting().access.model(reference)).expanduser()
        )
        return reference, max((path.stat().st_mtime_ns for path in folder.glob("*.safetensors")), default=0)
    except (OSError, RuntimeError, ValueError):  # not allowed, no permission, no such home, not a path
        return reference, 0


# The cached functions below only store their argument. Streamlit records what a cached function draws and
# shows it afterwards, but the progress of a load has to be visible during the load.
@st.cache_resource(max_entries=4, show_spinner=False)
def _cached_model(model: Version, _model: MaskedLM | None = None) -> MaskedLM:
    if _model is None:
        raise CacheMiss
    return _model


@st.cache_resource(show_spinner=False)
def _loaded() -> weakref.WeakSet[MaskedLM]:
    """The models in memory."""
    return weakref.WeakSet()


@st.cache_data(max_entries=16, ttl=FAILURE_KEPT, show_spinner=False)
def _cached_failure(model: Version, allowed: str, _sentence: str | None = None) -> str:
    if _sentence is None:
        raise CacheMiss
    return _sentence


def _attempt(reference: str) -> tuple[Version, str]:
    """What decides whether a model can be loaded: its weights, and which models may be."""
    return version(reference), repr(hosting().access.models)


@st.cache_resource(max_entries=64, show_spinner=False)
def _lock(reference: str) -> threading.Lock:
    """A lock per model, so that no visitor waits for the download of another model."""
    return threading.Lock()


def get_model(reference: str) -> MaskedLM:
    """The model behind `reference`, loaded once for all visitors, with progress while it loads.

    Raises `ModelError` if it cannot be loaded. The message is cached for ten seconds, so that sidebar and
    page do not both wait for the same missing network.
    """
    try:
        return _cached_model(version(reference))
    except CacheMiss:
        pass
    try:
        raise ModelError(_cached_failure(*_attempt(reference)))
    except CacheMiss:
        pass
    slot = st.empty()
    slot.progress(0.0, text=f"Loading {literal(reference)}")
    try:
        with _lock(reference):
            return _load(reference, slot.progress)
    finally:
        slot.empty()


def is_loaded(reference: str) -> bool:
    """Whether the model can predict at once."""
    try:
        return _cached_model(version(reference)) is not None
    except CacheMiss:
        return False


def load_silently(reference: str) -> MaskedLM | None:
    """The same outside of a script run: nothing is drawn. None for a model that cannot be loaded."""
    with _lock(reference):
        try:
            return _load(reference, lambda *_, **__: None)
        except FairKDError:
            return None


def _load(reference: str, draw: Callable[..., object]) -> MaskedLM:
    wanted = version(reference)
    try:
        return _cached_model(wanted)  # another visitor loaded it while this one waited for the lock
    except CacheMiss:
        pass
    import_torch()
    from fairkd import models

    def progress(message: str, fraction: float | None) -> None:
        draw(min(max(fraction or 0.0, 0.0), 1.0), text=literal(message))

    try:
        model = models.load(reference, allowed=hosting().access.models, progress=progress)
    except FairKDError as error:
        _cached_failure(*_attempt(reference), _sentence=str(error))
        raise
    models.share_projection(model, list(_loaded()))
    _loaded().add(model)
    return _cached_model(wanted, _model=model)


def description(reference: str) -> Description:
    """Architecture, size and origin of the model behind `reference`, which is loaded if necessary."""
    return _description(version(reference))


@st.cache_data(max_entries=16, show_spinner=False)
def _description(model: Version) -> Description:
    from fairkd import models

    return models.describe(get_model(model[0]))


def predict(reference: str, text: str, *, temperature: float = 1.0, mask_each: bool = False) -> Prediction:
    """`fairkd.predictions.predict` for the model behind `reference`, with progress if it takes long.

    Call it in a container of its own: the progress may add an element.
    """
    wanted = (version(reference), text, temperature, mask_each)
    try:
        return _cached_prediction(*wanted)
    except CacheMiss:
        pass
    from fairkd import predictions

    model = get_model(reference)
    predict = partial(predictions.predict, model, text, temperature=temperature)
    if not mask_each:
        return _cached_prediction(*wanted, _prediction=predict())
    slot = st.empty()
    try:
        with threads_for_long_work():
            prediction = predict(mask_each=True, progress=delayed_progress(slot.progress))
    finally:
        slot.empty()
    return _cached_prediction(*wanted, _prediction=prediction)


def predict_together(references: Iterable[str], text: str, temperature: float) -> bool:
    """Predict with several models at once, so that `predict` finds the predictions. Whether it finds all.

    Models that are not loaded, and errors, are left to `predict`.
    """
    models: dict[Version, MaskedLM] = {}
    complete = True
    for reference in references:
        model = version(reference)
        try:
            models[model] = _cached_model(model)
            _cached_prediction(model, text, temperature, False)
            del models[model]
        except CacheMiss:
            complete = complete and model in models
    if not models:
        return complete
    from fairkd import predictions

    try:
        found = predictions.predict_each(list(models.values()), text, temperature=temperature)
    except FairKDError:
        return False
    for model, prediction in zip(models, found, strict=True):
        _cached_prediction(model, text, temperature, False, _prediction=prediction)
    return complete


# A prediction holds [positions, vocabulary] numbers (4 MB for thirty tokens), so it is cached without copies.
@st.cache_resource(max_entries=8, show_spinner=False)
def _cached_prediction(
    model: Version, text: str, temperature: float, mask_each: bool, _prediction: Prediction | None = None
) -> Prediction:
    if _prediction is None:
        raise CacheMiss
    return _prediction


def delayed_progress(draw: Callable[..., object]) -> Callable[[str, float | None], None]:
    """A progress callback for work that is usually quick: it draws only after PROGRESS_AFTER seconds.

    Each call also stops the work if the visitor has changed something in the meantime, or has gone.
    """
    throttle = Throttle(PROGRESS_INTERVAL, first=PROGRESS_AFTER)

    def progress(message: str, fraction: float | None) -> None:
        rerun_if_changed()
        give_way()
        if throttle.due():
            draw(min(max(fraction or 0.0, 0.0), 1.0), text=literal(message))

    return progress


def rerun_if_changed() -> None:
    """Rerun the script if the visitor has changed something since it started, which loses no change.

    If the visitor has closed the page, the script ends here: nobody waits for its work.
    """
    if is_closed():
        st.stop()
    if rerun_requested():
        st.rerun()


@contextmanager
def friendly_errors() -> Iterator[None]:
    """Show a `FairKDError` of the block on the page; the script continues after the block."""
    problems: dict[str, None] = {}
    with collect_errors(problems):
        yield
    show_errors(problems)


@contextmanager
def collect_errors(problems: dict[str, None]) -> Iterator[None]:
    """Add a `FairKDError` of the block to `problems`, so that several blocks report the same error once."""
    try:
        yield
    except FairKDError as error:
        problems[str(error)] = None


def show_errors(problems: Iterable[str]) -> None:
    """Show error messages on the page, without Markdown."""
    for problem in problems:
        st.error(literal(problem), icon=":material/error:")
