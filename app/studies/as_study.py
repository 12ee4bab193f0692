"""The way from the Distill page to a study of its variants."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.studies.grid import prepare, take_from_distill


def as_study(variants: Sequence[str]) -> None:
    """A button that opens the Studies page with these variants, their changes and their budget."""
    pressed = st.button(
        "Run these over several seeds" if len(variants) > 1 else "Run it over several seeds",
        key="as_study",
        icon=":material/grid_view:",
        help="Opens the Studies page with these variants. One seed may mislead; a study says whether the "
        "difference is shown.",
    )
    if pressed:
        prepare()
        take_from_distill(variants)
        st.switch_page("app/pages/studies.py", query_params={})  # `None` may not clear bound ones
