"""Which study the Studies page shows: a parameter of the address."""

from __future__ import annotations

import streamlit as st

from app.runs.of_studies import STUDY


def chosen_study() -> str | None:
    """The id of the study in the address; None for the choice of a new one."""
    return str(st.query_params.get(STUDY, "")).strip() or None


def open_study(id: str | None) -> None:
    """Show a study, or with None the list and the choice of a new one."""
    if id is None:
        st.query_params.pop(STUDY, None)
    else:
        st.query_params[STUDY] = id
