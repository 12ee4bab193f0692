"""The charts of a study: every seed as a dot, means with intervals, and differences to the baseline."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from app.charts.base import base_layout, colour, guide, hues, span
from app.charts.series import series
from app.charts.text import escape, ratio_tick, round_ratios, shorten
from app.shared.theme import MUTED, TEACHER, merged
from fairkd.studies import CrossedInterval, SeedComparison, SeedMean

ROW = 56  # pixels of a variant
AROUND = 118  # pixels of title and axis
NAME_LENGTH = 22
Format = Callable[[float], str]


@dataclass(frozen=True)
class VariantSeeds:
    """A variant in one column: its value at each seed, and their mean; None without a value."""

    name: str
    values: Mapping[int, float]
    mean: SeedMean | None


def seed_dots(
    variants: Sequence[VariantSeeds],
    *,
    title: str,
    notes: Sequence[str],
    axis: str,
    shown: Format,
    teacher: float | None,
    dark: bool,
) -> go.Figure:
    """A row for each variant: a dot for each seed, and below them the mean with its interval.

    Parameters
    ----------
    axis : what the values are, with unit and direction.
    shown : a value as text.
    teacher : the teacher's value, drawn as a dashed line; None for none.
    """
    traces: list[dict] = []
    for row, one in enumerate(variants):
        look = series(row, dark=dark)
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": list(one.values.values()),
                "y": [row - 0.17] * len(one.values),
                "marker": {"color": look.shade(0.75), "symbol": look.symbol, "size": 11},
                "customdata": [[escape(one.name), seed, shown(value)] for seed, value in one.values.items()],
                "hovertemplate": "<b>%{customdata[0]}</b>, seed %{customdata[1]}: %{customdata[2]}"
                "<extra></extra>",
                "showlegend": False,
                "cliponaxis": False,
            }
        )
        if one.mean is not None:
            traces.append(_mean(one, row, look.colour, shown))
    low, high = _range([value for one in variants for value in _extent(one)], teacher)
    shapes = []
    if teacher is not None:
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": [teacher, teacher],
                "y": [-0.5, len(variants) - 0.5],
                "line": {"color": TEACHER.on(dark), "dash": "dash", "width": 2},
                "hovertemplate": f"teacher: {shown(teacher)}<extra></extra>",
                "showlegend": False,
            }
        )
    return _figure(traces, variants, title, notes, axis, (low, high), shapes, dark=dark)


def _mean(one: VariantSeeds, row: int, hue: str, shown: Format) -> dict:
    """The mean with its interval over seeds, as a line across the row."""
    mean = one.mean
    assert mean is not None
    known = not math.isnan(mean.low)
    interval = f", 95 % interval over {mean.n} seeds {shown(mean.low)} to {shown(mean.high)}" if known else ""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [mean.mean],
        "y": [row + 0.17],
        "marker": {"color": hue, "symbol": "line-ns", "size": 16, "line": {"color": hue, "width": 3}},
        "error_x": _bars(mean.mean, mean.low, mean.high, hue, 3.0),
        "customdata": [[escape(one.name), f"mean {shown(mean.mean)}{interval}"]],
        "hovertemplate": "<b>%{customdata[0]}</b>: %{customdata[1]}<extra></extra>",
        "showlegend": False,
        "cliponaxis": False,
    }


@dataclass(frozen=True)
class VariantDifference:
    """A variant against the baseline; `said` is the verdict with its difference. None for the baseline."""

    name: str
    comparison: SeedComparison | None
    crossed: CrossedInterval | None
    said: str


def seed_differences(
    variants: Sequence[VariantDifference],
    *,
    title: str,
    notes: Sequence[str],
    axis: str,
    shown: Format,
    logs: bool,
    dark: bool,
) -> go.Figure:
    """A row for each variant: its difference to the baseline with its intervals, and the verdict below it.

    The thick line is the interval over seeds, the thin one that over seeds and items. The grey box is what so
    many seeds could hardly have shown: differences smaller than the smallest one.

    Parameters
    ----------
    logs : whether the differences are logs of ratios, which the axis then shows as ratios.
    """
    shades = hues(dark)
    traces: list[dict] = []
    shapes: list[dict] = [guide(0, -0.5, 0, len(variants) - 0.5, MUTED.on(dark))]
    annotations: list[dict] = []
    ends: list[float] = [0.0]
    for row, one in enumerate(variants):
        hue = series(row, dark=dark).colour
        found = one.comparison
        annotations.append(_said(one.said, row, shades.text if found else MUTED.on(dark)))
        if found is None or math.isnan(found.difference):
            continue
        ends += [found.difference, found.low, found.high]
        if not math.isnan(found.smallest):
            shapes.append(_box(found.smallest, row, shades.faint))
            ends += [found.smallest, -found.smallest]
        if one.crossed is not None and not math.isnan(one.crossed.low):
            ends += [one.crossed.low, one.crossed.high]
            traces.append(_interval(one.crossed, row, hue))
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [found.difference],
                "y": [row - 0.12],
                "marker": {
                    "color": hue if found.is_shown else shades.ground,
                    "symbol": series(row, dark=dark).symbol,
                    "size": 12,
                    "line": {"color": hue, "width": 2},
                },
                "error_x": _bars(found.difference, found.low, found.high, hue, 3.0),
                "customdata": [[escape(one.name), escape(one.said)]],
                "hovertemplate": "<b>%{customdata[0]}</b>: %{customdata[1]}<extra></extra>",
                "showlegend": False,
                "cliponaxis": False,
            }
        )
    low, high = _range(ends, 0.0)
    figure = _figure(traces, variants, title, notes, axis, (low, high), shapes, dark=dark)
    ticks = {}
    if logs:
        at = round_ratios(low, high, 7)
        ticks = {"tickvals": at, "ticktext": [ratio_tick(math.exp(one)) for one in at]}
    figure.update_layout(annotations=annotations, xaxis=ticks)
    return figure


def _said(text: str, row: int, hue: str) -> dict:
    """The verdict as a line of text below a row's interval."""
    return {
        "text": colour(text, hue),
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": row + 0.27,
        "yref": "y",
        "showarrow": False,
        "font": {"size": 12.5},
    }


def _box(smallest: float, row: int, hue: str) -> dict:
    return {
        "type": "rect",
        "x0": -smallest,
        "x1": smallest,
        "y0": row - 0.28,
        "y1": row + 0.04,
        "fillcolor": hue,
        "opacity": 0.28,
        "line": {"width": 0},
        "layer": "below",
    }


def _interval(found: CrossedInterval, row: int, hue: str) -> dict:
    """The interval over seeds and items, as a thin line with ends."""
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [found.low, found.high],
        "y": [row - 0.12] * 2,
        "line": {"color": hue, "width": 1.2},
        "marker": {"symbol": "line-ns", "size": 9, "line": {"color": hue, "width": 1.5}},
        "hoverinfo": "skip",
        "showlegend": False,
        "cliponaxis": False,
    }


def _bars(value: float, low: float, high: float, hue: str, thickness: float) -> dict:
    """An interval as plotly's error bars; none where it is unknown."""
    if math.isnan(low) or math.isnan(high):
        return {"visible": False}
    ends = {"array": [high - value], "arrayminus": [value - low]}
    return {"type": "data", "symmetric": False, **ends, "color": hue, "thickness": thickness, "width": 0}


def _extent(one: VariantSeeds) -> list[float]:
    ends = [] if one.mean is None else [one.mean.mean, one.mean.low, one.mean.high]
    return [*one.values.values(), *ends]


def _range(values: Sequence[float], around: float | None) -> tuple[float, float]:
    return span([one for one in values if math.isfinite(one)], around=[] if around is None else [around])


def _figure(
    traces: list[dict],
    variants: Sequence[VariantSeeds] | Sequence[VariantDifference],
    title: str,
    notes: Sequence[str],
    axis: str,
    range_: tuple[float, float],
    shapes: list[dict],
    *,
    dark: bool,
) -> go.Figure:
    """The layout of both charts, so that a variant has the same row in both."""
    count = len(variants)
    layout = merged(
        base_layout(
            title=title,
            height=AROUND + ROW * count,
            dark=dark,
            notes=[(note, MUTED.on(dark)) for note in notes],
        ),
        {
            "xaxis": {
                "title": {"text": axis},
                "autorange": True,
                "autorangeoptions": {"minallowed": range_[0], "maxallowed": range_[1]},
                "zeroline": False,
            },
            "yaxis": {
                "tickvals": list(range(count)),
                "ticktext": [escape(shorten(one.name, NAME_LENGTH)) for one in variants],
                "autorange": "reversed",
                "autorangeoptions": {"minallowed": -0.5, "maxallowed": count - 0.5},
                "showgrid": False,
                "zeroline": False,
            },
            "shapes": shapes,
        },
    )
    return go.Figure(data=traces, layout=layout)
