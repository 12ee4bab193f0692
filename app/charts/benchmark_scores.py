"""The dot plot of benchmark scores: one row a measure, one mark a model, intervals, published figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from app.charts.base import Hues, base_figure, guide, hues, span
from app.charts.series import series
from app.charts.text import escape, shorten
from app.shared import theme
from fairkd.benchmarks import Value, ValueEstimate

ROW, BELOW = 46, 22  # pixels of a measure with one model; of each further model
NAME = 34  # characters of a measure
_UNITS = {"percent": "per cent", "nats": "nats", "share": "share", "none": ""}


@dataclass(frozen=True, kw_only=True)
class ScoreMark:
    """One model's value of one measure.

    `number` is the place of the model in the measurement: it decides colour and symbol. `hollow` marks a
    value that says little.
    """

    measure: str
    model: str
    number: int
    value: Value
    estimate: ValueEstimate
    n: int
    hollow: bool = False


@dataclass(frozen=True, kw_only=True)
class GhostMark:
    """A figure that others published: drawn in grey, with where it comes from in its hover box."""

    measure: str
    model: str
    printed: str
    number: float
    about: tuple[str, ...]


def score_chart(
    marks: Sequence[ScoreMark],
    ghosts: Sequence[GhostMark] = (),
    *,
    title: str,
    line: str = "unbiased {}",
    unit: str | None = None,
    compact: bool = False,
    dark: bool = False,
) -> go.Figure:
    """Measures of one unit and one unbiased value. All marks are of values with the same unit.

    Parameters
    ----------
    marks : their order gives that of the measures, from the top.
    line : names the line at the unbiased value.
    unit : the title of the x axis, by default the values' unit.
    compact : whether the rows are low, for many of them.
    """
    shades = hues(dark)
    measures = list(dict.fromkeys(mark.measure for mark in marks))
    models = list(dict.fromkeys((mark.number, mark.model) for mark in marks))
    lanes = len(models) + bool(ghosts)
    row = 24 + 9 * (lanes - 1) if compact else ROW + BELOW * (lanes - 1)
    figure = base_figure(title=title, height=110 + len(measures) * row, dark=dark)
    unbiased = next((mark.value.unbiased for mark in marks), None)
    for place, (number, model) in enumerate(models):
        own = [mark for mark in marks if mark.number == number]
        figure.add_trace(_model(own, model, measures, _offset(place, lanes), shades, dark=dark))
    if ghosts:
        figure.add_trace(_published(ghosts, measures, _offset(lanes - 1, lanes), shades))
    ends = [end for mark in marks for end in (mark.estimate.low, mark.estimate.high, mark.estimate.value)]
    ends += [ghost.number for ghost in ghosts]
    low, high = span(ends, around=() if unbiased is None else (unbiased,), margin=0.08)
    if unbiased is not None:
        figure.add_shape(guide(unbiased, -0.5, unbiased, len(measures) - 0.5, shades.text, dash="dash"))
        figure.add_annotation(
            x=unbiased,
            y=-0.5,
            yanchor="bottom",
            text=line.format(f"{unbiased:g}"),
            showarrow=False,
            font={"size": 12, "color": shades.text},
            bgcolor=shades.ground,
        )
    for place in range(1, len(measures)):
        figure.add_shape(guide(low, place - 0.5, high, place - 0.5, theme.GRID.on(dark)))
    figure.update_xaxes(
        title_text=_UNITS[marks[0].value.unit] if unit is None else unit,
        range=[low, high],
        zeroline=False,
        tickformat=".0%" if marks[0].value.unit == "share" else "",
    )
    figure.update_yaxes(
        tickvals=list(range(len(measures))),
        ticktext=[escape(shorten(name, NAME)) for name in measures],
        range=[len(measures) - 0.5, -0.5 - 0.35],
        showgrid=False,
        zeroline=False,
        ticklabelstandoff=8,
    )
    figure.update_layout(showlegend=True)
    return figure


def model_look(number: int, *, dark: bool) -> tuple[str, str]:
    """Colour and symbol of a model: the first has the teacher's blue, the second the student's orange."""
    symbol = series(number, dark=dark).symbol
    return (hues(dark).teacher if number == 0 else series(number - 1, dark=dark).colour), symbol


def _model(
    marks: Sequence[ScoreMark], model: str, measures: list[str], offset: float, shades: Hues, *, dark: bool
) -> go.Scatter:
    hue, symbol = model_look(marks[0].number, dark=dark)
    values = [mark.estimate.value for mark in marks]
    return go.Scatter(
        x=values,
        y=[measures.index(mark.measure) + offset for mark in marks],
        mode="markers",
        name=escape(shorten(model, 30)),
        marker={
            "color": hue,
            "symbol": [f"{symbol}-open" if mark.hollow else symbol for mark in marks],
            "size": 11,
            "line": {"width": 2, "color": hue},
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [_length(mark.estimate.value, mark.estimate.high) for mark in marks],
            "arrayminus": [_length(mark.estimate.low, mark.estimate.value) for mark in marks],
            "color": hue,
            "thickness": 1.8,
            "width": 0,
        },
        cliponaxis=False,
        customdata=[(escape(mark.measure), _said(mark), f"{mark.n:,} items") for mark in marks],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<br>%{customdata[2]}"
        f"<extra>{escape(model)}</extra>",
    )


def _published(ghosts: Sequence[GhostMark], measures: list[str], offset: float, shades: Hues) -> go.Scatter:
    whose = {ghost.model for ghost in ghosts}
    return go.Scatter(
        x=[ghost.number for ghost in ghosts],
        y=[measures.index(ghost.measure) + offset for ghost in ghosts],
        mode="markers",
        name=f"published: {escape(shorten(whose.pop(), 30))}" if len(whose) == 1 else "published",
        marker={"color": shades.faint, "symbol": "diamond-open", "size": 11, "line": {"width": 2}},
        cliponaxis=False,
        customdata=[
            (escape(f"{ghost.model}: {ghost.printed}"), "<br>".join(map(escape, ghost.about)))
            for ghost in ghosts
        ],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<extra>published</extra>",
    )


def _offset(place: int, lanes: int) -> float:
    """Where a model's mark lies in its measure's row, from -0.5 to 0.5."""
    return (place - (lanes - 1) / 2) * (0.72 / max(lanes, 3))


def _length(low: float, high: float) -> float:
    return 0.0 if math.isnan(low) or math.isnan(high) else max(high - low, 0.0)


def _said(mark: ScoreMark) -> str:
    found = mark.estimate
    said = f"{mark.value.label}: {mark.value.format(found.value)}"
    if not math.isnan(found.low):
        said += f" (95 % interval {mark.value.format(found.low)} to {mark.value.format(found.high)})"
    return escape(said)
