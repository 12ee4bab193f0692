"""Everything slow, behind caches that all visitors share: models and predictions (gaps: `app.gap_store`).

PyTorch is imported on first use, not with this module: the page's frame then stands before it is read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from app.widgets import literal
from fairkd.errors import FairKDError, ModelError
from fairkd.home import runs_folder

if TYPE_CHECKING:
    from fairkd.models import Description, MaskedLM
    from fairkd.predictions import Prediction

Version = tuple[str, int]  # a reference, and when its weights were written


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


# The two caches below only keep what they are handed: Streamlit records and replays what is drawn inside a
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
    from fairkd import models

    return models.embedded()


def description(reference: str) -> Description:
    """What the model behind `reference` is; loads it if need be."""
    return _description(version(reference))


@st.cache_data(max_entries=16, show_spinner=False)
def _description(model: Version) -> Description:
    from fairkd import models

    return models.describe(get_model(model[0]))


def predict(
    reference: str, text: str, *, temperature: float = 1.0, masked_in_turn: bool = False
) -> Prediction:
    """`fairkd.predictions.predict` for the model behind `reference`."""
    return _predict(version(reference), text, temperature, masked_in_turn)


# A prediction holds [positions, vocabulary] numbers (4 MB for thirty tokens): kept as it is, never copied.
@st.cache_resource(max_entries=8, show_spinner=False)
def _predict(model: Version, text: str, temperature: float, masked_in_turn: bool) -> Prediction:
    from fairkd import predictions

    return predictions.predict(
        get_model(model[0]), text, temperature=temperature, masked_in_turn=masked_in_turn
    )


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
