"""Everything slow, behind caches that all visitors share: models and predictions (gaps: `app.gap_store`).

PyTorch is imported on first use, not with this module: the page's frame then stands before it is read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import streamlit as st

from app.widgets import literal
from fairkd.errors import FairKDError, ModelError

if TYPE_CHECKING:
    from fairkd.models import Description, MaskedLM
    from fairkd.predictions import Prediction

_one_load_at_a_time = threading.Lock()


class _NotKept(Exception):
    """Nothing in the cache yet."""


# The two caches below only keep what they are handed: Streamlit records and replays what is drawn inside a
# cached function, but the progress of a load is to be seen while it lasts.
@st.cache_resource(max_entries=4, show_spinner=False)
def _kept_model(reference: str, _model: MaskedLM | None = None) -> MaskedLM:
    if _model is None:
        raise _NotKept
    return _model


@st.cache_data(max_entries=16, ttl="10s", show_spinner=False)
def _kept_failure(reference: str, _sentence: str | None = None) -> str:
    if _sentence is None:
        raise _NotKept
    return _sentence


def get_model(reference: str) -> MaskedLM:
    """The model behind `reference`, loaded once for all visitors, with progress while it loads.

    Raises `ModelError` with one sentence when it cannot be had. The sentence is remembered for ten seconds,
    so that sidebar and page do not both wait for the same missing network.
    """
    try:
        return _kept_model(reference)
    except _NotKept:
        pass
    try:
        raise ModelError(_kept_failure(reference))
    except _NotKept:
        pass
    slot = st.empty()
    slot.progress(0.0, text=f"Loading {literal(reference)}")
    try:
        with _one_load_at_a_time:
            return _load(reference, slot.progress)
    finally:
        slot.empty()


def _load(reference: str, draw: Callable[..., object]) -> MaskedLM:
    try:
        return _kept_model(reference)  # another visitor had it loaded while we waited for the lock
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
    return _kept_model(reference, _model=model)


@st.cache_resource(show_spinner="Starting PyTorch")
def embedded_references() -> tuple[str, ...]:
    """The models that came with FairKD, by reference."""
    from fairkd import models

    return models.embedded()


@st.cache_data(max_entries=16, show_spinner=False)
def description(reference: str) -> Description:
    """What the model behind `reference` is; loads it if need be."""
    from fairkd import models

    return models.describe(get_model(reference))


# A prediction holds [positions, vocabulary] numbers (4 MB for thirty tokens): kept as it is, never copied.
@st.cache_resource(max_entries=8, show_spinner=False)
def predict(
    reference: str, text: str, *, temperature: float = 1.0, masked_in_turn: bool = False
) -> Prediction:
    """`fairkd.predictions.predict` for the model behind `reference`."""
    from fairkd import predictions

    return predictions.predict(
        get_model(reference), text, temperature=temperature, masked_in_turn=masked_in_turn
    )


@contextmanager
def friendly_errors() -> Iterator[None]:
    """Wrong input inside the block becomes one literal sentence on the page; what follows it lives on."""
    try:
        yield
    except FairKDError as error:
        st.error(literal(error), icon=":material/error:")
