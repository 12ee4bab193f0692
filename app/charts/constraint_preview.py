"""The chart of the constraint preview: the teacher's words before and after the edit, and the label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from app.charts.base import base_layout, colour, hues
from app.charts.series import Series
from app.charts.text import escape, escape_all, percent, shorten
from app.shared.theme import MUTED, TEACHER, merged

CUT = "▸"  # after the number of a bar that is longer than the figure
_BAR = 13  # pixels per bar
_GAP = 9  # pixels between words
_FRAME = 132
Part = Literal["before", "after", "label"]


def edit_bars(
    frame: pd.DataFrame,
    *,
    groups: Sequence[str],
    names: Mapping[Part, str],
    temperature: float = 1.0,
    title: str,
    dark: bool,
) -> go.Figure:
    """The probability of each word before and after the edit, and in the label, the group words first.

    A row may stand for several words, without a rank.

    Parameters
    ----------
    frame : columns token, group ("" for none), and for each of `names` its probabilities; for before and
        after also before_rank and after_rank. As from `fairkd.constraints.ConstraintPreview.table`.
    groups : names of the groups; the first two have a hue of their own.
    names : what is drawn, with its name in the legend: "before" pale, "after" full, "label" in grey.
    temperature : of "before" and "after".
    title : what the figure says or asks; shown literally.
    """
    shades = hues(dark)
    tints = dict(zip(groups, (shades.group_a, shades.group_b), strict=False))
    blue, grey = TEACHER.on(dark), MUTED.on(dark)
    limit = axis_limit(frame, list(names))
    rows = list(range(len(frame)))
    # A paler colour instead of opacity, which the legend does not show.
    pale = Series(blue, "solid", "circle").shade(0.36)
    looks = {"before": (pale, blue), "after": (blue, blue), "label": (grey, grey)}
    traces = []
    for column, name in names.items():
        fill, edge = looks[column]
        shown = [percent(value) for value in frame[column]]
        ranks = frame[f"{column}_rank"] if column != "label" else [pd.NA] * len(frame)
        details = [
            text if pd.isna(rank) else f"{text}, rank {rank:,}"
            for text, rank in zip(shown, ranks, strict=True)
        ]
        written = [
            "" if column == "label" and not value else f"{text} {CUT}" if value > limit else text
            for value, text in zip(frame[column], shown, strict=True)
        ]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "x": frame[column].clip(upper=limit).tolist(),
                "y": rows,
                "name": name,
                "marker": {"color": fill, "line": {"color": edge, "width": 1}},
                "text": written,
                "textposition": "outside",
                "cliponaxis": False,
                "constraintext": "none",
                "textfont": {"size": 11.5},
                "customdata": [list(row) for row in zip(escape_all(frame["token"]), details, strict=True)],
                "hovertemplate": f"<b>%{{customdata[0]}}</b><br>{name}: %{{customdata[1]}}<extra></extra>",
            }
        )
    height = _FRAME + (_BAR * max(len(names), 2) + _GAP) * len(frame)
    layout = merged(
        base_layout(title=shorten(title, 120), height=height, dark=dark),
        {
            "barmode": "group",
            "bargap": 0.26,
            "bargroupgap": 0.04,
            "uirevision": "playground",
            "legend": {"traceorder": "normal"},
            "xaxis": {
                "title": {
                    "text": "probability" if temperature == 1 else f"probability at T = {temperature:g}"
                },
                "range": [0, max(limit * 1.2, 1e-6)],
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
        border: dict[str, object] = {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": last - 0.5,
            "y1": last - 0.5,
        }
        layout["shapes"] = [border | {"line": {"color": shades.faint, "width": 1, "dash": "dot"}}]
    return go.Figure(data=traces, layout=layout)


def axis_limit(frame: pd.DataFrame, columns: list[str]) -> float:
    """Where bars are cut: all are whole, unless the label or all other words would dwarf the words' bars.

    At a high temperature nearly all probability is on words that are not shown.
    """
    most = float(frame[columns].max(axis=None))
    own = [column for column in columns if column != "label"]
    if not own or len(frame) < 2:
        return most
    words = float(frame[own].iloc[:-1].max(axis=None))  # the last row is all other words
    return most if words <= 0 or most < 3 * words else 1.5 * words
