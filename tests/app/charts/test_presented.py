"""Figures for an audience."""

from __future__ import annotations

import plotly.graph_objects as go
import pytest

from app.charts.base import base_figure, base_layout
from app.charts.presented import AXIS_TITLE, HEIGHT, LINE, ZOOM, presented


def test_type_markers_and_lines_grow_and_the_data_stays() -> None:
    figure = base_figure(title="finding", height=200, dark=True)
    figure.add_scatter(
        x=[1, 2],
        y=[3, 4],
        text=["a", "b"],
        textfont={"size": 11},
        marker={"size": [5, 10], "line": {"width": 1}},
        error_x={"array": [1, 2], "thickness": 1.5, "width": 0},
    )
    figure.add_bar(x=[1], y=[2], width=0.4)
    found = presented(figure)
    points, bars = found.data
    assert list(points.x) == [1, 2] and list(points.y) == [3, 4] and bars.width == 0.4
    assert points.textfont.size == pytest.approx(11 * ZOOM)
    assert list(points.marker.size) == pytest.approx([5 * ZOOM, 10 * ZOOM])
    assert points.marker.line.width == pytest.approx(ZOOM) and points.error_x.width == 0
    assert found.layout.xaxis.tickfont.size == found.layout.font.size == pytest.approx(13 * ZOOM)
    assert found.layout.yaxis.title.font.size == pytest.approx(13 * AXIS_TITLE)
    assert found.layout.margin.l == pytest.approx(8 * ZOOM)
    assert found.layout.meta == figure.layout.meta
    assert figure.layout.font.size == 13, "the figure itself is unchanged"


@pytest.mark.parametrize(("before", "after"), [(300, 300), (504, HEIGHT), (1000, 800)])
def test_a_projector_has_room_for_the_height(before: int, after: int) -> None:
    layout = base_layout(title="", height=before, dark=False) | {"height": before}
    assert presented(go.Figure(layout=layout)).layout.height == after
    assert presented(go.Figure(layout=layout), lines=3).layout.height == max(
        min(before, HEIGHT - 2 * LINE), round(0.8 * before)
    )
    assert presented(go.Figure(layout=layout), rows=True).layout.height == round(before * ZOOM)
