"""The charts of one run: its loss parts, and its measures against its teacher's.

`MEASURES` names what an evaluation holds; `app.charts.run_comparison` draws the same for several runs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts.base import LOW_MASS, base_layout
from app.charts.series import Series, series
from app.charts.text import percent, signed
from app.shared.theme import MUTED, STUDENT, TEACHER, TEXT, merged
from fairkd.runs import has_lost_mass

HEIGHT = 330
SHARE_TICKS = ".3~%"
PARTS = {
    "kd": "teacher's distributions",
    "mlm": "words of the text",
    "hidden": "hidden states",
    "group": "group words",
}


@dataclass(frozen=True)
class Measure:
    """One number of an evaluation: its column, what it is called, its unit; `best` is what to wish for.

    `interval` and `signed` say that it has one; `share` that it is a part of one, and the more the better;
    `massed` that it is a gap, which needs mass behind it.
    """

    column: str
    name: str
    axis: str
    best: str
    interval: bool = False
    digits: int = 2
    signed: bool = False
    share: bool = False
    massed: bool = False

    def shown(self, value: float) -> str:
        """`0.61 nats`; "–" where there is none."""
        if value is None or math.isnan(value):
            return "–"
        if self.share:
            return percent(value)
        number = signed(value, self.digits) if self.signed else f"{value:.{self.digits}f}"
        return f"{number} nats" if "nats" in self.axis else number


MEASURES: dict[str, Measure] = {
    measure.column: measure
    for measure in (
        Measure("kl", "KL to the teacher", "KL(teacher ‖ student), nats", "0 is a perfect copy"),
        Measure(
            "pseudo_perplexity", "pseudo-perplexity", "pseudo-perplexity", "lower reads better", digits=1
        ),
        Measure(
            "gap_absolute",
            "gap size",
            "mean |gap|, nats",
            "0 is even-handed",
            interval=True,
            massed=True,
        ),
        Measure(
            "gap_mean",
            "mean gap",
            "mean gap, nats",
            "0 leans to neither side",
            interval=True,
            signed=True,
            massed=True,
        ),
        Measure(
            "gap_mass",
            "mass of the groups",
            "P(A) + P(B), both groups together",
            "near the teacher's: a gap with almost no mass behind it means little",
            share=True,
        ),
        Measure(
            "top1_agreement",
            "agreement with the teacher",
            "same first word as the teacher",
            "higher is nearer",
            share=True,
        ),
    )
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
    """The loss and its parts over the steps, on a log scale, since the parts differ in size.

    `frame` has the columns step, loss, and those of kd, mlm, hidden, group that the run has; in nats.
    """
    known = frame["loss"].dropna()
    title = "How does the loss fall?"
    if len(known) > 1:
        verb = "fell" if known.iloc[-1] < known.iloc[0] else "rose"
        title = f"The loss {verb} from {known.iloc[0]:.3g} to {known.iloc[-1]:.3g}"
    traces = [_line(frame, "loss", "loss", Series(TEXT.on(dark), "solid", "circle"), width=2.5)]
    for number, (column, name) in enumerate(PARTS.items(), start=1):
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

    A gap has its mass under the title; a point with less than `LOW_MASS` behind it is hollow.

    Parameters
    ----------
    frame : one row an evaluation: step, the measure's column, and, with an interval, its low and high.
    teacher : the same measures of the teacher; those that it lacks draw no line.
    mass : what is added up to the mass, for example "P(he) + P(she)".
    """
    hue = Series(STUDENT.on(dark), "solid", "circle")
    traces = band(frame, measure, hue)
    traces.append(
        _line(frame, measure.column, "student", hue, width=2.5, markers=True, text=_texts(frame, measure))
    )
    if measure.massed and "gap_mass" in frame:
        hollow = f"{hue.symbol}-open"
        traces[-1]["marker"]["symbol"] = [
            hollow if low else hue.symbol for low in frame["gap_mass"] < LOW_MASS
        ]
    steps = frame["step"]
    ends = [0, int(steps.max()) if len(steps) else 1]
    traces += teacher_line(measure, teacher, ends, dark=dark)
    title = measure_title(frame, measure, teacher)
    notes = [(note, MUTED.on(dark)) for note in mass_notes(frame, teacher, mass)] if measure.massed else []
    layout = curves(title, height=HEIGHT, dark=dark, y=measure.axis, notes=notes)
    if measure.signed:
        layout["yaxis"]["zeroline"] = True
    elif not measure.share:
        layout["yaxis"]["rangemode"] = "tozero"
    if measure.share:
        layout["yaxis"]["tickformat"] = SHARE_TICKS
    return go.Figure(data=traces, layout=layout)


def measure_title(frame: pd.DataFrame, measure: Measure, teacher: Mapping[str, Any]) -> str:
    """What the last evaluation says, in one line."""
    values = frame[measure.column].dropna() if measure.column in frame else pd.Series(dtype=float)
    if values.empty:
        return f"{_first_capital(measure.name)}: not measured yet"
    said = f"{_first_capital(measure.name)}: {measure.shown(float(values.iloc[-1]))}"
    own = teacher.get(measure.column)
    if own is not None:
        return f"{said}, the teacher's {measure.shown(float(own)).removesuffix(' nats')}"
    first = measure.shown(float(values.iloc[0])).removesuffix(" nats")
    return f"{said}, at first {first}" if len(values) > 1 else said


def mass_notes(frame: pd.DataFrame, teacher: Mapping[str, Any], mass: str) -> list[str]:
    """The last mass beside the teacher's, and a line of its own where it is too low for a gap."""
    known = frame["gap_mass"].dropna() if "gap_mass" in frame else pd.Series(dtype=float)
    if known.empty:
        return []
    last, own = float(known.iloc[-1]), teacher.get("gap_mass")
    said = f"{mass}: {percent(last)}"
    notes = [said if own is None else f"{said}, the teacher's {percent(float(own))}"]
    if last < LOW_MASS or has_lost_mass(last, own):
        notes.append("Little mass is left: this gap means little")
    return notes


def _first_capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def band(frame: pd.DataFrame, measure: Measure, look: Series, x: str = "step") -> list[dict]:
    """The interval around a measure's line; nothing where it has none."""
    low, high = interval_columns(measure)
    if not measure.interval or low not in frame or frame[[low, high]].isna().all(axis=None):
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
    """The teacher's own value as a dashed line with its interval; nothing where it is not known."""
    value = teacher.get(measure.column)
    if value is None or math.isnan(float(value)):
        return []
    blue = Series(TEACHER.on(dark), "dash", "circle")
    low, high = (teacher.get(column) for column in interval_columns(measure))
    traces = []
    if measure.interval and low is not None and high is not None:
        both = pd.DataFrame({"step": list(ends), measure.column: value})
        columns = interval_columns(measure)
        both[columns[0]], both[columns[1]] = float(low), float(high)
        traces += band(both, measure, blue)
        traces[-1]["fillcolor"] = blue.shade(0.09)
    traces.append(
        {
            "type": "scatter",
            "mode": "lines",
            "x": list(ends),
            "y": [float(value)] * len(ends),
            "name": "teacher",
            "line": {"color": blue.colour, "dash": "dash", "width": 2},
            "hovertemplate": f"{measure.shown(float(value))}",
        }
    )
    return traces


def interval_columns(measure: Measure) -> tuple[str, str]:
    """The columns of a measure's interval: gap_mean has gap_low and gap_high."""
    stem = measure.column.removesuffix("_mean")
    return f"{stem}_low", f"{stem}_high"


def _texts(frame: pd.DataFrame, measure: Measure) -> list[str]:
    """The value with its interval, for the hover box."""
    low, high = interval_columns(measure)
    found = []
    for row in frame.to_dict("records"):
        text = measure.shown(row[measure.column])
        if measure.interval and low in row and not pd.isna(row[low]):
            ends = [measure.shown(row[end]).removesuffix(" nats") for end in (low, high)]
            text += f" ({ends[0]} to {ends[1]})"
        found.append(text)
    return found


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
        "mode": "lines+markers" if markers or len(frame) < 3 else "lines",  # a point alone is no line
        "x": frame["step"].tolist(),
        "y": frame[column].tolist(),
        "name": name,
        "line": {"color": look.colour, "dash": look.dash, "width": width},
        "marker": {"color": look.colour, "symbol": look.symbol, "size": 6},
        **({"customdata": text, "hovertemplate": "%{customdata}"} if text else {"hovertemplate": "%{y:.4g}"}),
    }
