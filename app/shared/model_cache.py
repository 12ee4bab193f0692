"""Everything slow, behind caches that all visitors share: models and predictions (gaps: `app.gaps.cache`).

PyTorch is imported on first use, not with this module: the page's frame then stands before it is read.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType

from app.shared.torch_threads import all_threads, start_torch
from app.shared.widgets import literal
from fairkd.errors import FairKDError, ModelError
from fairkd.utils import runs_folder

if TYPE_CHECKING:
    from fairkd.models import Description, MaskedLM
    from fairkd.predictions import Prediction

Version = tuple[str, int]  # a reference, and when its weights were written

PATIENCE = 1.0  # seconds of work before progress is shown
BETWEEN_DRAWINGS = 0.3  # seconds


class _NotKept(Exception):
    """Nothing in the cache yet."""


def version(reference: str) -> Version:
    """What every cache keeps a model's results by: of a folder that was overwritten nothing old is shown.

    The time is in nanoseconds, and 0 for what is no folder of the user's own: embedded models, Hub ids.
    """
    kind, _, name = reference.partition("/")
    try:
        folder = runs_folder() / name / "model" if kind == "run" else Path(reference).expanduser()
        return reference, max((path.stat().st_mtime_ns for path in folder.glob("*.safetensors")), default=0)
    except (OSError, RuntimeError, ValueError):  # no permission, no such user's home, no path at all
        return reference, 0


# The caches below only keep what they are handed: Streamlit records and replays what is drawn inside a
# cached function, but the progress of a load is to be seen while it lasts.
@st.cache_resource(max_entries=4, show_spinner=False)
def _kept_model(model: Version, _model: MaskedLM | None = None) -> MaskedLM:
    if _model is None:
        raise _NotKept
    return _model


@st.cache_data(max_entries=16, ttl="10s", show_spinner=False)
def _kept_failure(reference: str, _sentence: str | None = None) -> str:
    if _sentence is None:
        raise _NotKept
    return _sentence


@st.cache_resource(max_entries=64, show_spinner=False)
def _lock(reference: str) -> threading.Lock:
    """One model is loaded once at a time; nobody waits for another one's download."""
    return threading.Lock()


def get_model(reference: str) -> MaskedLM:
    """The model behind `reference`, loaded once for all visitors, with progress while it loads.

    Raises `ModelError` with one sentence when it cannot be had. The sentence is remembered for ten seconds,
    so that sidebar and page do not both wait for the same missing network.
    """
    try:
        return _kept_model(version(reference))
    except _NotKept:
        pass
    try:
        raise ModelError(_kept_failure(reference))
    except _NotKept:
        pass
    slot = st.empty()
    slot.progress(0.0, text=f"Loading {literal(reference)}")
    try:
        with _lock(reference):
            return _load(reference, slot.progress)
    finally:
        slot.empty()


def _load(reference: str, draw: Callable[..., object]) -> MaskedLM:
    wanted = version(reference)
    try:
        return _kept_model(wanted)  # another visitor had it loaded while we waited for the lock
    except _NotKept:
        pass
    from fairkd import models  # PyTorch comes with it

    def progress(message: str, fraction: float | None) -> None:
        draw(min(max(fraction or 0.0, 0.0), 1.0), text=literal(message))

    try:
        model = models.load(reference, progress=progress)
    except FairKDError as error:
        _kept_failure(reference, _sentence=str(error))
        raise
    return _kept_model(wanted, _model=model)


@st.cache_resource(show_spinner="Starting PyTorch")
def embedded_references() -> tuple[str, ...]:
    """The models that came with FairKD, by reference."""
    start_torch()
    from fairkd import models

    return models.embedded()


def description(reference: str) -> Description:
    """What the model behind `reference` is; loads it if need be."""
    return _description(version(reference))


@st.cache_data(max_entries=16, show_spinner=False)
def _description(model: Version) -> Description:
    from fairkd import models

    return models.describe(get_model(model[0]))


def predict(reference: str, text: str, *, temperature: float = 1.0, mask_each: bool = False) -> Prediction:
    """`fairkd.predictions.predict` for the model behind `reference`, with progress where it takes long."""
    slot = st.empty()  # there in every run, so that what follows keeps its place
    wanted = (version(reference), text, temperature, mask_each)
    try:
        return _kept_prediction(*wanted)
    except _NotKept:
        pass
    from fairkd import predictions

    model = get_model(reference)
    try:
        with all_threads() if mask_each else nullcontext():
            prediction = predictions.predict(
                model,
                text,
                temperature=temperature,
                mask_each=mask_each,
                progress=patient_progress(slot.progress),
            )
    finally:
        slot.empty()
    return _kept_prediction(*wanted, _prediction=prediction)


# A prediction holds [positions, vocabulary] numbers (4 MB for thirty tokens): kept as it is, never copied.
@st.cache_resource(max_entries=8, show_spinner=False)
def _kept_prediction(
    model: Version, text: str, temperature: float, mask_each: bool, _prediction: Prediction | None = None
) -> Prediction:
    if _prediction is None:
        raise _NotKept
    return _prediction


def patient_progress(draw: Callable[..., object]) -> Callable[[str, float | None], None]:
    """Progress of work that usually takes no time: drawn from PATIENCE on, and not all the time.

    The work ends at once when the visitor has changed something meanwhile.
    """
    drawn = time.monotonic() + PATIENCE - BETWEEN_DRAWINGS

    def progress(message: str, fraction: float | None) -> None:
        nonlocal drawn
        give_way()
        if time.monotonic() - drawn >= BETWEEN_DRAWINGS:
            drawn = time.monotonic()
            draw(min(max(fraction or 0.0, 0.0), 1.0), text=literal(message))

    return progress


def give_way() -> None:
    """Start the script anew if the visitor has changed something since it was started.

    Streamlit does so by itself at whatever is drawn, but not where the change calls for a fragment alone:
    that waits for the end of the run. What was changed is taken along, whatever is run anew.
    """
    context = get_script_run_ctx(suppress_warning=True)
    requests = context.script_requests if context is not None else None
    if requests is not None and requests._state is ScriptRequestType.RERUN:
        st.rerun()


@contextmanager
def friendly_errors() -> Iterator[None]:
    """Wrong input inside the block becomes one literal sentence on the page; what follows it lives on."""
    problems: dict[str, None] = {}
    with noting(problems):
        yield
    tell(problems)


@contextmanager
def noting(problems: dict[str, None]) -> Iterator[None]:
    """Wrong input inside the block is noted for `tell`: several blocks may stumble over the same mistake."""
    try:
        yield
    except FairKDError as error:
        problems[str(error)] = None


def tell(problems: Iterable[str]) -> None:
    """Literal sentences on the page."""
    for problem in problems:
        st.error(literal(problem), icon=":material/error:")
