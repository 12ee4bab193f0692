"""The sentences of one item, each with a way to Predictions with the same models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.shared.widgets import literal

TEXT = "text_"


def sentences_of(row: Mapping[str, Any]) -> dict[str, str]:
    """The sentences of an item by role, each once.

    >>> sentences_of({"id": "1", "text_more": "A.", "text_less": "B."})
    {'more': 'A.', 'less': 'B.'}
    """
    found: dict[str, str] = {}
    for name, text in row.items():
        role = str(name).removeprefix(TEXT)
        if role != name and isinstance(text, str) and text and text not in found.values():
            found[role] = text
    return found


def show_item(row: Mapping[str, Any], models: Sequence[str], key: str) -> None:
    """The sentences of the item `row`; `models` are the one or two that Predictions then shows."""
    with st.container(border=True):
        st.caption(f"Item {literal(row['id'])} · {literal(row['category'])}")
        for role, text in sentences_of(dict(row)).items():
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"**{literal(role.replace('_', ' '))}**: {literal(text)}", width="stretch")
                _open_button(text, role, models, key)


def _open_button(text: str, role: str, models: Sequence[str], key: str) -> None:
    pressed = st.button(
        "Open in Predictions",
        key=f"{key}_open_{role}",
        icon=":material/view_column:",
        type="tertiary",
        on_click=_choose,
        args=(models,),
        help="What the models predict at each position of this sentence.",
    )
    if pressed:
        for name in ("text", "each"):
            st.session_state.pop(name, None)  # else the values of an earlier visit would win
        st.switch_page("app/pages/predictions.py", query_params={"text": text, "each": "true"})


def _choose(models: Sequence[str]) -> None:
    """Choose the models in the sidebar. An address cannot: this page has the same pickers."""
    for role, model in zip(("teacher", "student"), models, strict=False):
        st.session_state[role] = model
