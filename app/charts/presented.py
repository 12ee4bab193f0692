"""Figures for an audience: larger type, and no higher than a projector has space for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

ZOOM = 1.4  # as our other figures in the presenter view, on a screen of 1280 x 720
AXIS_TITLE = 1.15  # of the axes' titles, which would be longer than the axes
HEIGHT = 430  # pixels that such a screen has left below the pages, the controls and a title of one line
LINE = 24  # pixels of another line

# What is measured in pixels, by the name of its parent; None for any parent.
_PIXELS: dict[str, tuple[str | None, ...]] = {
    "size": (None,),
    "standoff": (None,),
    "thickness": (None,),
    "width": ("line",),
    **dict.fromkeys("lrtb", ("margin",)),
}


def presented(figure: go.Figure, *, lines: int = 1, rows: bool = False) -> go.Figure:
    """The figure with type, markers, lines and margins `ZOOM` times as large.

    `rows` says that its height is that of its rows: it grows as well. Another figure keeps its height, but if
    it is higher than the space below `lines` lines of title and notes, it shrinks by up to a fifth.
    """
    found = go.Figure(_enlarged(figure.to_plotly_json(), ""))
    height = figure.layout.height
    if height is not None:
        space = HEIGHT - LINE * (lines - 1)
        found.layout.height = round(ZOOM * height if rows else min(height, max(space, 0.8 * height)))
    return found


def _enlarged(node: Any, name: str, zoom: float = ZOOM) -> Any:
    """A part of a figure; `name` is its name there."""
    if isinstance(node, dict):
        zoom = AXIS_TITLE if name == "title" else zoom
        return {
            key: _times(value, zoom) if _in_pixels(key, name) else _enlarged(value, key, zoom)
            for key, value in node.items()
        }
    if isinstance(node, list | tuple):
        return [_enlarged(one, name, zoom) if isinstance(one, dict) else one for one in node]
    return node


def _in_pixels(name: str, parent: str) -> bool:
    parents = _PIXELS.get(name, ())
    return None in parents or parent in parents


def _times(value: Any, zoom: float) -> Any:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [zoom * one for one in value]
    return zoom * value
