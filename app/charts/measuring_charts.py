"""The figures of the lesson on measuring: repeated draws of professions, and two measures side by side."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from app.charts.base import base_layout, chosen_labels, guide, span
from app.charts.text import escape, signed
from app.shared import theme
from fairkd import lessons
from fairkd.measures import Verdict


def draws_chart(draws: Sequence[Verdict], count: int, whole: Verdict, *, dark: bool) -> go.Figure:
    """The interval of each draw, one below the other; those that show a difference are orange.

    `whole` is the verdict over all professions, drawn as a line.
    """
    layout = base_layout(title=lessons.draws_text(draws, count), height=420, dark=dark)
    figure = go.Figure(layout=layout)
    for clear, label, hue in (
        (True, "a difference is shown", theme.STUDENT),
        (False, "not shown", theme.MUTED),
    ):
        rows = [(number, one) for number, one in enumerate(draws) if one.is_clear == clear]
        if not rows:
            continue
        figure.add_trace(
            go.Scatter(
                x=[one.difference for _, one in rows],
                y=[number for number, _ in rows],
                mode="markers",
                name=label,
                marker={
                    "color": hue.on(dark),
                    "size": 8,
                    "symbol": "circle" if clear else "circle-open",
                },
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [one.high - one.difference for _, one in rows],
                    "arrayminus": [one.difference - one.low for _, one in rows],
                    "color": hue.on(dark),
                    "thickness": 1.6,
                    "width": 0,
                },
                text=[
                    f"{signed(one.difference)} nats, 95 % interval {signed(one.low)} to {signed(one.high)}, "
                    f"p = {one.p_value:.3f}"
                    for _, one in rows
                ],
                hovertemplate="draw %{y}: %{text}<extra></extra>",
            )
        )
    lines = ((0.0, theme.MUTED, "solid"), (whole.difference, theme.TEXT, "dot"))
    for x, hue, dash in lines:
        figure.add_vline(x=x, line={"color": hue.on(dark), "width": 1, "dash": dash}, layer="below")
    ends = [end for one in (*draws, whole) for end in (one.low, one.high, one.difference)]
    figure.update_xaxes(
        title_text="student's mean absolute gap − teacher's, nats<br>(dotted: over all professions)",
        range=list(span(ends, around=[0.0])),
        zeroline=False,
    )
    figure.update_yaxes(visible=False, range=[len(draws) - 0.4, -0.6])
    return figure


def measures_chart(both: pd.DataFrame, *, dark: bool) -> go.Figure:
    """Gap against prior-corrected gap of each profession; the ones with opposite signs stand out.

    A dashed line has the slope 1: there the two differ by their mean difference.

    Parameters
    ----------
    both : from `lessons.two_measures`.
    """
    figure = go.Figure(layout=base_layout(title=lessons.contradictions_text(both), height=440, dark=dark))
    x_range, y_range = span(both["gap"], around=[0.0]), span(both["corrected_gap"], around=[0.0])
    distance = (both["gap"] - both["corrected_gap"]).abs()
    texts, sides = chosen_labels(
        both["gap"].tolist(),
        both["corrected_gap"].tolist(),
        both["profession"].tolist(),
        (distance * both["opposite"]).tolist(),
        x_range=x_range,
        y_range=y_range,
        most=4,
    )
    shift = float((both["gap"] - both["corrected_gap"]).mean())
    ends = (float(both["gap"].min()), float(both["gap"].max()))
    figure.add_shape(
        guide(ends[0], ends[0] - shift, ends[1], ends[1] - shift, theme.MUTED.on(dark), dash="dash")
    )
    for opposite, label, hue in (
        (False, "same sign", theme.MUTED),
        (True, "opposite signs", theme.GROUP_B),
    ):
        rows = both.index[both["opposite"] == opposite]
        figure.add_trace(
            go.Scatter(
                x=both.loc[rows, "gap"],
                y=both.loc[rows, "corrected_gap"],
                mode="markers+text",
                name=f"{label} ({len(rows)})",
                marker={"color": hue.on(dark), "size": 9, "symbol": "diamond" if opposite else "circle"},
                text=[escape(texts[row]) if opposite else "" for row in rows],
                textposition=[sides[row] for row in rows],
                textfont={"size": 11, "color": theme.TEXT.on(dark)},
                customdata=[
                    (escape(name), signed(gap), signed(corrected))
                    for name, gap, corrected in both.loc[
                        rows, ["profession", "gap", "corrected_gap"]
                    ].itertuples(index=False, name=None)
                ],
                hovertemplate="<b>%{customdata[0]}</b><br>gap %{customdata[1]} nats<br>prior-corrected "
                "%{customdata[2]} nats<extra></extra>",
            )
        )
    figure.update_xaxes(title_text="gap, nats (right: more he)", range=list(x_range), zeroline=True)
    figure.update_yaxes(
        title_text="prior-corrected gap, nats<br>(up: the profession adds to he)",
        range=list(y_range),
        zeroline=True,
    )
    return figure
