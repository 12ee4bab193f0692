"""Registers our components: figures that JavaScript draws in the browser.

A component is made of the files NAME.html, NAME.css and NAME.js in this folder. `figure.js` and `figure.css`
are what the figures share.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from app.shared.streamlit_internals import ComponentRenderer

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Assets:
    """The text of a component's files."""

    html: str
    css: str
    js: str


_assets: dict[str, Assets] = {}  # of every registered component


def assets(name: str) -> Assets:
    """The files of a component, for a page without Streamlit."""
    return _assets[name]


def component(name: str, *, styles: Sequence[str], scripts: Sequence[str]) -> ComponentRenderer:
    """The component `name`; call it with `key` and `data`.

    In NAME.html, {x} stands for a figure of class x.
    """
    html = re.sub(r"\{(\w+)\}", lambda match: _figure(match[1]), _text(f"{name}.html"))
    return _registered(name, html, styles, scripts)


def titled_component(name: str) -> ComponentRenderer:
    """The component `name`, with one picture below a title."""
    return _registered(name, _figure(name), ["figure"], ["figure", name])


def _registered(name: str, html: str, styles: Sequence[str], scripts: Sequence[str]) -> ComponentRenderer:
    css = "".join(_text(f"{style}.css") for style in styles)
    js = "".join(_text(f"{script}.js") for script in scripts)
    _assets[name] = Assets(html, css, js)
    return st.components.v2.component(f"fairkd_{name}", html=html, css=css, js=js)


def _figure(name: str) -> str:
    """A figure with a title, a picture and a button that downloads it."""
    return _text("figure.html").replace("{name}", name)


def _text(file: str) -> str:
    return (_HERE / file).read_text(encoding="utf-8")
