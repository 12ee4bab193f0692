"""Bars of several distributions over the same words, and a bar chart of answers: for the lessons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from app.charts.base import base_layout
from app.charts.text import escape, percent, shorten
from app.shared import theme
from app.shared.theme import Hue

_FRAME, _ROW, _BAR = 96, 12, 15  # pixels: around the plot, between the rows, of one bar


@dataclass(frozen=True)
class WordSeries:
    """One distribution: its name in the legend, its colour, and the probability of each word, in order."""

    name: str
    hue: Hue
    probabilities: Sequence[float]


def word_bars(
    words: Sequence[str],
    series: Sequence[WordSeries],
    *,
    title: str,
    log: bool = False,
    rest: bool = False,
    dark: bool,
) -> go.Figure:
    """Horizontal bars: a row for each word, from the top, and in it a bar for each distribution.

    Parameters
    ----------
    log : whether the axis is logarithmic. Then a probability of 0 has no bar.
    rest : whether the last row is all other words together. Where its bar would make the others too short to
        be compared, it has a number alone.
    """
    rows = list(range(len(words)))
    lengths = [list(one.probabilities) for one in series]
    texts = [[percent(value) for value in values] for values in lengths]
    if rest and max(values[-1] for values in lengths) > 2 * max(max(values[:-1]) for values in lengths):
        for values, shown in zip(lengths, texts, strict=True):
            values[-1] = 0.0
            shown[-1] += " (no bar)"
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "x": values,
            "y": rows,
            "name": escape(one.name),
            "marker": {"color": one.hue.on(dark)},
            "text": shown,
            "textposition": "outside",
            "cliponaxis": False,
            "customdata": [escape(word) for word in words],
            "hovertemplate": f"<b>%{{customdata}}</b><br>{escape(one.name)}: %{{text}}<extra></extra>",
        }
        for one, values, shown in zip(series, lengths, texts, strict=True)
    ]
    largest = max((value for values in lengths for value in values), default=0.0)
    layout = base_layout(title=title, height=_FRAME + len(words) * (_ROW + _BAR * len(series)), dark=dark) | {
        "barmode": "group",
        "bargap": 0.28,
        "bargroupgap": 0.05,
        "showlegend": len(series) > 1,
    }
    layout["yaxis"] = layout["yaxis"] | {
        "tickvals": rows,
        "ticktext": [escape(shorten(word, 24)) for word in words],
        "range": [len(words) - 0.45, -0.55],
        "showgrid": False,
        "zeroline": False,
    }
    layout["xaxis"] = layout["xaxis"] | (
        {"type": "log", "dtick": 1, "tickformat": "~p"}
        if log
        else {"range": [0, max(1.2 * largest, 1e-6)], "tickformat": ".3~%", "nticks": 5}
    )
    layout["xaxis"]["title"] = layout["xaxis"]["title"] | {"text": "probability"}
    return go.Figure(data=traces, layout=layout)


def answer_bars(
    choices: Sequence[str], counts: Sequence[int], *, right: int | None, title: str, dark: bool
) -> go.Figure:
    """How often each choice of a question was given; the right one, if known, has its own colour."""
    rows = list(range(len(choices)))
    hues = [(theme.GROUP_A if number == right else theme.MUTED).on(dark) for number in rows]
    layout = base_layout(title=title, height=60 + 44 * len(choices), dark=dark)
    layout["yaxis"] = layout["yaxis"] | {
        "tickvals": rows,
        "ticktext": [
            escape(shorten(choice, 44)) + (" ✓" if number == right else "")
            for number, choice in enumerate(choices)
        ],
        "range": [len(choices) - 0.45, -0.55],
        "showgrid": False,
        "zeroline": False,
    }
    layout["xaxis"] = layout["xaxis"] | {"visible": False, "range": [0, max(*counts, 1) * 1.15]}
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": list(counts),
        "y": rows,
        "marker": {"color": hues},
        "text": [str(count) for count in counts],
        "textposition": "outside",
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    return go.Figure(data=[bars], layout=layout)
