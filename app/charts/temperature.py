"""Figures of the lesson on temperature: how probability moves, and how the gradient shrinks, as T grows."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from app.charts.base import base_figure, guide, hues
from app.charts.series import Series
from app.charts.text import escape, percent
from app.shared.theme import MUTED, STUDENT, TEACHER
from fairkd.utils import times

TICKS = (0.5, 1, 2, 4, 8, 20)
HEIGHT = 370


def shares_area(shares: pd.DataFrame, *, first: str, title: str, dark: bool) -> go.Figure:
    """How the probability is divided among the first word, the next nine and all others, over T.

    `shares` is from `fairkd.lessons.shares_by_temperature`; `first` is the first word.
    """
    figure = base_figure(title=title, height=HEIGHT, dark=dark)
    blue, grey = TEACHER.on(dark), MUTED.on(dark)
    shown = [f"{value:.2g}" for value in shares["temperature"]]
    for column, name, fill in (
        ("first", f"“{first}”", blue),
        ("next", "the next nine words", Series(blue, "solid", "circle").shade(0.45)),
        ("others", "all other words", Series(grey, "solid", "circle").shade(0.35)),
    ):
        details = [f"T = {t}: {percent(value)}" for t, value in zip(shown, shares[column], strict=True)]
        figure.add_trace(
            go.Scatter(
                x=shares["temperature"],
                y=shares[column],
                name=escape(name),
                stackgroup="all",
                mode="lines",
                line={"width": 0.5, "color": fill},
                fillcolor=fill,
                customdata=details,
                hovertemplate=f"<b>{escape(name)}</b><br>%{{customdata}}<extra></extra>",
            )
        )
    _temperature_axis(figure)
    figure.update_layout(legend_traceorder="normal")
    figure.update_yaxes(range=[0, 1], tickformat=".0%", title_text="probability", zeroline=False)
    return figure


def gradient_lines(sizes: pd.DataFrame, limit: float, *, dark: bool) -> go.Figure:
    """The size of the gradient over T, without and with the factor T^2, on logarithmic axes.

    `sizes` is from `fairkd.lessons.gradient_sizes`; `limit` is what the scaled size tends to.
    """
    figure = base_figure(title=_gradient_title(sizes), height=HEIGHT, dark=dark)
    orange, grey = STUDENT.on(dark), hues(dark).faint
    for column, name, dash in (("scaled", "with T²", "solid"), ("plain", "without T²", "dot")):
        figure.add_trace(
            go.Scatter(
                x=sizes["temperature"],
                y=sizes[column],
                name=name,
                mode="lines",
                line={"color": orange, "width": 3, "dash": dash},
                customdata=[
                    f"T = {t:.2g}: {size:.2g}"
                    for t, size in zip(sizes["temperature"], sizes[column], strict=True)
                ],
                hovertemplate=f"<b>{name}</b><br>%{{customdata}}<extra></extra>",
            )
        )
    ends = sizes["temperature"].iloc[[0, -1]]
    figure.add_trace(
        go.Scatter(
            x=ends,
            y=[limit, limit],
            name="what it tends to with T²",
            mode="lines",
            line={"color": grey, "width": 2, "dash": "dash"},
            hovertemplate=f"limit: {limit:.2g}<extra></extra>",
        )
    )
    _temperature_axis(figure)
    figure.update_yaxes(type="log", dtick=1, tickformat="~g", title_text="size of the gradient")
    return figure


def _gradient_title(sizes: pd.DataFrame) -> str:
    """How much the gradient changes from T = 1 to the highest temperature, as a sentence."""
    one = sizes.iloc[(sizes["temperature"] - 1).abs().argmin()]
    last = sizes.iloc[-1]
    if not last["plain"]:
        return "Both models predict the same here, so there is no gradient"
    scaled = one["scaled"] / last["scaled"]
    change = f"{times(max(scaled, 1 / scaled))} times {'smaller' if scaled >= 1 else 'larger'}"
    return (
        f"At T = {last['temperature']:g} the gradient is {times(one['plain'] / last['plain'])} times smaller "
        f"than at T = 1; with T² {change}"
    )


def matching_points(points: pd.DataFrame, *, temperature: float, correlation: float, dark: bool) -> go.Figure:
    """How hard the gradient pulls at some words, against how far the logits are apart.

    `points` is from `fairkd.lessons.logit_matching`. Points that are pulled much further than the diagonal
    are outside the plot; their number is in the title.
    """
    reach = 1.15 * max(float(points["difference"].abs().max()), 1e-6)
    outside = int((points["pull"].abs() > reach).sum())
    title = f"At T = {temperature:g}, score difference and gradient correlate: r = {correlation:.2f}"
    if outside:
        title += f". {outside} of {len(points)} words are outside"
    figure = base_figure(title=title, height=HEIGHT, dark=dark)
    shades = hues(dark)
    figure.add_shape(guide(-reach, -reach, reach, reach, shades.faint, dash="dash"))
    figure.add_trace(
        go.Scatter(
            x=points["difference"],
            y=points["pull"],
            mode="markers",
            marker={"color": shades.student, "size": 7, "opacity": 0.7},
            hovertemplate="score difference %{x:.2f}<br>gradient × T² V %{y:.2f}<extra></extra>",
            showlegend=False,
        )
    )
    figure.update_xaxes(range=[-reach, reach], title_text="score of the student − score of the teacher")
    figure.update_yaxes(range=[-reach, reach], title_text="gradient × T² V")
    return figure


def _temperature_axis(figure: go.Figure) -> None:
    figure.update_xaxes(
        type="log", tickvals=list(TICKS), ticktext=[f"{tick:g}" for tick in TICKS], title_text="temperature T"
    )
