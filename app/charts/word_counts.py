"""How many words each position of a sentence is worth: exp(entropy), as bars."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from app.charts.base import base_layout
from app.charts.text import escape, shorten
from app.shared import theme
from fairkd import lessons

_ROW, _LOW_ROW, _FRAME = 30, 26, 96  # pixels


def word_counts_chart(
    tokens: Sequence[str], counts: Sequence[float], *, text: str, compact: bool = False, dark: bool
) -> go.Figure:
    """A bar for each token of `text`, from the top, on a logarithmic axis that begins at one word.

    `compact` is for a projector: lower rows.
    """
    rows = list(range(len(tokens)))
    most = max(rows, key=lambda row: counts[row])
    least = min(rows, key=lambda row: counts[row])
    title = (
        f"In “{shorten(text, 44)}”, “{tokens[most]}” is worth {lessons.count_text(counts[most])} words, "
        f"“{tokens[least]}” {lessons.count_text(counts[least])}"
    )
    layout = base_layout(
        title=title, height=_FRAME + (_LOW_ROW if compact else _ROW) * len(tokens), dark=dark
    )
    layout["yaxis"] = layout["yaxis"] | {
        "tickvals": rows,
        "ticktext": [escape(shorten(token, 24)) for token in tokens],
        "range": [len(tokens) - 0.45, -0.55],
        "showgrid": False,
        "zeroline": False,
    }
    layout["xaxis"] = layout["xaxis"] | {
        "type": "log",
        "range": [0, 5],
        "tickvals": [1, 10, 100, 1000, 10000],
        "ticktext": ["1", "10", "100", "1,000", "10,000"],
    }
    layout["xaxis"]["title"] = layout["xaxis"]["title"] | {"text": "words that the soft target is worth"}
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": list(counts),
        "y": rows,
        "marker": {"color": theme.TEACHER.on(dark)},
        "text": [lessons.count_text(count) for count in counts],
        "textposition": "outside",
        "cliponaxis": False,
        "customdata": [escape(token) for token in tokens],
        "hovertemplate": "<b>%{customdata}</b>: %{text} words<extra></extra>",
    }
    return go.Figure(data=[bars], layout=layout)
