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
from app.charts.text import escape, percent
from app.shared.theme import MUTED, STUDENT, TEACHER, TEXT, merged
from fairkd.measures import FEWEST_ITEMS, MEASURES, Measure, has_lost_mass

HEIGHT = 340
SHARE_TICKS = ".3~%"
LEGEND = 50  # pixels that every chart over time keeps for a legend of two rows, so that all plots begin there
LOSS_TERMS = {
    "kd": "KD (with its factor T²)",
    "mlm": "MLM",
    "hidden": "hidden",
    "group": "group",
    "relations": "relations",
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
            "showlegend": True,
            "margin": {"t": LEGEND},
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
    notes = [("each point is the mean over the last steps", MUTED.on(dark))]
    title = "How does the loss fall?"
    if known.empty:
        layout = curves("Loss: no step is logged yet", height=HEIGHT, dark=dark, y="", notes=notes)
        return go.Figure(layout=without_axes(layout, "The first point comes with the first logged step."))
    if len(known) > 1:
        verb = "fell" if known.iloc[-1] < known.iloc[0] else "rose"
        title = f"The loss {verb} from {known.iloc[0]:.3g} to {known.iloc[-1]:.3g}"
    traces = [_line(frame, "loss", "loss", Series(TEXT.on(dark), "solid", "circle"), width=2.5)]
    for number, (column, name) in enumerate(LOSS_TERMS.items(), start=1):
        if column in frame and (frame[column] > 0).any():
            traces.append(_line(frame, column, name, series(number, dark=dark)))
    layout = curves(title, height=HEIGHT, dark=dark, y="loss, nats (log scale)", log=True, notes=notes)
    return go.Figure(data=traces, layout=layout)


def measure_curve(
    frame: pd.DataFrame, measure: Measure, *, teacher: Mapping[str, Any], dark: bool
) -> go.Figure:
    """One measure of the student over the steps, with its interval, and the teacher's as a dashed line.

    A note says on how many sentences or professions it was measured. On fewer than `FEWEST_ITEMS` nothing is
    drawn. For a gap, a point with a probability mass below `LOW_MASS` is hollow.

    Parameters
    ----------
    frame : one row per evaluation: step, the measure's keys and its sample size.
    teacher : the teacher's measures; no line is drawn for one that is missing.
    """
    hue = Series(STUDENT.on(dark), "solid", "circle")
    last = last_known(frame, measure)
    title = measure_title(frame, measure, teacher)
    notes = [(sample_note(last, teacher, measure), MUTED.on(dark))]
    layout = value_axis(curves(title, height=HEIGHT, dark=dark, y=measure.heading, notes=notes), measure)
    if not last or measure.has_too_few(last):
        text = too_few_to_draw(measure, last) if last else "The first point comes with the first evaluation."
        return go.Figure(layout=without_axes(layout, text))
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
    ends = [0, int(frame["step"].max())]
    return go.Figure(data=[*traces, *teacher_line(measure, teacher, ends, dark=dark)], layout=layout)


def last_known(frame: pd.DataFrame, measure: Measure) -> dict[str, Any]:
    """The last evaluation with a value of the measure; empty without one."""
    known = frame.dropna(subset=[measure.key]) if measure.key in frame else frame.iloc[:0]
    return known.iloc[-1].to_dict() if len(known) else {}


def measure_title(frame: pd.DataFrame, measure: Measure, teacher: Mapping[str, Any]) -> str:
    """The last value in one line, beside the teacher's or, without one, the first."""
    last, name = last_known(frame, measure), _capitalised(measure.label)
    if not last:
        return f"{name}: not measured yet"
    if measure.has_too_few(last):
        return f"{name}: {measure.sample_size(last)} are too few"
    title = f"{name}: {measure.format(float(last[measure.key]))}"
    own = teacher.get(measure.key)
    if own is not None:
        return f"{title}, the teacher's {measure.format(float(own), unit=False)}"
    values = frame[measure.key].dropna()
    first = measure.format(float(values.iloc[0]), unit=False)
    return f"{title}, at first {first}" if len(values) > 1 else title


def sample_note(last: Mapping[str, Any], teacher: Mapping[str, Any], measure: Measure) -> str:
    """On what the last value was measured, and its interval, or a warning where the mass is too low."""
    size = measure.sample_size(last)
    if not size:  # of an earlier version, or not measured yet
        size = f"{measure.sampled}, number not stored" if last else measure.sampled
    mass = last.get("gap_mass")
    if measure.needs_mass and mass is not None and _is_little(mass, teacher.get("gap_mass")):
        return f"{size}; little probability mass is left: this gap means little"
    interval = measure.format_interval(last)
    return f"{size}; 95 % interval {interval}" if interval else size


def mass_sentence(frame: pd.DataFrame, teacher: Mapping[str, Any], words: str) -> str:
    """The mean probability mass of the measured words, beside the teacher's; empty where it is unknown.

    `words` names them: "he/she, him/her, his/her".
    """
    last = last_known(frame, MEASURES["gap_mass"])
    if not last:
        return ""
    own = teacher.get("gap_mass")
    beside = "" if own is None else f", in the teacher {percent(float(own))}"
    return f"On average, {words} have {percent(last['gap_mass'])} of the probability together{beside}."


def _is_little(mass: float, teacher: float | None) -> bool:
    return mass < LOW_MASS or has_lost_mass(mass, teacher)


def value_axis(layout: dict, measure: Measure) -> dict:
    """The layout with the y axis of a measure, which begins at 0 unless the measure has a sign."""
    axis: dict[str, Any] = {"zeroline": True} if measure.shows_sign else {"rangemode": "tozero"}
    if measure.unit == "share":
        axis["tickformat"] = SHARE_TICKS
    return merged(layout, {"yaxis": axis})


def without_axes(layout: dict, text: str) -> dict:
    """The layout of a chart without data: a sentence in place of axes, whose ticks would be invented."""
    sentence = {
        "text": escape(text),
        "xref": "paper",
        "yref": "paper",
        "x": 0.5,
        "y": 0.5,
        "showarrow": False,
        "font": {"size": 13},
    }
    hidden = {"visible": False}
    return merged(layout, {"xaxis": hidden, "yaxis": hidden, "showlegend": False, "annotations": [sentence]})


def too_few_to_draw(measure: Measure, values: Mapping[str, Any]) -> str:
    """Why no curve is drawn."""
    return f"Measured on {measure.sample_size(values)}: too few to draw (at least {FEWEST_ITEMS})."


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def has_band(frame: pd.DataFrame, measure: Measure) -> bool:
    """Whether an interval is drawn around a measure's line; earlier versions did not store all of them."""
    low, high = measure.interval
    last = last_known(frame, measure)
    return low in frame and not frame[[low, high]].isna().all(axis=None) and not measure.has_too_few(last)


def band(frame: pd.DataFrame, measure: Measure, look: Series, x: str = "step") -> list[dict]:
    """The interval around a measure's line; nothing where its values have none."""
    low, high = measure.interval
    if not has_band(frame, measure):
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
