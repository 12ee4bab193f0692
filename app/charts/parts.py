"""What the charts of the Gaps page share: colours, wrapped titles, directions in words, labels that do not collide.

All text that a person typed passes `escape`: plotly reads `<b>` and `$x$` in titles, ticks and hover boxes.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from app import theme
from app.charts.text import escape

TITLE_WIDTH = 46  # characters a line: what fits a phone 390 pixels wide in the title's size
MINUS = "−"


@dataclass(frozen=True)
class Hues:
    """The colours of a chart in one theme."""

    teacher: str
    student: str
    group_a: str
    group_b: str
    faint: str  # guides: zero lines, diagonals, connectors
    text: str
    ground: str  # the page behind the chart


def hues(dark: bool) -> Hues:
    """The theme's colours as plain strings."""
    shade = theme.shades(dark)
    return Hues(
        teacher=shade.teacher,
        student=shade.student,
        group_a=shade.group_a,
        group_b=shade.group_b,
        faint="#6b7280" if dark else "#b3b9c4",
        text="#e5e7eb" if dark else "#1f2937",
        ground="#0e1117" if dark else "#ffffff",
    )


def wrapped(text: str, width: int = TITLE_WIDTH) -> str:
    """Raw text as an escaped title of several lines, since plotly does not wrap."""
    return "<br>".join(escape(line) for line in textwrap.wrap(text, width) or [""])


def shortened(text: str, length: int) -> str:
    """At most `length` characters, the cut shown by an ellipsis."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, the minus a real one.

    >>> signed(-0.5), signed(1.234)
    ('−0.50', '+1.23')
    """
    return f"{value:+.{digits}f}".replace("-", MINUS)


def colour(text: str, hue: str) -> str:
    """Raw text in a colour, for titles and annotations of plotly."""
    return f'<span style="color:{hue}">{escape(text)}</span>'


def base_figure(*, title: str, height: int, dark: bool) -> go.Figure:
    """An empty figure in the theme, its title wrapped and at the left, with room for it above the plot."""
    lines = wrapped(title)
    figure = go.Figure()
    figure.update_layout(theme.plotly_layout(dark))
    figure.update_layout(
        title={"text": lines, "x": 0, "xanchor": "left", "y": 1, "yanchor": "top", "yref": "container"},
        title_pad={"t": 8, "l": 4},
        title_font_size=16,
        height=height,
        margin={"l": 8, "r": 12, "t": 40 + 20 * (lines.count("<br>") + 1), "b": 8},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom", "title_text": ""},
        hoverlabel={"align": "left"},
    )
    return figure


def guide(x0: float, y0: float, x1: float, y1: float, hue: str, *, dash: str = "solid") -> dict[str, object]:
    """A thin line in data coordinates behind the points, as a plotly shape."""
    return {
        "type": "line",
        "x0": x0,
        "y0": y0,
        "x1": x1,
        "y1": y1,
        "line": {"color": hue, "width": 1, "dash": dash},
        "layer": "below",
    }


def span(values: Sequence[float], *, around: Sequence[float] = (), room: float = 0.06) -> tuple[float, float]:
    """The range of an axis: all finite values and those of `around`, with some room at both ends."""
    finite = [value for value in (*values, *around) if value == value]
    if not finite:
        return -1.0, 1.0
    low, high = min(finite), max(finite)
    pad = room * (high - low) or 1.0
    return low - pad, high + pad


def chosen_labels(
    x: Sequence[float],
    y: Sequence[float],
    texts: Sequence[str],
    importance: Sequence[float],
    *,
    most: int = 14,
    plot: tuple[float, float] = (420.0, 360.0),
) -> tuple[list[str], list[str]]:
    """Which points of a scatter are labelled, and on which side, so that no two labels overlap.

    Points are taken by falling importance; a label that would cover an earlier one is left out. The boxes are
    estimated at 6.5 pixels a character in a plot of `plot` pixels (small, so that a phone is served too).

    Returns
    -------
    texts, positions : one entry a point; an empty text where there is no label.
    """
    (x_low, x_high), (y_low, y_high) = span(x), span(y)
    shown, sides = [""] * len(texts), ["top center"] * len(texts)
    taken: list[tuple[float, float, float, float]] = []
    for index in sorted(range(len(texts)), key=lambda i: -importance[i]):
        if len(taken) >= most or x[index] != x[index] or y[index] != y[index]:
            continue
        at_x = (x[index] - x_low) / (x_high - x_low) * plot[0]
        at_y = (y[index] - y_low) / (y_high - y_low) * plot[1]
        width = 6.5 * len(texts[index]) + 8
        left = at_x + width > plot[0]
        box = (at_x - width if left else at_x, at_y - 8, at_x if left else at_x + width, at_y + 8)
        if any(_overlap(box, other) for other in taken):
            continue
        taken.append(box)
        shown[index] = texts[index]
        sides[index] = "middle left" if left else "middle right"
    return shown, sides


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    """Whether two boxes (left, bottom, right, top) overlap."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
