"""The charts of the Predictions page: both models' words at one position, hard label against soft target."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from app.charts.parts import base_layout
from app.charts.text import escape_all, shorten
from app.theme import MUTED, STUDENT, TEACHER, merged

_ROW = 36  # pixels for the two bars of one word
_FRAME = 150  # pixels for title, legend and axis

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# Figures stand beside their bars in a readable size, however thin the bars are.
_OUTSIDE = {
    "textposition": "outside",
    "cliponaxis": False,
    "constraintext": "none",
    "textfont": {"size": 11.5},
}


def percent(probability: float | None) -> str:
    """A probability with two figures: "12 %", "0.34 %", "< 0.01 %"; "–" where there is none."""
    if probability is None or math.isnan(probability):
        return "–"
    value = probability * 100
    if value == 0:
        return "0 %"
    if value < 0.01:
        return "< 0.01 %"
    if value >= 99.5:
        return f"{min(value, 100):.1f} %"
    return f"{value:#.2g} %" if value < 9.95 else f"{value:.0f} %"


def exactly(probability: float) -> str:
    """Like `percent`, but small ones as powers of ten: "3.2 × 10⁻⁷"."""
    if not 0 < probability < 1e-4:
        return percent(probability)
    exponent = math.floor(math.log10(probability))
    return f"{probability / 10.0**exponent:.1f} × 10{str(exponent).translate(_SUPERSCRIPT)}"


def position_bars(frame: pd.DataFrame, *, title: str, log: bool, dark: bool) -> go.Figure:
    """Both models' probabilities for the same words.

    Parameters
    ----------
    frame : columns token, teacher_probability, student_probability, teacher_rank, student_rank, as from
        `fairkd.predictions.Comparison.at`; a model without numbers is left out.
    title : what the figure says, or asks; shown literally.
    log : dots on a logarithmic axis instead of bars, which need a zero to stand on.
    dark : for a dark page.
    """
    sides = [("teacher", "Teacher", TEACHER), ("student", "Student", STUDENT)]
    sides = [side for side in sides if frame[f"{side[0]}_probability"].notna().any()]
    traces = [_threads(frame, dark)] if log and len(sides) == 2 else []
    traces += [_side(frame, role, name, hue.on(dark), log) for role, name, hue in sides]
    across = {
        "title": {"text": "probability" + (" (log scale)" if log else "")},
        **_probability_axis(frame, log),
    }
    return _by_word(traces, frame["token"], across, title, dark)


def target_bars(frame: pd.DataFrame, *, title: str, dark: bool) -> go.Figure:
    """What a student is asked for at one position: all on one word, or the teacher's distribution.

    `frame` has the columns token, soft (the teacher's probability) and hard (1 for the label, else 0).
    """
    tokens = escape_all(frame["token"])
    traces = []
    for column, name, colour in (
        ("hard", "Hard label (MLM)", MUTED.on(dark)),
        ("soft", "Soft target (distillation)", TEACHER.on(dark)),
    ):
        shown = [percent(value) for value in frame[column]]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "x": frame[column].tolist(),
                "y": list(range(len(frame))),
                "name": name,
                "marker": {"color": colour},
                "text": shown if column == "soft" else ["100 %" if value else "" for value in frame[column]],
                **_OUTSIDE,
                "customdata": [list(pair) for pair in zip(tokens, shown, strict=True)],
                "hovertemplate": "<b>%{customdata[0]}</b><br>" + name + ": %{customdata[1]}<extra></extra>",
            }
        )
    across = {"title": {"text": "share of the target"}, "range": [0, 1.12], "tickformat": ".0%"}
    return _by_word(traces, frame["token"], across, title, dark)


def _by_word(traces: list[dict], tokens: pd.Series, across: dict, title: str, dark: bool) -> go.Figure:
    """One row for each token, numbers across."""
    layout = base_layout(title=shorten(title, 120), height=_FRAME + _ROW * len(tokens), dark=dark)
    own = {
        "barmode": "group",
        "bargap": 0.28,
        "bargroupgap": 0.04,
        "xaxis": across,
        "yaxis": _word_axis(tokens),
    }
    return go.Figure(data=traces, layout=merged(layout, own))


def _side(frame: pd.DataFrame, role: str, name: str, colour: str, log: bool) -> dict:
    known = frame[f"{role}_probability"].notna()
    values = frame.loc[known, f"{role}_probability"]
    ranks = ["–" if pd.isna(rank) else f"{int(rank):,}" for rank in frame.loc[known, f"{role}_rank"]]
    shown = [percent(value) for value in values]
    common = {
        "x": values.tolist(),
        "y": [row for row, here in enumerate(known) if here],
        "name": name,
        "customdata": [
            list(row) for row in zip(escape_all(frame.loc[known, "token"]), shown, ranks, strict=True)
        ],
        "hovertemplate": "<b>%{customdata[0]}</b><br>"
        + name
        + ": %{customdata[1]}, rank %{customdata[2]}<extra></extra>",
    }
    if log:
        return {"type": "scatter", "mode": "markers", "marker": {"color": colour, "size": 13}, **common}
    return {
        "type": "bar",
        "orientation": "h",
        "marker": {"color": colour},
        "text": shown,
        **_OUTSIDE,
        **common,
    }


def _threads(frame: pd.DataFrame, dark: bool) -> dict:
    """Thin lines that join the two dots of a word."""
    x: list[float | None] = []
    y: list[float | None] = []
    for row, (a, b) in enumerate(
        zip(frame["teacher_probability"], frame["student_probability"], strict=True)
    ):
        x += [a, b, None]
        y += [row, row, None]
    line = {"color": MUTED.on(dark), "width": 2}
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": line,
        "showlegend": False,
        "hoverinfo": "skip",
    }


def _word_axis(tokens: pd.Series) -> dict:
    # Rows are numbers with words beside them: as categories, words such as "2019" would become numbers.
    return {
        "tickvals": list(range(len(tokens))),
        "ticktext": escape_all(shorten(token, 28) for token in tokens),
        "range": [len(tokens) - 0.45, -0.55],
        "showgrid": False,
        "zeroline": False,
    }


def _probability_axis(frame: pd.DataFrame, log: bool) -> dict:
    values = pd.concat([frame["teacher_probability"], frame["student_probability"]]).dropna()
    if not log:
        most = float(values.max()) if len(values) else 1.0
        return {"range": [0, max(most * 1.16, 1e-6)], "tickformat": ".3~%", "nticks": 6}
    least = math.floor(math.log10(max(float(values.min()), 1e-12))) if len(values) else -4
    exponents = list(range(least, 1))
    return {
        "type": "log",
        "range": [least - 0.1, 0.1],
        "tickvals": [10.0**exponent for exponent in exponents],
        "ticktext": [f"{10.0 ** (exponent + 2):g} %" for exponent in exponents],
    }
