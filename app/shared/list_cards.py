"""The parts of a list of cards: the line with its name, which opens it, and the button that shows more."""

from __future__ import annotations

import streamlit as st

from app.shared.run_texts import Colour
from app.shared.widgets import literal


def card_name(name: str, state: str, colour: Colour, icon: str, *, key: str, what: str) -> bool:
    """A name beside a badge with its state; whether the name was clicked.

    The caller reruns the page then. A callback would not do: in a fragment, Streamlit reruns the list alone.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        clicked = st.button(f"**{literal(name)}**", key=key, type="tertiary", help=f"Open this {what}.")
        st.badge(state, icon=icon, color=colour)
    return clicked


def more_button(shown: int, total: int, step: int, *, key: str) -> None:
    """A button that shows up to `step` more of `total` cards; `key` of the session has how many are shown."""
    if total > shown:
        st.button(
            f"Show {min(step, total - shown)} more of {total - shown}",
            on_click=lambda: st.session_state.update({key: shown + step}),
            type="tertiary",
            key=f"more_{key}",
            icon=":material/expand_more:",
        )
