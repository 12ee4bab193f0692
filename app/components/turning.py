"""Turns the screens of a lesson by keys, in `turning.js`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_component = st.components.v2.component(
    "fairkd_turning",
    html="<span hidden></span>",
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def turn_by_keys() -> None:
    """Let arrow keys press the buttons with the keys `turn_back` and `turn_next`."""
    _component(key="turn_by_keys")
