"""Components drawn in the browser: their files, put together.

A component is NAME.html, the head of figure.html, and NAME.css and NAME.js after figure.css and figure.js.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_HERE = Path(__file__).parent


def component(name: str) -> ComponentRenderer:
    """The component `name`, to be called with `key` and `data`."""
    return st.components.v2.component(
        f"fairkd_{name}",
        html=_text("figure.html").replace("{head}", _text(f"{name}.html")),
        css=_text("figure.css") + _text(f"{name}.css"),
        js=_text("figure.js") + _text(f"{name}.js"),
    )


def _text(file: str) -> str:
    return (_HERE / file).read_text(encoding="utf-8")
