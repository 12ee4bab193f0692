"""The pickers of one measure and of one model, which the views share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from app.shared.url_state import take_parameter, write_parameter
from fairkd.benchmarks import BENCHMARKS

MEASURE = "measure"  # a parameter of the address
_MODEL = "measured_model"


def pick_measure(benchmarks: Sequence[str]) -> str:
    """One of these measures; not asked where there is only one."""
    if len(benchmarks) == 1:
        return benchmarks[0]
    take_parameter(MEASURE, benchmarks[0])
    if st.session_state[MEASURE] not in benchmarks:
        st.session_state[MEASURE] = benchmarks[0]
    chosen = st.selectbox(
        "Measure",
        list(benchmarks),
        format_func=lambda key: BENCHMARKS[key].label if key in BENCHMARKS else key,
        key=MEASURE,
        persist_state="session",
        width=320,
    )
    write_parameter(MEASURE, str(chosen), benchmarks[0])
    return str(chosen) if chosen in benchmarks else benchmarks[0]


def pick_model(models: Sequence[str], names: Mapping[str, str]) -> str:
    """One of these models; not asked where there is only one."""
    if len(models) == 1:
        return models[0]
    if st.session_state.get(_MODEL) not in models:
        st.session_state[_MODEL] = models[0]
    chosen = st.selectbox(
        "Model",
        list(models),
        format_func=lambda model: names.get(model, model),
        key=_MODEL,
        persist_state="session",
        width=320,
    )
    return str(chosen) if chosen in models else models[0]
