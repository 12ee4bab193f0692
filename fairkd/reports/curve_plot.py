"""A value over the training steps, as positions for a template to draw, in per cent of width and height."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from fairkd.measures import Measure
from fairkd.utils import Axis, Tick, axis_for

MOST_POINTS = 200  # of a curve


@dataclass(frozen=True)
class CurvePoint:
    """A point of a curve, and what it says."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Curve:
    """One run: its number, its points, the line through them and the band of its intervals, as SVG paths."""

    number: int
    name: str
    marks: tuple[CurvePoint, ...]
    line: str
    band: str


@dataclass(frozen=True)
class CurvePlot:
    """A plot: its curves, ticks, and where the teacher's value is; None without one."""

    title: str
    note: str
    curves: tuple[Curve, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    teacher: float | None
    teacher_text: str


def measure_plot(
    measure: Measure, tables: Mapping[str, pd.DataFrame], teacher: Mapping[str, Any]
) -> CurvePlot | None:
    """A measure of several runs by name, with intervals; None where no run has two values or enough items.

    Parameters
    ----------
    tables : one row an evaluation, as from `fairkd.runs.event_tables.evaluations`.
    teacher : the teacher's measures; empty where the runs do not share one.
    """
    known = {name: _known(table, measure) for name, table in tables.items()}
    if not any(len(table) > 1 for table in known.values()):
        return None
    own = teacher.get(measure.key)
    low, high = measure.interval
    numbers = [
        table[[measure.key, *_present(table, (low, high))]].to_numpy().ravel() for table in known.values()
    ]
    y = axis_for([*(float(value) for part in numbers for value in part), *([own] if own is not None else [])])
    return CurvePlot(
        title=f"{measure.label[:1].upper()}{measure.label[1:]}",
        note=f"{measure.help} {f'{measure.goal.capitalize()}.' if measure.goal else ''}".strip(),
        curves=tuple(
            _curve(
                number, name, table, measure.key, _x_axis(known), y, interval=(low, high), text=_said(measure)
            )
            for number, (name, table) in enumerate(known.items())
        ),
        x_ticks=_x_axis(known).ticks,
        y_ticks=y.ticks,
        teacher=None if own is None else 100 - y.at(float(own)),
        teacher_text="" if own is None else f"teacher: {measure.format_with_interval(teacher)}",
    )


def loss_plot(tables: Mapping[str, pd.DataFrame]) -> CurvePlot | None:
    """The training loss of several runs by name; None where no run has two values.

    `tables` have one row a training event, as from `fairkd.runs.event_tables.training`.
    """
    known = {name: _thinned(table.dropna(subset=["loss"])) for name, table in tables.items()}
    if not any(len(table) > 1 for table in known.values()):
        return None
    y = axis_for([0.0, *(float(value) for table in known.values() for value in table["loss"])])
    return CurvePlot(
        title="Loss in training, nats",
        note="The weighted sum of the loss terms. Each point is the mean over the last steps.",
        curves=tuple(
            _curve(number, name, table, "loss", _x_axis(known), y, text=lambda row: f"{row['loss']:.3g} nats")
            for number, (name, table) in enumerate(known.items())
        ),
        x_ticks=_x_axis(known).ticks,
        y_ticks=y.ticks,
        teacher=None,
        teacher_text="",
    )


def _known(table: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """The rows with a value that rests on enough items."""
    if measure.key not in table:
        return table.iloc[:0].assign(**{measure.key: []})
    rows = table.dropna(subset=[measure.key])
    return _thinned(rows[[not measure.has_too_few(row) for row in rows.to_dict("records")]])


def _thinned(table: pd.DataFrame) -> pd.DataFrame:
    """At most `MOST_POINTS` rows in the order of steps, the last among them."""
    ordered = table.sort_values("step", kind="stable", ignore_index=True)
    step = math.ceil(len(ordered) / MOST_POINTS) or 1
    return ordered.iloc[::-1].iloc[::step].iloc[::-1]


def _present(table: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    return [name for name in columns if name in table]


def _x_axis(tables: Mapping[str, pd.DataFrame]) -> Axis:
    return axis_for([0.0, *(float(step) for table in tables.values() for step in table["step"])])


def _said(measure: Measure) -> Any:
    return measure.format_with_interval


def _curve(
    number: int,
    name: str,
    table: pd.DataFrame,
    key: str,
    x: Axis,
    y: Axis,
    *,
    interval: tuple[str, str] | None = None,
    text: Any,
) -> Curve:
    rows = table.to_dict("records")
    marks = tuple(
        CurvePoint(x.at(row["step"]), 100 - y.at(row[key]), f"{name}, step {row['step']:,}: {text(row)}")
        for row in rows
    )
    band = ""
    if interval and all(end in table for end in interval):
        ends = [(x.at(row["step"]), *(100 - y.at(row[end]) for end in interval)) for row in rows]
        ends = [one for one in ends if all(map(math.isfinite, one))]
        if len(ends) > 1:
            outline = [(at, high) for at, _, high in ends] + [(at, low) for at, low, _ in reversed(ends)]
            band = f"{_path(outline)}Z"
    return Curve(number, name, marks, _path([(mark.x, mark.y) for mark in marks]), band)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "".join(f"{'L' if place else 'M'}{x:g} {y:g}" for place, (x, y) in enumerate(points))
