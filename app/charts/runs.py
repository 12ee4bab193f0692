"""The charts of one run: its loss terms, and its measures beside its teacher's.

`app.charts.run_comparison` draws several runs on one chart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts.base import LOW_MASS, base_layout
from app.charts.series import Series, series
from app.charts.text import percent
from app.shared.theme import MUTED, STUDENT, TEACHER, TEXT, merged
from fairkd.measures import Measure, has_lost_mass

HEIGHT = 330
SHARE_TICKS = ".3~%"
LOSS_TERMS = {
    "kd": "distillation loss",
    "mlm": "masked-LM loss",
    "hidden": "hidden-state loss",
    "group": "group loss",
}


def curves(
    title: str,
    *,
    height: int,
    dark: bool,
    x: str = "step",
    y: str,
    log: bool = False,
    notes: Sequence[tuple[str, str]] = (),
) -> dict:
    """The layout of a chart over time; `notes` are lines under its title, each with its colour."""
    return merged(
        base_layout(title=title, height=height, dark=dark, notes=notes),
        {
            "hovermode": "x unified",
            "xaxis": {"title": {"text": x}, "zeroline": False, "rangemode": "tozero"},
            "yaxis": {
                "title": {"text": y},
                "zeroline": False,
                **({"type": "log", "dtick": 1, "minor": {"showgrid": False}} if log else {}),
            },
        },
    )


def loss_curves(frame: pd.DataFrame, *, dark: bool) -> go.Figure:
    """The loss and its terms over the steps, on a log scale because the terms differ in size.

    `frame` has the columns step and loss, and kd, mlm, hidden and group for the terms in use; in nats.
    """
    known = frame["loss"].dropna()
    title = "How does the loss fall?"
    if len(known) > 1:
        verb = "fell" if known.iloc[-1] < known.iloc[0] else "rose"
        title = f"The loss {verb} from {known.iloc[0]:.3g} to {known.iloc[-1]:.3g}"
    traces = [_line(frame, "loss", "loss", Series(TEXT.on(dark), "solid", "circle"), width=2.5)]
    for number, (column, name) in enumerate(LOSS_TERMS.items(), start=1):
        if column in frame and (frame[column] > 0).any():
            traces.append(_line(frame, column, name, series(number, dark=dark)))
    return go.Figure(
        data=traces, layout=curves(title, height=HEIGHT, dark=dark, y="loss, nats (log scale)", log=True)
    )


def measure_curve(
    frame: pd.DataFrame,
    measure: Measure,
    *,
    teacher: Mapping[str, Any],
    mass: str = "P(A) + P(B)",
    dark: bool,
) -> go.Figure:
    """One measure of the student over the steps, with its interval, and the teacher's as a dashed line.

    For a gap, the probability mass is shown under the title, and a point with less than `LOW_MASS` is hollow.

    Parameters
    ----------
    frame : one row per evaluation: step and the measure's keys.
    teacher : the teacher's measures; no line is drawn for one that is missing.
    mass : the formula of the probability mass, for example "P(he) + P(she)".
    """
    hue = Series(STUDENT.on(dark), "solid", "circle")
    traces = band(frame, measure, hue)
    traces.append(
        _line(
            frame,
            measure.key,
            "student",
            hue,
            width=2.5,
            markers=True,
            text=[measure.format_with_interval(row) for row in frame.to_dict("records")],
        )
    )
    if measure.needs_mass and "gap_mass" in frame:
        hollow = f"{hue.symbol}-open"
        traces[-1]["marker"]["symbol"] = [
            hollow if low else hue.symbol for low in frame["gap_mass"] < LOW_MASS
        ]
    steps = frame["step"]
    ends = [0, int(steps.max()) if len(steps) else 1]
    traces += teacher_line(measure, teacher, ends, dark=dark)
    title = measure_title(frame, measure, teacher)
    warnings = mass_notes(frame, teacher, mass) if measure.needs_mass else []
    notes = [(note, MUTED.on(dark)) for note in warnings]
    layout = curves(title, height=HEIGHT, dark=dark, y=measure.heading, notes=notes)
    if measure.unit == "share":
        layout["yaxis"]["tickformat"] = SHARE_TICKS
    elif measure.shows_sign:
        layout["yaxis"]["zeroline"] = True
    else:
        layout["yaxis"]["rangemode"] = "tozero"
    return go.Figure(data=traces, layout=layout)


def measure_title(frame: pd.DataFrame, measure: Measure, teacher: Mapping[str, Any]) -> str:
    """The last value in one line, beside the teacher's or, without one, the first."""
    values = frame[measure.key].dropna() if measure.key in frame else pd.Series(dtype=float)
    if values.empty:
        return f"{_capitalised(measure.label)}: not measured yet"
    title = f"{_capitalised(measure.label)}: {measure.format(float(values.iloc[-1]))}"
    own = teacher.get(measure.key)
    if own is not None:
        return f"{title}, the teacher's {measure.format(float(own), unit=False)}"
    first = measure.format(float(values.iloc[0]), unit=False)
    return f"{title}, at first {first}" if len(values) > 1 else title


def mass_notes(frame: pd.DataFrame, teacher: Mapping[str, Any], mass: str) -> list[str]:
    """The last probability mass beside the teacher's, and a warning where it is too low for a gap."""
    known = frame["gap_mass"].dropna() if "gap_mass" in frame else pd.Series(dtype=float)
    if known.empty:
        return []
    last, own = float(known.iloc[-1]), teacher.get("gap_mass")
    note = f"{mass}: {percent(last)}"
    notes = [note if own is None else f"{note}, the teacher's {percent(float(own))}"]
    if last < LOW_MASS or has_lost_mass(last, own):
        notes.append("Little probability mass is left: this gap means little")
    return notes


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def band(frame: pd.DataFrame, measure: Measure, look: Series, x: str = "step") -> list[dict]:
    """The interval around a measure's line; nothing where its values have none."""
    low, high = measure.interval
    if low not in frame or frame[[low, high]].isna().all(axis=None):
        return []
    known = frame.dropna(subset=[low, high])
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [*known[x], *reversed(list(known[x]))],
            "y": [*known[high], *reversed(list(known[low]))],
            "fill": "toself",
            "fillcolor": look.shade(0.16),
            "line": {"width": 0},
            "hoverinfo": "skip",
            "showlegend": False,
        }
    ]


def teacher_line(
    measure: Measure, teacher: Mapping[str, Any], ends: Sequence[float], *, dark: bool
) -> list[dict]:
    """The teacher's value as a dashed line with its interval; nothing where it is unknown."""
    value = teacher.get(measure.key)
    if value is None or math.isnan(float(value)):
        return []
    blue = Series(TEACHER.on(dark), "dash", "circle")
    across = pd.DataFrame({"step": list(ends), **{key: teacher.get(key) for key in measure.keys}})
    traces = [{**one, "fillcolor": blue.shade(0.09)} for one in band(across, measure, blue)]
    traces.append(
        {
            "type": "scatter",
            "mode": "lines",
            "x": list(ends),
            "y": [float(value)] * len(ends),
            "name": "teacher",
            "line": {"color": blue.colour, "dash": "dash", "width": 2},
            "hovertemplate": measure.format(float(value)),
        }
    )
    return traces


def _line(
    frame: pd.DataFrame,
    column: str,
    name: str,
    look: Series,
    *,
    width: float = 1.8,
    markers: bool = False,
    text: list[str] | None = None,
) -> dict:
    return {
        "type": "scatter",
        "mode": "lines+markers" if markers or len(frame) < 3 else "lines",  # one point makes no line
        "x": frame["step"].tolist(),
        "y": frame[column].tolist(),
        "name": name,
        "line": {"color": look.colour, "dash": look.dash, "width": width},
        "marker": {"color": look.colour, "symbol": look.symbol, "size": 6},
        **({"customdata": text, "hovertemplate": "%{customdata}"} if text else {"hovertemplate": "%{y:.4g}"}),
    }
