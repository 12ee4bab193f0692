"""Figures of the Predictions page: the hard label against the soft target."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from app.charts.base import base_layout
from app.charts.text import escape_all, percent, shorten
from app.shared.theme import MUTED, TEACHER, merged

_ROW = 36  # pixels per word, for two bars
_FRAME = 150  # pixels for title, legend and axis

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# The numbers beside the bars have a readable size, however thin the bars are.
_OUTSIDE = {
    "textposition": "outside",
    "cliponaxis": False,
    "constraintext": "none",
    "textfont": {"size": 11.5},
}


def exactly(probability: float) -> str:
    """Like `percent`, but with small probabilities as powers of ten: "3.2 × 10⁻⁷"."""
    if not 0 < probability < 1e-4:
        return percent(probability)
    exponent = math.floor(math.log10(probability))
    return f"{probability / 10.0**exponent:.1f} × 10{str(exponent).translate(_SUPERSCRIPT)}"


def target_bars(frame: pd.DataFrame, *, title: str, dark: bool) -> go.Figure:
    """The hard label and the soft target of a student at one position.

    `frame` has the columns token, soft (the teacher's probability) and hard (1 for the label, else 0).
    """
    tokens = escape_all(frame["token"])
    traces = []
    for column, name, colour in (
        ("hard", "Hard label (MLM)", MUTED.on(dark)),
        ("soft", "Soft target (distillation)", TEACHER.on(dark)),
    ):
        shown = [percent(value) for value in frame[column]]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "x": frame[column].tolist(),
                "y": list(range(len(frame))),
                "name": name,
                "marker": {"color": colour},
                "text": shown if column == "soft" else ["100 %" if value else "" for value in frame[column]],
                **_OUTSIDE,
                "customdata": [list(pair) for pair in zip(tokens, shown, strict=True)],
                "hovertemplate": "<b>%{customdata[0]}</b><br>" + name + ": %{customdata[1]}<extra></extra>",
            }
        )
    layout = base_layout(title=shorten(title, 120), height=_FRAME + _ROW * len(frame), dark=dark)
    own = {
        "barmode": "group",
        "bargap": 0.28,
        "bargroupgap": 0.04,
        "xaxis": {"title": {"text": "share of the target"}, "range": [0, 1.12], "tickformat": ".0%"},
        "yaxis": _word_axis(frame["token"]),
    }
    return go.Figure(data=traces, layout=merged(layout, own))


def _word_axis(tokens: pd.Series) -> dict:
    # Rows are numbers, labelled with words. As categories, words such as "2019" would become numbers.
    return {
        "tickvals": list(range(len(tokens))),
        "ticktext": escape_all(shorten(token, 28) for token in tokens),
        "range": [len(tokens) - 0.45, -0.55],
        "showgrid": False,
        "zeroline": False,
    }
