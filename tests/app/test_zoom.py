"""Zooms that a browser reports, checked and drawn again."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import pytest

from app.components.zoom import NONE, checked, zoomed


def test_a_reported_zoom_is_drawn() -> None:
    figure = zoomed(go.Figure(), checked({"x": [24, 72], "y": None}))
    assert figure.layout.xaxis.range == (24, 72) and figure.layout.xaxis.autorange is False
    assert figure.layout.yaxis.range is None


@pytest.mark.parametrize(
    "said", [None, 3, {}, {"x": [1], "y": ["a", 2]}, {"x": [float("nan"), 1]}, {"x": "12"}]
)
def test_what_is_no_range_is_none(said: Any) -> None:
    assert checked(said) == NONE
