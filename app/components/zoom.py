"""Live figures: charts that keep their zoom and their hidden series while their data change.

Streamlit remounts a plotly chart whenever its figure changes, even with a key. So Streamlit gets the first
figure of a chart only, and `zoom.js` draws the later ones into it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import plotly.graph_objects as go
import streamlit as st

from app.shared.streamlit_internals import CHART_ACCESS
from app.shared.widgets import show_figure

_component = st.components.v2.component(
    "fairkd_zoom",
    html="<span hidden></span>",
    js=CHART_ACCESS + (Path(__file__).parent / "zoom.js").read_text(encoding="utf-8"),
)


@dataclass
class _Mounted:
    """The first figure of a chart, and whether it has shown another one since."""

    view: object
    figure: go.Figure
    json: str
    changed: bool = False


def live_figure(figure: go.Figure, key: str, name: str, *, view: object) -> None:
    """Draw `figure` in the chart `key`, which stays mounted as long as `view` is equal.

    Parameters
    ----------
    figure : its axes must have `autorange`; an axis with a range counts as zoomed.
    name : file name of the downloaded image.
    view : what a zoom belongs to, such as the measure, the runs and the theme.
    """
    mounted = st.session_state.get(f"mounted_{key}")
    if not isinstance(mounted, _Mounted) or mounted.view != view:
        mounted = st.session_state[f"mounted_{key}"] = _Mounted(view, figure, str(figure.to_json()))
    json = mounted.json if figure is mounted.figure else str(figure.to_json())
    mounted.changed = mounted.changed or json != mounted.json
    with st.container(gap=None):
        show_figure(mounted.figure, key, name, keeps_zoom=True)
        _component(key=f"newest_{key}", data={"chart": key, "figure": json if mounted.changed else None})
