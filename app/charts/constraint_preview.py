"""The chart of the constraint preview: the teacher's words before and after the edit."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from app.charts.base import base_layout, colour, hues
from app.charts.series import Series
from app.charts.text import escape, escape_all, percent, shorten
from app.shared.theme import TEACHER, merged

_ROW = 34  # pixels per word, for two bars
_FRAME = 132


def edit_bars(frame: pd.DataFrame, *, groups: Sequence[str], title: str, dark: bool) -> go.Figure:
    """The probability of each word before (pale) and after (full) the edit, the group words first.

    Parameters
    ----------
    frame : columns token, group ("" for none), before, after, before_rank, after_rank, as from
        `fairkd.constraints.ConstraintPreview.table`.
    groups : names of the groups; the first two have a hue of their own.
    title : what the figure says or asks; shown literally.
    """
    shades = hues(dark)
    tints = dict(zip(groups, (shades.group_a, shades.group_b), strict=False))
    blue = TEACHER.on(dark)
    rows = list(range(len(frame)))
    traces = []
    # A paler colour instead of opacity, which the legend does not show.
    pale = Series(blue, "solid", "circle").shade(0.36)
    for column, name, fill in (("before", "the teacher as it is", pale), ("after", "after the edit", blue)):
        shown = [percent(value) for value in frame[column]]
        ranks = [f"{rank:,}" for rank in frame[f"{column}_rank"]]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "x": frame[column].tolist(),
                "y": rows,
                "name": name,
                "marker": {"color": fill, "line": {"color": blue, "width": 1}},
                "text": shown,
                "textposition": "outside",
                "cliponaxis": False,
                "constraintext": "none",
                "textfont": {"size": 11.5},
                "customdata": [
                    list(row) for row in zip(escape_all(frame["token"]), shown, ranks, strict=True)
                ],
                "hovertemplate": f"<b>%{{customdata[0]}}</b><br>{name}: %{{customdata[1]}}, "
                "rank %{customdata[2]}<extra></extra>",
            }
        )
    most = float(frame[["before", "after"]].max(axis=None))
    layout = merged(
        base_layout(title=shorten(title, 120), height=_FRAME + _ROW * len(frame), dark=dark),
        {
            "barmode": "group",
            "bargap": 0.26,
            "bargroupgap": 0.04,
            "uirevision": "playground",
            "legend": {"traceorder": "normal"},
            "xaxis": {
                "title": {"text": "probability"},
                "range": [0, max(most * 1.17, 1e-6)],
                "tickformat": ".3~%",
                "nticks": 5,
            },
            "yaxis": {
                "tickvals": rows,
                "ticktext": [
                    colour(shorten(token, 22), tints.get(group, shades.text))
                    if group
                    else escape(shorten(token, 22))
                    for token, group in zip(frame["token"], frame["group"], strict=True)
                ],
                "range": [len(frame) - 0.45, -0.55],
                "showgrid": False,
                "zeroline": False,
            },
        },
    )
    last = int((frame["group"] != "").sum())
    if 0 < last < len(frame):
        edge = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": last - 0.5, "y1": last - 0.5}
        layout["shapes"] = [edge | {"line": {"color": shades.faint, "width": 1, "dash": "dot"}}]
    return go.Figure(data=traces, layout=layout)
