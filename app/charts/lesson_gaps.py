"""Gaps as points on an axis of ratios: a row for each profession or model, for the lesson on gaps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from app.charts.base import LOW_MASS, base_layout, colour, hues
from app.charts.gap_text import RATIOS, relative_likelihood, short_directions
from app.charts.text import escape, ratio_tick, round_ratios, shorten, signed
from app.shared.theme import Hue

_FRAME, _ROW = 122, 27  # pixels: around the plot, of a row


@dataclass(frozen=True)
class GapPoint:
    """One gap, in nats: its name in the legend, how it is drawn, and whether it is hollow."""

    name: str
    gap: float
    hue: Hue
    symbol: str = "circle"
    hollow: bool = False


@dataclass(frozen=True)
class GapRow:
    """A row: its label, and its points, which a line joins in their order."""

    label: str
    points: Sequence[GapPoint]


def gap_rows(
    rows: Sequence[GapRow],
    *,
    groups: tuple[str, str],
    title: str,
    arrows: bool = False,
    dark: bool,
) -> go.Figure:
    """Points on an axis of ratios, the first row on top; in the middle both groups are equally likely.

    Parameters
    ----------
    arrows : whether the line of a row is an arrow from its first point to its last.
    """
    shades = hues(dark)
    values = [point.gap for row in rows for point in row.points]
    low, high = min(-0.5, *values), max(0.5, *values)
    margin = 0.08 * (high - low)
    low, high = low - margin, high + margin
    layout = base_layout(title=title, height=_FRAME + _ROW * len(rows), dark=dark)
    ticks = round_ratios(low, high, 7)
    to_a, to_b = short_directions(groups, "gap")
    layout["xaxis"] = layout["xaxis"] | {
        "range": [low, high],
        "tickvals": ticks,
        "ticktext": [ratio_tick(math.exp(abs(tick))) if tick else RATIOS["gap"][1] for tick in ticks],
    }
    layout["xaxis"]["title"] = layout["xaxis"]["title"] | {
        "text": f"{colour(f'← {to_b}', shades.group_b)}   {colour(f'{to_a} →', shades.group_a)}"
    }
    layout["yaxis"] = layout["yaxis"] | {
        "tickvals": list(range(len(rows))),
        "ticktext": [escape(shorten(row.label, 20)) for row in rows],
        "range": [len(rows) - 0.5, -0.5],
        "showgrid": False,
        "zeroline": False,
    }
    layout["annotations" if arrows else "shapes"] = [
        _joined(number, row.points, shades.faint, arrow=arrows) for number, row in enumerate(rows)
    ]
    return go.Figure(data=_traces(rows, groups, dark), layout=layout)


def _traces(rows: Sequence[GapRow], groups: tuple[str, str], dark: bool) -> list[dict[str, object]]:
    """The points, a trace for each name of the legend."""
    by_name: dict[str, list[tuple[int, str, GapPoint]]] = {}
    for number, row in enumerate(rows):
        for point in row.points:
            by_name.setdefault(point.name, []).append((number, row.label, point))
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": escape(name),
            "x": [point.gap for _, _, point in found],
            "y": [number for number, _, _ in found],
            "marker": {
                "color": [point.hue.on(dark) for _, _, point in found],
                "symbol": [point.symbol + ("-open" if point.hollow else "") for _, _, point in found],
                "size": 12,
                "line": {"width": 2, "color": [point.hue.on(dark) for _, _, point in found]},
            },
            "customdata": [
                f"<b>{escape(label)}</b><br>{escape(name)}: "
                f"{escape(relative_likelihood(point.gap, groups, 'gap'))}, {signed(point.gap)} nats"
                for _, label, point in found
            ],
            "hovertemplate": "%{customdata}<extra></extra>",
        }
        for name, found in by_name.items()
    ]


def _joined(row: int, points: Sequence[GapPoint], hue: str, *, arrow: bool) -> dict[str, object]:
    """A line from the first point of a row to its last one, or an arrow."""
    start, end = points[0].gap, points[-1].gap
    if not arrow:
        line = {"color": hue, "width": 2}
        return {"type": "line", "x0": start, "x1": end, "y0": row, "y1": row, "line": line, "layer": "below"}
    return {
        "x": end,
        "y": row,
        "ax": start,
        "ay": row,
        **{"xref": "x", "yref": "y", "axref": "x", "ayref": "y"},
        "text": "",
        "arrowhead": 2,
        "arrowwidth": 2,
        "arrowcolor": hue,
        "standoff": 7,
        "startstandoff": 7,
    }


def is_hollow(mass: float) -> bool:
    """Whether a gap has so little mass that its point is hollow."""
    return mass < LOW_MASS
