"""What all figures share: layout, colours, titles, guides, and labels that do not overlap.

All typed text passes `escape`, because plotly interprets `<b>` and `$x$` in titles, ticks and hover boxes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from app.charts.text import agreeing_digits, escape, signed
from app.shared import theme

Box = tuple[float, float, float, float]  # left, bottom, right, top, in pixels
TITLE = 36  # pixels of a title in one line, which the page draws above the chart
LOW_MASS = 0.01  # P(A) + P(B) below which a gap means little, and its marker is hollow


@dataclass(frozen=True)
class Hues:
    """The colours of a chart in one theme."""

    teacher: str
    student: str
    student2: str
    group_a: str
    group_b: str
    faint: str  # guides: zero lines, diagonals, connectors
    text: str
    ground: str  # the page behind the chart


def hues(dark: bool) -> Hues:
    """The colours of the theme."""
    return Hues(
        teacher=theme.TEACHER.on(dark),
        student=theme.STUDENT.on(dark),
        student2=theme.STUDENT2.on(dark),
        group_a=theme.GROUP_A.on(dark),
        group_b=theme.GROUP_B.on(dark),
        faint=theme.FAINT.on(dark),
        text=theme.TEXT.on(dark),
        ground=theme.PAGE.on(dark),
    )


def colour(text: str, hue: str) -> str:
    """Raw text in a colour, for plotly's titles and annotations."""
    return f'<span style="color:{hue}">{escape(text)}</span>'


def base_figure(*, title: str, height: int, dark: bool, notes: Sequence[tuple[str, str]] = ()) -> go.Figure:
    """An empty figure with `base_layout`."""
    return go.Figure(layout=base_layout(title=title, height=height, dark=dark, notes=notes))


def base_layout(*, title: str, height: int, dark: bool, notes: Sequence[tuple[str, str]] = ()) -> dict:
    """The layout of a figure in the theme: the legend, then the plot.

    The title and the notes are in `meta`, from which `app.components.chart` draws them above the chart.

    Parameters
    ----------
    height : in pixels, with a title of one line.
    notes : lines below the title, each with its colour.
    """
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
        # The background of the page, so that a downloaded image is readable in any document.
        "paper_bgcolor": paper,
        "plot_bgcolor": paper,
        "meta": {"title": title, "notes": [list(note) for note in notes]},
        "height": height - TITLE,
        "margin": {"l": 8, "r": 14, "t": 8, "b": 8},
        "xaxis": axis,
        "yaxis": axis,
        # Anchored at the top, a legend of several rows moves the plot down and covers nothing.
        "legend": {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "xref": "container",
            "y": 1,
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
    """The range of an axis that holds all finite values and those of `around`, with a margin."""
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
    obstacles: Sequence[tuple[float, float]] = (),
    most: int = 14,
    plot: tuple[float, float] = (420.0, 360.0),
) -> tuple[list[str], list[str]]:
    """Choose which points of a scatter chart get a label, and on which side, so that no labels overlap.

    The most important points come first. Each label goes to the first of eight sides where it covers no other
    label, no point and no obstacle, which is another point (x, y). If there is none, the point has no label.
    A label is estimated at 6.5 pixels per character, in a plot of `plot` pixels (a small size, which also
    fits a phone).

    Returns
    -------
    texts, positions : one entry per point; the text is empty if there is no label.
    """
    (x_low, x_high), (y_low, y_high) = x_range, y_range
    shown, sides = [""] * len(texts), ["top center"] * len(texts)
    places = [
        ((at_x - x_low) / (x_high - x_low) * plot[0], (at_y - y_low) / (y_high - y_low) * plot[1])
        for at_x, at_y in (*zip(x, y, strict=True), *obstacles)
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
            ("top right", at_x, at_y + 6),
            ("top left", at_x - width, at_y + 6),
            ("bottom right", at_x, at_y - 22),
            ("bottom left", at_x - width, at_y - 22),
        ):
            box = (left, low, left + width, low + 16)
            inside = left >= 0 and left + width <= plot[0]
            covers = any(box[0] < px < box[2] and box[1] < py < box[3] for px, py in places)
            free = not any(_overlap(box, other) for other in taken)
            if inside and free and not covers:
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
    details: Sequence[str],
    ink: str,
) -> go.Scatter:
    """Some rows of a frame as points with labels; the legend shows `name` and their number.

    Parameters
    ----------
    columns : the columns of the point's name, of x and y, and possibly of their difference, in either
        direction, for the hover box.
    labels : text and side for every row of the frame, as from `chosen_labels`.
    details : the lines of the hover box below the name; `%{customdata[1]}` is x as text.
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
            (escape(point), *_agreeing(*numbers))
            for point, *numbers in part[list(columns)].itertuples(index=False, name=None)
        ],
        hovertemplate="<br>".join(["<b>%{customdata[0]}</b>", *details]) + "<extra></extra>",
    )


def _agreeing(x: float, y: float, *difference: float) -> list[str]:
    """Both values and their difference, if there is one, with as many digits as let them agree."""
    digits = agreeing_digits(*((x, y, one) for one in difference))
    return [signed(one, digits) for one in (x, y, *difference)]


def _overlap(one: Box, other: Box) -> bool:
    """Whether two boxes overlap."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
