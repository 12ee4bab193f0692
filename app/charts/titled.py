"""A chart with its title inside, for a notebook: the dashboard's pages draw it above the chart."""

from __future__ import annotations

import textwrap

import plotly.graph_objects as go

from app.charts.text import escape

_LINE = 21  # pixels
_WIDTH = 100  # characters of a line


def titled(figure: go.Figure) -> go.Figure:
    """A copy of the figure whose title, and the notes below it, are plotly's own title."""
    found = go.Figure(figure)
    meta = figure.layout.meta or {}
    lines = [(line, None) for line in textwrap.wrap(str(meta.get("title", "")), _WIDTH)]
    lines += [(str(text), colour) for text, colour in meta.get("notes", ())]
    space = 14 + _LINE * len(lines)
    height = (figure.layout.height or 400) + space
    markup = [
        f"<b>{escape(text)}</b>" if colour is None else f'<span style="color:{colour}">{escape(text)}</span>'
        for text, colour in lines
    ]
    found.layout.update(
        height=height,
        title={
            "text": "<br>".join(markup),
            "font": {"size": 15},
            "x": 0.01,
            "xanchor": "left",
            "y": 1 - 12 / height,
            "yanchor": "top",
        },
    )
    found.layout.margin.t = (figure.layout.margin.t or 0) + space
    found.layout.legend.y = 1 - space / height
    return found
