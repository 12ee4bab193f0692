"""Figures are compared by their numbers: not by the text in which plotly writes them."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from tests.app.exported import as_data


def figure(*values: float) -> go.Figure:
    return go.Figure(go.Scatter(x=pd.Series([1, 2]), y=pd.Series(values)))


def test_figures_are_equal_where_only_the_last_digits_of_an_array_differ() -> None:
    assert as_data(figure(0.5, -0.25)) == as_data(figure(0.5 + 1e-12, -0.25))


def test_figures_differ_where_a_number_of_an_array_does() -> None:
    assert as_data(figure(0.5, -0.25)) != as_data(figure(0.51, -0.25))
    assert as_data(figure(0.5)) != as_data(figure(0.5, 0.5))
