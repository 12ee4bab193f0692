"""The reliability curve: how often a model is right, by how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from app.charts.base import base_figure
from app.charts.benchmark_scores import model_look
from app.charts.gaps import equal_scales
from app.charts.text import escape, shorten
from app.shared import theme


@dataclass(frozen=True)
class ReliabilityCurve:
    """The curve of one model, from `fairkd.benchmarks.reliability_curve`.

    `number` is the place of the model in the measurement, and `error` its calibration error as text.
    """

    model: str
    number: int
    table: pd.DataFrame
    error: str


def reliability_chart(curves: Sequence[ReliabilityCurve], *, title: str, dark: bool = False) -> go.Figure:
    """Accuracy against confidence, both as shares, with the diagonal of perfect calibration."""
    figure = base_figure(title=title, height=480, dark=dark)
    figure.add_trace(
        go.Scatter(
            x=[0, 1],
            y=[0, 1],
            mode="lines",
            line={"color": theme.MUTED.on(dark), "dash": "dot", "width": 1.5},
            name="as often right as it is sure",
            hoverinfo="skip",
        )
    )
    most = max((int(curve.table["n"].max()) for curve in curves if len(curve.table)), default=1)
    for curve in curves:
        hue, symbol = model_look(curve.number, dark=dark)
        figure.add_trace(
            go.Scatter(
                x=curve.table["confidence"],
                y=curve.table["accuracy"],
                mode="lines+markers",
                line={"color": hue, "width": 1},
                marker={"color": hue, "symbol": symbol, "size": 5 + 11 * (curve.table["n"] / most) ** 0.5},
                customdata=curve.table["n"],
                name=f"{escape(shorten(curve.model, 30))} (ECE {curve.error})",
                hovertemplate="confidence %{x:.0%}, right %{y:.0%}<br>%{customdata:,} predictions"
                f"<extra>{escape(curve.model)}</extra>",
            )
        )
    equal_scales(figure, (-0.02, 1.02), (-0.02, 1.02))
    figure.update_xaxes(title_text="confidence of the top prediction", tickformat=".0%")
    figure.update_yaxes(title_text="how often it is right", tickformat=".0%")
    return figure
