"""Registers our components: figures that JavaScript draws in the browser.

A component has NAME.html in the head of figure.html, NAME.css after figure.css, and NAME.js after figure.js.
A component with one picture below a title has titled.html as its head, and no CSS file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from app.shared.streamlit_internals import ComponentRenderer

_HERE = Path(__file__).parent


def component(name: str) -> ComponentRenderer:
    """The component `name`; call it with `key` and `data`."""
    return _component(name, head=f"{name}.html", style=_text("figure.css") + _text(f"{name}.css"))


def titled_component(name: str) -> ComponentRenderer:
    """The component `name`, with one picture below a title."""
    return _component(name, head="titled.html", style=_text("figure.css"))


def _component(name: str, *, head: str, style: str) -> ComponentRenderer:
    return st.components.v2.component(
        f"fairkd_{name}",
        html=_text("figure.html").replace("{head}", _text(head)),
        css=style,
        js=_text("figure.js") + _text(f"{name}.js"),
    )


def _text(file: str) -> str:
    return (_HERE / file).read_text(encoding="utf-8")
