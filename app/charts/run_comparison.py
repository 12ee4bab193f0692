"""The charts of several runs: one measure of all of them, and bias against quality."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts.base import base_layout, chosen_labels, guide, hues, span
from app.charts.runs import MEASURES, SHARE_TICKS, Measure, band, curves, interval_columns, teacher_line
from app.charts.series import Series, series
from app.charts.text import escape, percent, shorten
from app.shared.theme import TEACHER, merged

NAME_LENGTH = 26
LOST = "mass lost"  # said of a run whose gap has almost no mass behind it
X_AXES = {"step": "step", "tokens": "tokens", "minutes": "minutes of training"}


def compared_curves(
    frames: Mapping[str, pd.DataFrame],
    measure: Measure,
    *,
    x: str = "step",
    teacher: Mapping[str, Any],
    lost: Collection[str] = (),
    comparable: bool = True,
    dark: bool,
) -> go.Figure:
    """One measure of several runs on one chart, with intervals where it has them, and the teacher's line.

    The title names no run that has lost its mass as the one with the smallest gap, and none at all where they
    are not measured alike.

    Parameters
    ----------
    frames : by the run's shown name, its evaluations: columns step, tokens, minutes, and the measure's. The
        order decides the looks.
    x : the column across: a key of X_AXES.
    lost : the names of the runs whose mass is far below their teacher's.
    comparable : whether all are measured alike.
    """
    traces: list[dict] = []
    last: dict[str, float] = {}
    most = 0.0
    for number, (name, frame) in enumerate(frames.items()):
        look = series(number, dark=dark)
        if measure.column not in frame or x not in frame:
            continue
        known = frame.dropna(subset=[measure.column])
        if known.empty:
            continue
        gone = measure.massed and name in lost
        if not gone:
            last[name] = float(known[measure.column].iloc[-1])
        most = max(most, float(known[x].max()))
        traces += [{**one, "legendgroup": str(number)} for one in band(known, measure, look, x)]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": known[x].tolist(),
                "y": known[measure.column].tolist(),
                "name": escape(shorten(name, NAME_LENGTH)) + (f" ({LOST})" if gone else ""),
                "legendgroup": str(number),
                "line": {"color": look.colour, "dash": look.dash, "width": 2.2},
                "marker": {"color": look.colour, "symbol": _symbol(look, gone), "size": 7},
                "customdata": [measure.shown(value) for value in known[measure.column]],
                "hovertemplate": "%{customdata}",
            }
        )
    traces += teacher_line(measure, teacher, [0.0, most or 1.0], dark=dark)
    title = f"How do the runs differ in {measure.name}?"
    if comparable and len(last) > 1:
        pick = max if measure.share else min
        ahead = pick(last, key=lambda name: abs(last[name]))
        best = f"the {'highest' if measure.share else 'lowest'} {measure.name}"
        if measure.signed:
            best = f"the {measure.name} nearest to 0"
        title = f"{shorten(ahead, NAME_LENGTH)} ends with {best}: {measure.shown(last[ahead])}"
    layout = curves(title, height=430, dark=dark, x=X_AXES.get(x, x), y=measure.axis)
    if measure.share:
        layout["yaxis"]["tickformat"] = SHARE_TICKS
    return go.Figure(data=traces, layout=layout)


def _symbol(look: Series, lost: bool) -> str:
    """The symbol of a look, hollow where the mass is lost."""
    return f"{look.symbol}-open" if lost else look.symbol


def bias_quality(
    frame: pd.DataFrame,
    *,
    front: tuple[int, ...],
    looks: Sequence[int],
    lost: Sequence[bool],
    comparable: bool = True,
    teacher: Mapping[str, Any],
    dark: bool,
) -> go.Figure:
    """Each run's mean |gap| against its pseudo-perplexity, with the Pareto front; better is down and left.

    Parameters
    ----------
    frame : one row a run: name, pseudo_perplexity, gap_absolute and its low and high, and gap_mass, from its
        last evaluation.
    front : the rows on the front, by rising pseudo-perplexity.
    looks : for each row the number of its look, as on the chart of the same runs.
    lost : for each row whether its mass is far below its teacher's; it is drawn hollow.
    comparable : whether all are measured alike; a front and a fairest run there is only then.
    """
    shades = hues(dark)
    measure = MEASURES["gap_absolute"]
    low, high = interval_columns(measure)
    traces: list[dict] = []
    front = front if comparable else ()
    if front:
        along = frame.iloc[list(front)]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": along["pseudo_perplexity"].tolist(),
                "y": along["gap_absolute"].tolist(),
                "name": "Pareto front",
                "line": {"color": shades.text, "width": 1.4, "dash": "dot"},
                "hoverinfo": "skip",
            }
        )
    own = {key: teacher.get(key) for key in ("pseudo_perplexity", "gap_absolute", low, high, "gap_mass")}
    has_teacher = own["pseudo_perplexity"] is not None and own["gap_absolute"] is not None
    points = [(str(row["name"]), row) for row in frame.to_dict("records")]
    if has_teacher:
        points.append(("teacher", own))
    xs = [float(row["pseudo_perplexity"]) for _, row in points]
    ys = [float(row["gap_absolute"]) for _, row in points]
    edges = [float(row[edge]) for _, row in points for edge in (low, high) if row.get(edge) is not None]
    x_range, y_range = span(xs, margin=0.16), span([*ys, *edges], around=[0.0], margin=0.08)
    texts, sides = chosen_labels(
        xs,
        ys,
        [shorten(name, 20) for name, _ in points],
        [1.0 + (index in front) for index in range(len(points))],
        x_range=x_range,
        y_range=y_range,
        plot=(300.0, 300.0),
    )
    for number, (name, row) in enumerate(points):
        is_teacher = has_teacher and number == len(points) - 1
        look = series(0 if is_teacher else looks[number], dark=dark)
        gone = not is_teacher and lost[number]
        mass = row.get("gap_mass")
        tint = TEACHER.on(dark) if is_teacher else look.colour
        y = float(row["gap_absolute"])
        interval = {}
        if row.get(low) is not None and row.get(high) is not None:
            interval = {
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": [float(row[high]) - y],
                    "arrayminus": [y - float(row[low])],
                    "color": tint,
                    "thickness": 1.3,
                    "width": 0,
                }
            }
        traces.append(
            {
                "type": "scatter",
                "mode": "markers+text",
                "x": [float(row["pseudo_perplexity"])],
                "y": [y],
                "name": escape(shorten(name, NAME_LENGTH)),
                "marker": {
                    "color": tint,
                    "symbol": "star" if is_teacher else _symbol(look, gone),
                    "size": 15 if is_teacher else 12,
                    "line": {"color": tint, "width": 2} if gone else {"color": shades.ground, "width": 1},
                },
                "text": [escape(texts[number])],
                "textposition": sides[number],
                "textfont": {"size": 12, "color": shades.text},
                "cliponaxis": False,
                "showlegend": False,
                "customdata": [[escape(name)]],  # in the template, a name might be read as one
                "hovertemplate": "<b>%{customdata[0]}</b><br>pseudo-perplexity "
                f"{float(row['pseudo_perplexity']):.1f}<br>mean |gap| {measure.shown(y)}"
                + ("" if mass is None or pd.isna(mass) else f"<br>mass {percent(float(mass))}")
                + (": lost, so the gap means little" if gone else "")
                + "<extra></extra>",
                **interval,
            }
        )
    layout = merged(
        base_layout(title=front_title(frame, front, lost, comparable=comparable), height=470, dark=dark),
        {
            "xaxis": {
                "title": {"text": "pseudo-perplexity (reads better ←)"},
                **_exactly(x_range),
                "zeroline": False,
            },
            "yaxis": {
                "title": {"text": "mean |gap|, nats (fairer ↓)"},
                **_exactly(y_range),
                "zeroline": False,
            },
            "shapes": [guide(x_range[0], 0, x_range[1], 0, shades.faint)],
        },
    )
    return go.Figure(data=traces, layout=layout)


def _exactly(range_: tuple[float, float]) -> dict[str, Any]:
    """This range as the axis's own, so that another one is known to be a person's zoom."""
    return {"autorange": True, "autorangeoptions": {"minallowed": range_[0], "maxallowed": range_[1]}}


def front_title(
    frame: pd.DataFrame, front: tuple[int, ...], lost: Sequence[bool], *, comparable: bool = True
) -> str:
    """What the front says: one run that wins outright, or several between which one has to choose."""
    if not comparable:
        return "Bias against quality of runs that cannot be compared"
    if len(frame) < 2:
        return "Bias against quality: what does fairness cost?"
    names = [shorten(name, NAME_LENGTH) for name in frame["name"].iloc[list(front)]]
    if not names:
        return "No run has kept the mass that a gap needs"
    if sum(lost) == len(frame) - 1:
        return f"Only {names[0]} has kept the mass that a gap needs"
    among = " of the runs that kept their mass" if any(lost) else ""
    if len(names) == 1:
        return f"{names[0]} is the fairest and reads best{among}"
    fairest = names[-1]
    cost = frame["pseudo_perplexity"].iloc[front[-1]] / frame["pseudo_perplexity"].iloc[front[0]] - 1
    return f"{fairest} is the fairest{among}, at {100 * cost:.0f} % more pseudo-perplexity than {names[0]}"
