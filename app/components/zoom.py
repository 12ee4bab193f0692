"""Live figures: charts that keep their zoom, and what is hidden in the legend, while their figures change.

Streamlit mounts a plotly chart anew whenever its figure changes, whatever its key. So a chart is given the
figure that it began with, and `zoom.js` draws every later one into it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import plotly.graph_objects as go
import streamlit as st

from app.shared.widgets import show_figure

_component = st.components.v2.component(
    "fairkd_zoom",
    html="<span hidden></span>",
    js=(Path(__file__).parent / "zoom.js").read_text(encoding="utf-8"),
)


@dataclass
class _Mounted:
    """What a chart began with, and whether it has shown another figure since."""

    view: object
    figure: go.Figure
    text: str
    left: bool = False


def live_figure(figure: go.Figure, key: str, name: str, *, view: object) -> None:
    """Draw `figure` in the chart `key`, which is the same one for as long as `view` stays equal.

    `view` says what a zoom belongs to: which measure of which runs, in which colours. All axes find their own
    range (`autorange`); one that does not is taken for zoomed. `name` is that of the downloaded picture.
    """
    held = st.session_state.get(f"mounted_{key}")
    if not isinstance(held, _Mounted) or held.view != view:
        held = st.session_state[f"mounted_{key}"] = _Mounted(view, figure, str(figure.to_json()))
    text = held.text if figure is held.figure else str(figure.to_json())
    held.left = held.left or text != held.text
    with st.container(gap=None):
        show_figure(held.figure, key, name, keeps_zoom=True)
        _component(key=f"newest_{key}", data={"chart": key, "figure": text if held.left else None})
