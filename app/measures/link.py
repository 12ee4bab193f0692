"""Which measurement the Measures page shows: a parameter of the address."""

from __future__ import annotations

import streamlit as st

MEASUREMENT = "measurement"  # the id of the run
VIEW = "results"  # which part of its results


def chosen_measurement() -> str | None:
    """The id of the measurement in the address; None for the choice of a new one."""
    return str(st.query_params.get(MEASUREMENT, "")).strip() or None


def open_measurement(id: str | None) -> None:
    """Show a measurement, or with None the choice of a new one."""
    if id is None:
        st.query_params.pop(MEASUREMENT, None)
    else:
        st.query_params[MEASUREMENT] = id
    st.query_params.pop(VIEW, None)
    st.session_state.pop(VIEW, None)
