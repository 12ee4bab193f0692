"""Live charts that keep their zoom: what a person zoomed to is read in the browser and drawn again.

Streamlit mounts a plotly chart anew whenever its figure changes, whatever its key, and the zoom goes with the
old one. `keep_zooms` listens, `zooms` says what it heard, and `zoomed` draws it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

Range = tuple[float, float] | None
Zoom = tuple[Range, Range]  # across and up; None where the axis finds its own range
NONE: Zoom = (None, None)

_component = st.components.v2.component(
    "fairkd_zoom",
    html="<span hidden></span>",
    js=(Path(__file__).parent / "zoom.js").read_text(encoding="utf-8"),
)


def zooms(key: str) -> dict[str, Zoom]:
    """What the listener of that key has heard, by the key of the chart."""
    found = st.session_state.get(key)
    said = found.get("zooms") if isinstance(found, Mapping) else None
    if not isinstance(said, Mapping):
        return {}
    return {str(name): checked(zoom) for name, zoom in said.items()}


def keep_zooms(names: Sequence[str], *, key: str) -> None:
    """Listen to the charts with these keys; the fragment that this stands in runs again at every zoom."""
    held = {name: {"x": zoom[0], "y": zoom[1]} for name, zoom in zooms(key).items()}
    _component(key=key, data={"names": list(names), "zooms": held}, on_zooms_change=lambda: None)


def checked(zoom: Any) -> Zoom:
    """What a browser sent, as ranges: anything but two finite numbers is none."""
    if not isinstance(zoom, Mapping):
        return NONE
    return _range(zoom.get("x")), _range(zoom.get("y"))


def zoomed(figure: go.Figure, zoom: Zoom) -> go.Figure:
    """The figure itself, with the ranges that were zoomed to."""
    for axis, range_ in (("xaxis", zoom[0]), ("yaxis", zoom[1])):
        if range_ is not None:
            figure.layout[axis].range = range_
            figure.layout[axis].autorange = False
    return figure


def _range(said: Any) -> Range:
    if not isinstance(said, list | tuple) or len(said) != 2:
        return None
    if not all(isinstance(end, int | float) and math.isfinite(end) for end in said):
        return None
    return float(said[0]), float(said[1])
