"""The charts of a study: every seed as a dot, means with intervals, and differences to the baseline."""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from app.charts.base import base_layout, colour, guide, hues, span
from app.charts.series import series
from app.charts.text import escape, ratio_tick, round_ratios, shorten
from app.shared.theme import MUTED, TEACHER, merged
from fairkd.studies import FEWEST_SEEDS, StudyColumn, StudyResults, VariantResult

ROW = 58  # pixels of a variant
AROUND = 130  # pixels of title, notes and axis
NAME_LENGTH = 18
LEVEL = 0.16  # of a row: how far its dots are above its middle, and its mean below it
SHARE_TICKS = ".3~%"


def seed_dots(found: StudyResults, column: StudyColumn, *, dark: bool) -> go.Figure:
    """A row for each variant: a dot for each seed, and below them the mean with its intervals.

    The thick line is the t interval over seeds, the thin one the interval over seeds and items. The
    teacher's value is a dashed line.
    """
    rows = [found.of(name, column.key) for name in found.variants]
    traces: list[dict] = []
    ends: list[float] = []
    for row, one in enumerate(rows):
        look = series(row, dark=dark)
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [dot.value for dot in one.dots],
                "y": [row - LEVEL] * len(one.dots),
                "marker": {
                    "color": look.shade(0.7),
                    "symbol": f"{look.symbol}-open" if one.lost_mass else look.symbol,
                    "size": 11,
                    "line": {"color": look.colour, "width": 1},
                },
                "customdata": [[f"seed {dot.seed}: {column.format(dot.value)}"] for dot in one.dots],
                **_shown(one),
            }
        )
        ends += [dot.value for dot in one.dots]
        mean = one.mean
        if mean is None or len(one.dots) < FEWEST_SEEDS:
            continue
        said = f"mean {column.format(mean.mean)}"
        if not math.isnan(mean.low):
            said += f"<br>over {mean.n} seeds: {column.interval(mean.low, mean.high)}"
        if one.crossed is not None and not math.isnan(one.crossed.low):
            traces.append(_thin(one.crossed.low, one.crossed.high, row + LEVEL, look.colour))
            ends += [one.crossed.low, one.crossed.high]
            both = column.interval(one.crossed.low, one.crossed.high)
            said += f"<br>over seeds and {column.sampled}: {both}"
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [mean.mean],
                "y": [row + LEVEL],
                "marker": {
                    "color": look.colour,
                    "symbol": "line-ns",
                    "size": 18,
                    "line": {"color": look.colour, "width": 3},
                },
                "error_x": _thick(mean.mean, mean.low, mean.high, look.colour),
                "customdata": [[said]],
                **_shown(one),
            }
        )
        ends += [mean.low, mean.high]
    teacher = found.teacher.get(column.key)
    if teacher is not None:
        ends.append(teacher)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": [teacher, teacher],
                "y": [-0.5, len(rows) - 0.5],
                "line": {"color": TEACHER.on(dark), "dash": "dash", "width": 2},
                "customdata": [[f"teacher: {column.format(teacher)}"]] * 2,
                "hovertemplate": "%{customdata[0]}<extra></extra>",
                "showlegend": False,
            }
        )
    better = f" ({column.better} is better)" if column.better else ""
    nats = ", nats" if column.unit == " nats" else ""
    return _figure(
        traces,
        found.variants,
        title=found.finding_of(column.key),
        notes=[_dots_note(rows, has_teacher=teacher is not None)],
        x={
            "title": {"text": f"{column.label}{nats}{better}"},
            "tickformat": _tick_format(column),
            **_exactly(span(_finite(ends))),
        },
        dark=dark,
    )


def _tick_format(column: StudyColumn) -> str:
    """Shares in per cent; bytes and other large numbers with k and M."""
    return SHARE_TICKS if column.scale == 100 else "~s" if column.family == "cost" else ""


def _dots_note(rows: Sequence[VariantResult], *, has_teacher: bool) -> str:
    counts = sorted({len(one.dots) for one in rows})
    seeds = " to ".join(dict.fromkeys((str(counts[0]), str(counts[-1]))))
    teacher = "; dashed: the teacher" if has_teacher else ""
    if counts[-1] < FEWEST_SEEDS:
        return f"one seed{teacher}"
    return f"a dot is one seed, the upright stroke the mean; {seeds} seeds{teacher}"


def seed_differences(found: StudyResults, column: StudyColumn, *, dark: bool) -> go.Figure:
    """A row for each variant: its difference to the baseline with its intervals, and the verdict below it.

    Filled where the data show a difference. The grey box has the differences that are smaller than the
    smallest one that so many seeds show.
    """
    shades = hues(dark)
    rows = [found.of(name, column.key) for name in found.variants]
    traces: list[dict] = []
    shapes: list[dict] = [guide(0, -0.5, 0, len(rows) - 0.5, MUTED.on(dark))]
    texts: list[dict] = []
    ends: list[float] = []
    for row, one in enumerate(rows):
        look, said = series(row, dark=dark), verdict_text(found, column, one)
        texts.append(_said(said, row, shades.text if one.comparison else MUTED.on(dark)))
        compared, crossed = one.comparison, one.crossed_difference
        if compared is None or math.isnan(compared.difference):
            continue
        ends += [compared.difference, compared.low, compared.high]
        if not math.isnan(compared.smallest) and compared.smallest:
            shapes.append(_box(compared.smallest, row, shades.faint))
            ends += [compared.smallest, -compared.smallest]
        if crossed is not None and not math.isnan(crossed.low):
            ends += [crossed.low, crossed.high]
            traces.append(_thin(crossed.low, crossed.high, row - LEVEL, look.colour))
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [compared.difference],
                "y": [row - LEVEL],
                "marker": {
                    "color": look.colour if compared.is_shown else shades.ground,
                    "symbol": look.symbol,
                    "size": 12,
                    "line": {"color": look.colour, "width": 2},
                },
                "error_x": _thick(compared.difference, compared.low, compared.high, look.colour),
                "customdata": [[escape(said)]],
                **_shown(one),
            }
        )
    low, high = span(_finite(ends), around=[0.0])
    ticks: dict = {}
    if column.logs:
        at = round_ratios(low, high, 6)
        ticks = {"tickvals": at, "ticktext": [ratio_tick(math.exp(one)) for one in at]}
    else:
        ticks = {"tickformat": _tick_format(column)}
    side = {"lower": "left is better", "higher": "right is better"}.get(column.direction, "")
    what = "ratio to" if column.logs else "difference to"
    unit = f",{column.unit}" if column.unit and not column.logs else ""
    axis = f"{what} {shorten(found.baseline, NAME_LENGTH)}{unit}{f' ({side})' if side else ''}"
    return _figure(
        traces,
        found.variants,
        title=f"How far is every variant from {shorten(found.baseline, NAME_LENGTH)}, seed by seed?",
        notes=["filled: a difference is shown; grey: what so many seeds would hardly have shown"],
        x={"title": {"text": axis}, **ticks, **_exactly((low, high))},
        dark=dark,
        shapes=shapes,
        annotations=texts,
    )


def verdict_text(found: StudyResults, column: StudyColumn, one: VariantResult) -> str:
    """The verdict of a variant in one line: "−1.20 nats (−1.34 to −1.06 nats): better"."""
    if one.variant == found.baseline:
        return "baseline"
    compared = one.comparison
    if compared is None or math.isnan(compared.difference):
        return "not compared"
    if compared.is_equal:
        return "equal at every seed"
    said = column.difference(compared.difference)
    if interval := column.difference_interval(compared.low, compared.high):
        said += f" ({interval})"
    return f"{said}: {'one seed, no verdict' if compared.verdict == 'too few seeds' else compared.verdict}"


def _shown(one: VariantResult) -> dict:
    """Name and text of a point in its hover box; a name may hold %{...}, so it is no part of the template."""
    return {
        "text": escape(one.variant),
        "hovertemplate": "<b>%{text}</b><br>%{customdata[0]}<extra></extra>",
        "showlegend": False,
        "cliponaxis": False,
    }


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
        "y0": row - LEVEL - 0.2,
        "y1": row - LEVEL + 0.2,
        "fillcolor": hue,
        "opacity": 0.3,
        "line": {"width": 0},
        "layer": "below",
    }


def _thin(low: float, high: float, y: float, hue: str) -> dict:
    """The interval over seeds and items, with ends."""
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [low, high],
        "y": [y, y],
        "line": {"color": hue, "width": 1.2},
        "marker": {"color": hue, "symbol": "line-ns", "size": 9, "line": {"color": hue, "width": 1.5}},
        "hoverinfo": "skip",
        "showlegend": False,
        "cliponaxis": False,
    }


def _thick(value: float, low: float, high: float, hue: str) -> dict:
    """The interval over seeds as plotly's error bars; none where it is unknown."""
    if math.isnan(low) or math.isnan(high):
        return {"visible": False}
    ends = {"array": [high - value], "arrayminus": [value - low]}
    return {"type": "data", "symmetric": False, **ends, "color": hue, "thickness": 4, "width": 0}


def _finite(values: Sequence[float]) -> list[float]:
    return [one for one in values if math.isfinite(one)]


def _exactly(range_: tuple[float, float]) -> dict:
    """This range as the axis's automatic one, so that any other is known to be a zoom."""
    return {"autorange": True, "autorangeoptions": {"minallowed": range_[0], "maxallowed": range_[1]}}


def _figure(
    traces: list[dict],
    names: Sequence[str],
    *,
    title: str,
    notes: Sequence[str],
    x: dict,
    dark: bool,
    shapes: Sequence[dict] = (),
    annotations: Sequence[dict] = (),
) -> go.Figure:
    """The layout of both charts, so that a variant has the same row in both."""
    count = len(names)
    layout = merged(
        base_layout(
            title=title,
            height=AROUND + ROW * count,
            dark=dark,
            notes=[(note, MUTED.on(dark)) for note in notes],
        ),
        {
            "xaxis": {**x, "zeroline": False},
            "yaxis": {
                "tickvals": list(range(count)),
                "ticktext": [escape(shorten(name, NAME_LENGTH)) for name in names],
                "range": [count - 0.5, -0.5],
                "fixedrange": True,
                "showgrid": False,
                "zeroline": False,
            },
            "shapes": list(shapes),
            "annotations": list(annotations),
        },
    )
    return go.Figure(data=traces, layout=layout)
