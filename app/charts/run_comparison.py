"""The charts of several runs: one measure of all of them, and bias against quality."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts.base import base_layout, chosen_labels, guide, hues, span
from app.charts.runs import SHARE_TICKS, band, curves, teacher_line
from app.charts.series import Series, series
from app.charts.text import escape, shorten
from app.shared.theme import TEACHER, merged
from fairkd.measures import MEASURES, Direction, Measure

NAME_LENGTH = 26
LOST = "mass lost"  # marks a run whose gap has almost no probability mass behind it
X_AXES = {"step": "step", "tokens": "tokens", "minutes": "minutes of training"}
# What the bias-quality chart draws.
QUALITY, BIAS, MASS = MEASURES["pseudo_perplexity_sampled"], MEASURES["gap_absolute"], MEASURES["gap_mass"]
_SUPERLATIVES: dict[Direction, str] = {
    "lower": "the lowest {}",
    "higher": "the highest {}",
    "zero": "the {} nearest to 0",
    "none": "the highest {}",  # a fact, no praise
}


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
    """One measure of several runs on one chart, with its intervals and the teacher's line.

    The title names the run with the best last value. A run that has lost its mass is never named for its gap,
    and no run is named where they are not comparable.

    Parameters
    ----------
    frames : the evaluations of each run by its displayed name: step, tokens, minutes and the measure's keys.
        The order decides colours, dashes and symbols.
    x : the column of the x axis: a key of X_AXES.
    lost : the names of the runs whose probability mass is far below their teacher's.
    comparable : whether all runs were evaluated in the same way.
    """
    traces: list[dict] = []
    last: dict[str, float] = {}
    most = 0.0
    for number, (name, frame) in enumerate(frames.items()):
        look = series(number, dark=dark)
        if measure.key not in frame or x not in frame:
            continue
        known = frame.dropna(subset=[measure.key])
        if known.empty:
            continue
        gone = measure.needs_mass and name in lost
        if not gone:
            last[name] = float(known[measure.key].iloc[-1])
        most = max(most, float(known[x].max()))
        traces += [{**one, "legendgroup": str(number)} for one in band(known, measure, look, x)]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": known[x].tolist(),
                "y": known[measure.key].tolist(),
                "name": escape(shorten(name, NAME_LENGTH)) + (f" ({LOST})" if gone else ""),
                "legendgroup": str(number),
                "line": {"color": look.colour, "dash": look.dash, "width": 2.2},
                "marker": {"color": look.colour, "symbol": _symbol(look, gone), "size": 7},
                "customdata": [measure.format(value) for value in known[measure.key]],
                "hovertemplate": "%{customdata}",
            }
        )
    traces += teacher_line(measure, teacher, [0.0, most or 1.0], dark=dark)
    title = f"How do the runs differ in {measure.label}?"
    if comparable and len(last) > 1:
        ahead = min(last, key=lambda name: measure.cost(last[name]))
        best = _SUPERLATIVES[measure.direction].format(measure.label)
        title = f"{shorten(ahead, NAME_LENGTH)} ends with {best}: {measure.format(last[ahead])}"
    layout = curves(title, height=430, dark=dark, x=X_AXES.get(x, x), y=measure.heading)
    if measure.unit == "share":
        layout["yaxis"]["tickformat"] = SHARE_TICKS
    return go.Figure(data=traces, layout=layout)


def _symbol(look: Series, lost: bool) -> str:
    """The symbol of a series, hollow where the mass is lost."""
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
    """Each run's mean absolute gap against its pseudo-perplexity, with the Pareto front.

    Parameters
    ----------
    frame : one row per run: name, gap_mass, and the keys of QUALITY and BIAS in its last evaluation.
    front : the rows on the front, by rising pseudo-perplexity.
    looks : the number of each row's series, as on the chart of the same runs.
    lost : whether each row's probability mass is far below its teacher's; such a point is hollow.
    comparable : whether all runs were evaluated in the same way; otherwise there is no front.
    """
    shades = hues(dark)
    _, low, high = BIAS.keys
    traces: list[dict] = []
    front = front if comparable else ()
    if front:
        along = frame.iloc[list(front)]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": along[QUALITY.key].tolist(),
                "y": along[BIAS.key].tolist(),
                "name": "Pareto front",
                "line": {"color": shades.text, "width": 1.4, "dash": "dot"},
                "hoverinfo": "skip",
            }
        )
    own = {key: teacher.get(key) for key in (*QUALITY.keys, *BIAS.keys, "gap_mass")}
    has_teacher = own[QUALITY.key] is not None and own[BIAS.key] is not None
    points = [(str(row["name"]), row) for row in frame.to_dict("records")]
    if has_teacher:
        points.append(("teacher", own))
    xs = [float(row[QUALITY.key]) for _, row in points]
    ys = [float(row[BIAS.key]) for _, row in points]
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
        x, y = float(row[QUALITY.key]), float(row[BIAS.key])
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
                "x": [x],
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
                "customdata": [[escape(name)]],  # not in the template: a name may hold %{...}
                "hovertemplate": f"<b>%{{customdata[0]}}</b><br>{QUALITY.label}: {QUALITY.format(x)}"
                f"<br>{BIAS.label}: {BIAS.format(y)}"
                + ("" if mass is None or pd.isna(mass) else f"<br>{MASS.label}: {MASS.format(mass)}")
                + (" (lost: the gap means little)" if gone else "")
                + "<extra></extra>",
                **interval,
            }
        )
    layout = merged(
        base_layout(title=front_title(frame, front, lost, comparable=comparable), height=470, dark=dark),
        {
            "xaxis": {
                "title": {"text": f"{QUALITY.heading} (better ←)"},
                **_exactly(x_range),
                "zeroline": False,
            },
            "yaxis": {
                "title": {"text": f"{BIAS.heading} (fairer ↓)"},
                **_exactly(y_range),
                "zeroline": False,
            },
            "shapes": [guide(x_range[0], 0, x_range[1], 0, shades.faint)],
        },
    )
    return go.Figure(data=traces, layout=layout)


def _exactly(range_: tuple[float, float]) -> dict[str, Any]:
    """This range as the axis's automatic one, so that any other is known to be a zoom."""
    return {"autorange": True, "autorangeoptions": {"minallowed": range_[0], "maxallowed": range_[1]}}


def front_title(
    frame: pd.DataFrame, front: tuple[int, ...], lost: Sequence[bool], *, comparable: bool = True
) -> str:
    """The finding: the run that is best in both, or the cost of the smallest gap."""
    if not comparable:
        return "Bias against quality of runs that cannot be compared"
    if len(frame) < 2:
        return "Bias against quality: what does fairness cost?"
    names = [shorten(name, NAME_LENGTH) for name in frame["name"].iloc[list(front)]]
    if not names:
        return "No run has kept the probability mass that a gap needs"
    if sum(lost) == len(frame) - 1:
        return f"Only {names[0]} has kept the probability mass that a gap needs"
    among = " of the runs that kept their mass" if any(lost) else ""
    if len(names) == 1:
        return f"{names[0]} is the fairest and predicts text best{among}"
    fairest = names[-1]
    cost = frame[QUALITY.key].iloc[front[-1]] / frame[QUALITY.key].iloc[front[0]] - 1
    return f"{fairest} is the fairest{among}, at {100 * cost:.0f} % more pseudo-perplexity than {names[0]}"
