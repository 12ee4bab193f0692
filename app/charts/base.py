"""What the charts of the Gaps page share: colours, wrapped titles, labels that do not collide.

All text that a person typed passes `escape`: plotly reads `<b>` and `$x$` in titles, ticks and hover boxes.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from app.charts.text import escape, shorten, signed
from app.shared import theme

Box = tuple[float, float, float, float]  # left, bottom, right, top, in pixels
TITLE_WIDTH = 43  # characters a line: what fits a phone 390 pixels wide in the title's size
LOW_MASS = 0.01  # P(A) + P(B) below which a gap has almost nothing behind it, and its marker is hollow


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
    return Hues(
        teacher=theme.TEACHER.on(dark),
        student=theme.STUDENT.on(dark),
        group_a=theme.GROUP_A.on(dark),
        group_b=theme.GROUP_B.on(dark),
        faint="#5b6676" if dark else "#b7bfcb",
        text=theme.TEXT.on(dark),
        ground=theme.PAGE.on(dark),
    )


def wrapped(text: str, width: int = TITLE_WIDTH) -> str:
    """Raw text as an escaped title of several lines of about the same length, since plotly does not wrap."""

    def lines(width: int) -> list[str]:
        return textwrap.wrap(text, width, break_on_hyphens=False)

    count = len(lines(width))
    longest = max(map(len, text.split()), default=1)  # narrower, and a word would be cut
    least = next((room for room in range(longest, width) if len(lines(room)) == count), width)
    return "<br>".join(escape(line) for line in lines(least))


def colour(text: str, hue: str) -> str:
    """Raw text in a colour, for titles and annotations of plotly."""
    return f'<span style="color:{hue}">{escape(text)}</span>'


def base_figure(*, title: str, height: int, dark: bool, notes: Sequence[tuple[str, str]] = ()) -> go.Figure:
    """An empty figure with `base_layout`."""
    return go.Figure(layout=base_layout(title=title, height=height, dark=dark, notes=notes))


def base_layout(*, title: str, height: int, dark: bool, notes: Sequence[tuple[str, str]] = ()) -> dict:
    """A layout in the theme: at the top left the title, wrapped, then the legend, then the plot.

    `notes` are lines under the title, each with its colour.
    """
    small = "".join(
        f'<br><span style="font-size:12px;font-weight:normal">{colour(shorten(text, 56), hue)}</span>'
        for text, hue in notes
    )
    lines = wrapped(title) + small
    below = 16 + 20 * (lines.count("<br>") + 1)  # pixels from the top to where the title ends
    ink, paper = theme.TEXT.on(dark), theme.PAGE.on(dark)
    axis = {
        "gridcolor": theme.GRID.on(dark),
        "zerolinecolor": theme.MUTED.on(dark),
        "linecolor": theme.GRID.on(dark),
        "tickfont": {"color": ink, "size": 13},
        "title": {"font": {"color": theme.MUTED.on(dark), "size": 13}},
        "automargin": True,
    }
    return {
        "font": {"family": theme.FONT, "color": ink, "size": 13},
        # The page's own background, so that a downloaded picture is readable wherever it is pasted.
        "paper_bgcolor": paper,
        "plot_bgcolor": paper,
        "title": {
            "text": lines,
            "font": {"size": 15, "color": ink, "weight": 600},
            "x": 0,
            "xanchor": "left",
            "xref": "container",
            "y": 1 - 20 / height,
            "yanchor": "top",
            "yref": "container",
        },
        "height": height,
        "margin": {"l": 8, "r": 14, "t": below + 12, "b": 8},
        "xaxis": axis,
        "yaxis": axis,
        # Hung under the title, a legend of several rows pushes the plot down instead of covering the title.
        "legend": {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "xref": "container",
            "y": 1 - below / height,
            "yanchor": "top",
            "yref": "container",
            "font": {"color": ink, "size": 13},
        },
        "hoverlabel": {
            "align": "left",
            "bgcolor": paper,
            "bordercolor": theme.MUTED.on(dark),
            "font": {"color": ink, "family": theme.FONT},
        },
    }


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


def span(
    values: Sequence[float], *, around: Sequence[float] = (), margin: float = 0.06
) -> tuple[float, float]:
    """The range of an axis: all finite values and those of `around`, with some room at both ends."""
    finite = [value for value in (*values, *around) if value == value]
    if not finite:
        return -1.0, 1.0
    low, high = min(finite), max(finite)
    pad = margin * (high - low) or 1.0
    return low - pad, high + pad


def chosen_labels(
    x: Sequence[float],
    y: Sequence[float],
    texts: Sequence[str],
    importance: Sequence[float],
    *,
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    most: int = 14,
    plot: tuple[float, float] = (420.0, 360.0),
) -> tuple[list[str], list[str]]:
    """Which points of a scatter are labelled, and on which side, so that no two labels overlap.

    Points are taken by falling importance, and labelled on the first of four sides where the label covers
    no earlier one and at most one point; where there is none, the label is left out. The boxes are estimated
    at 6.5 pixels a character in a plot of `plot` pixels (small, so that a phone is served too).

    Returns
    -------
    texts, positions : one entry a point; an empty text where there is no label.
    """
    (x_low, x_high), (y_low, y_high) = x_range, y_range
    shown, sides = [""] * len(texts), ["top center"] * len(texts)
    places = [
        ((at_x - x_low) / (x_high - x_low) * plot[0], (at_y - y_low) / (y_high - y_low) * plot[1])
        for at_x, at_y in zip(x, y, strict=True)
    ]
    taken: list[Box] = []
    for index in sorted(range(len(texts)), key=lambda i: -importance[i]):
        if len(taken) >= most:
            break
        at_x, at_y = places[index]
        width = 6.5 * len(texts[index]) + 12
        for side, left, low in (
            ("middle right", at_x + 6, at_y - 8),
            ("middle left", at_x - 6 - width, at_y - 8),
            ("top center", at_x - width / 2, at_y + 6),
            ("bottom center", at_x - width / 2, at_y - 22),
        ):
            box = (left, low, left + width, low + 16)
            inside = left >= 0 and left + width <= plot[0]
            covered = sum(box[0] < px < box[2] and box[1] < py < box[3] for px, py in places)
            if inside and covered <= 1 and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                shown[index], sides[index] = texts[index], side
                break
    return shown, sides


def labelled_points(
    frame: pd.DataFrame,
    rows: Sequence[int],
    *,
    columns: Sequence[str],
    name: str,
    marker: Mapping[str, object],
    labels: tuple[Sequence[str], Sequence[str]],
    told: Sequence[str],
    ink: str,
) -> go.Scatter:
    """Some rows of a frame as points with labels; the legend has `name` and how many they are.

    Parameters
    ----------
    columns : what a point is called, where it lies across and up, and further numbers of the hover box.
    labels : text and side for every row of the frame, as from `chosen_labels`.
    told : the lines of the hover box under the point's name; `%{customdata[1]}` is the number across.
    """
    part = frame.iloc[rows]
    _, x, y, *_ = columns
    return go.Scatter(
        x=part[x],
        y=part[y],
        mode="markers+text",
        name=f"{name} ({len(part)})",
        marker=marker,
        text=[escape(labels[0][row]) for row in rows],
        textposition=[labels[1][row] for row in rows],
        textfont={"size": 11, "color": ink},
        cliponaxis=False,
        customdata=[
            (escape(called), *map(signed, numbers))
            for called, *numbers in part[list(columns)].itertuples(index=False, name=None)
        ],
        hovertemplate="<br>".join(["<b>%{customdata[0]}</b>", *told]) + "<extra></extra>",
    )


def _overlap(one: Box, other: Box) -> bool:
    """Whether two boxes overlap."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
