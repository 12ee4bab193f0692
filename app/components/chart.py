"""plotly charts: the title and the download button above each, and charts that keep their zoom.

plotly neither wraps titles nor puts its toolbar anywhere but on top of them, so the page draws both. A
downloaded image has the title inside.

Streamlit remounts a plotly chart whenever its figure changes, even with a key. So Streamlit gets the first
figure of a live chart only, and `chart.js` draws the later ones into it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from app.charts.presented import presented
from app.shared.export_view import record_figure
from app.shared.presenter import is_presenting
from app.shared.streamlit_internals import CHART_ACCESS
from app.shared.widgets import image_format

_HERE = Path(__file__).parent


def _text(file: str) -> str:
    return (_HERE / file).read_text(encoding="utf-8")


_component = st.components.v2.component(
    "fairkd_chart",
    html=_text("chart.html"),
    css=_text("chart.css"),
    js=CHART_ACCESS + _text("chart.js"),
)


@dataclass
class _Mounted:
    """The first figure of a chart, and whether it has shown another one since."""

    view: object
    figure: go.Figure
    json: str
    changed: bool = False


def show_figure(
    figure: go.Figure,
    key: str,
    name: str,
    *,
    view: object = None,
    title_lines: int = 1,
    note_lines: int = 0,
    rows: bool = False,
) -> None:
    """Draw `figure` below its title, with a button that downloads both.

    The title is `figure.layout.meta["title"]`, and the lines of `meta["notes"]` follow it; both are from
    `app.charts.base.base_layout`.

    Parameters
    ----------
    name : file name of the downloaded image, such as "fairkd-bias-transfer".
    view : for a live chart: what a zoom belongs to, such as the measure, the runs and the theme. The chart
        stays mounted, with its zoom and hidden series, as long as the view is equal. The figure's axes must
        have `autorange`; an axis with a range counts as zoomed.
    title_lines, note_lines : lines that are reserved for title and notes, so that the charts of a row begin
        at one height.
    rows : whether the figure is as high as its rows need.
    """
    meta: dict[str, Any] = figure.layout.meta or {}
    newest = None
    record_figure(key, figure)
    if is_presenting():
        figure = presented(figure, lines=title_lines + note_lines, rows=rows)
    if view is not None:
        figure, newest = _live(figure, key, (view, is_presenting()))
    kind = image_format()
    with st.container(gap=None):
        _component(
            key=f"titled_{key}",
            data={
                "chart": key,
                "figure": newest,
                "title": meta.get("title", ""),
                "notes": meta.get("notes", []),
                "titleLines": title_lines,
                "noteLines": note_lines,
                "format": kind.lower(),
                "file": f"{name}.{kind.lower()}",
                "button": f"Download {name.removeprefix('fairkd-').replace('-', ' ')} as {kind}",
            },
        )
        config = {"displayModeBar": False, "doubleClick": "reset+autosize" if view is None else "autosize"}
        st.plotly_chart(figure, key=key, width="stretch", theme=None, config=config)


def _live(figure: go.Figure, key: str, view: object) -> tuple[go.Figure, str | None]:
    """The figure that the chart was mounted with, and the newest one as JSON if the two ever differed."""
    mounted = st.session_state.get(f"mounted_{key}")
    if not isinstance(mounted, _Mounted) or mounted.view != view:
        mounted = st.session_state[f"mounted_{key}"] = _Mounted(view, figure, str(figure.to_json()))
    json = mounted.json if figure is mounted.figure else str(figure.to_json())
    mounted.changed = mounted.changed or json != mounted.json
    return mounted.figure, json if mounted.changed else None
