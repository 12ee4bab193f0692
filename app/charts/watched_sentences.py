"""The figure of a watched sentence: the probabilities of its words over the steps of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from app.charts.base import hues
from app.charts.runs import curves
from app.charts.series import series
from app.charts.text import escape, percent, shorten


def watched_sentence_curves(
    frame: pd.DataFrame,
    *,
    steps: Sequence[int],
    step: int,
    teacher: Mapping[str, float],
    title: str,
    dark: bool,
) -> go.Figure:
    """The student's probability of each word over the steps; a line marks `step`.

    Parameters
    ----------
    frame : columns step, token, probability. A word that was not recorded at a step has no row, and a gap in
        its curve.
    steps : all steps with an evaluation, in order.
    teacher : the teacher's probability of each word, drawn as a short tick at the right edge.
    """
    shades = hues(dark)
    traces: list[dict] = []
    last = steps[-1]
    for number, (token, rows) in enumerate(frame.groupby("token", sort=False)):
        look = series(number, dark=dark)
        name = escape(shorten(token, 18))
        known = dict(zip(rows["step"], rows["probability"], strict=True))
        values = [known.get(one) for one in steps]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": list(steps),
                "y": values,
                "name": name,
                "legendgroup": name,
                "line": {"color": look.colour, "dash": look.dash, "width": 2},
                "marker": {"color": look.colour, "symbol": look.symbol, "size": 6},
                "customdata": ["" if value is None else percent(value) for value in values],
                "hovertemplate": "%{customdata}",
            }
        )
        if token in teacher:
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": [last],
                    "y": [teacher[str(token)]],
                    "legendgroup": name,
                    "showlegend": False,
                    "cliponaxis": False,
                    "marker": {
                        "symbol": "line-ew-open",
                        "size": 20,
                        "color": look.colour,
                        "line": {"width": 3, "color": look.colour},
                    },
                    "hovertemplate": f"teacher: {percent(teacher[str(token)])}<extra></extra>",
                }
            )
    layout = curves(title, height=340, dark=dark, y="probability")
    layout["yaxis"] |= {"tickformat": ".3~%", "rangemode": "tozero"}
    layout["shapes"] = [
        {
            "type": "line",
            "yref": "paper",
            "x0": step,
            "x1": step,
            "y0": 0,
            "y1": 1,
            "line": {"color": shades.faint, "width": 1.5},
            "layer": "below",
        }
    ]
    return go.Figure(data=traces, layout=layout)
