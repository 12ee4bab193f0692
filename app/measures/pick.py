"""The picker of one measure, which the views share."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.shared.url_state import take_parameter, write_parameter
from fairkd.benchmarks import BENCHMARKS

MEASURE = "measure"  # a parameter of the address


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
