"""Components drawn in the browser: their files, put together.

A component is NAME.html in the head of figure.html, and NAME.css and NAME.js after figure.css and figure.js;
one that is a picture under its title has titled.html there, and no style of its own.
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
    return _component(name, head=f"{name}.html", style=_text("figure.css") + _text(f"{name}.css"))


def titled_component(name: str) -> ComponentRenderer:
    """The component `name`, one picture under its title."""
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
