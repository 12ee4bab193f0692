"""The charts of several runs: one measure of all of them, and bias against quality."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts.base import base_layout, chosen_labels, guide, hues, span
from app.charts.runs import band, curves, teacher_line, too_few_to_draw, value_axis, without_axes
from app.charts.series import Series, series
from app.charts.text import escape, percent, shorten
from app.shared.theme import MUTED, TEACHER, merged
from fairkd.measures import MEASURES, Direction, Measure, Ranking, cannot_be_told_apart

NAME_LENGTH = 26
HEIGHT = 450
LOST = "mass lost"  # marks a run whose gap has almost no probability mass behind it
X_AXES = {"step": "step", "tokens": "tokens", "minutes": "minutes of training"}
# What the bias-quality chart draws.
QUALITY, BIAS, MASS = MEASURES["pseudo_perplexity_sampled"], MEASURES["gap_absolute"], MEASURES["gap_mass"]
INTERVALS = "95 % intervals"
ONE_SEED = "95 % intervals, each run at one seed: another seed may end differently"
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
    looks: Mapping[str, int] | None = None,
    x: str = "step",
    teacher: Mapping[str, Any],
    ranking: Ranking | None = None,
    one_seed: bool = False,
    lost: Collection[str] = (),
    dark: bool,
) -> go.Figure:
    """One measure of several runs on one chart, with its intervals and the teacher's line.

    Runs with the same values are drawn with lines of different widths, so that all of them are seen.

    Parameters
    ----------
    frames : the evaluations of each run by its displayed name: step, tokens, minutes and the measure's keys.
    looks : the number of each run's series by name, which decides colour, dash and symbol; by default their
        order.
    x : the column of the x axis: a key of X_AXES.
    ranking : of the runs whose values count, as from `fairkd.runs.rank_runs`; without one, as for runs that
        are not comparable, the title is a question.
    one_seed : whether each variant ran at one seed, which a note says.
    lost : the names of the runs whose probability mass is far below their teacher's.
    """
    known = {
        name: frame.dropna(subset=[measure.key]) for name, frame in frames.items() if measure.key in frame
    }
    drawn = {
        name: frame
        for name, frame in known.items()
        if x in frame and len(frame) and not measure.has_too_few(frame.iloc[-1])
    }
    title = comparison_title(ranking, measure, {name: frame.iloc[-1] for name, frame in drawn.items()})
    same = identical_series({name: frame[[x, measure.key]] for name, frame in drawn.items()})
    sizes = {measure.sample_size(frame.iloc[-1]) for frame in drawn.values()} - {""}
    lines = [f"{' or '.join(sorted(sizes)) or measure.sampled}; {ONE_SEED if one_seed else INTERVALS}"]
    lines += [f"{and_(names)} have the same values" for names in same]
    muted = MUTED.on(dark)
    layout = curves(
        title,
        height=HEIGHT,
        dark=dark,
        x=X_AXES.get(x, x),
        y=measure.heading,
        notes=[(line, muted) for line in lines],
    )
    if not drawn:
        few = next((frame.iloc[-1] for frame in known.values() if len(frame)), None)
        text = "The first point comes with the first evaluation."
        return go.Figure(layout=without_axes(layout, text if few is None else too_few_to_draw(measure, few)))
    traces: list[dict] = []
    for name, frame in drawn.items():
        number = list(frames).index(name) if looks is None else looks[name]
        look = series(number, dark=dark)
        gone = measure.needs_mass and name in lost
        below = next((len(names) - 1 - names.index(name) for names in same if name in names), 0)
        traces += [{**one, "legendgroup": str(number)} for one in band(frame, measure, look, x)]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": frame[x].tolist(),
                "y": frame[measure.key].tolist(),
                "name": escape(shorten(name, NAME_LENGTH)) + (f" ({LOST})" if gone else ""),
                "legendgroup": str(number),
                "line": {"color": look.colour, "dash": look.dash, "width": 2.2 + 3 * below},
                "marker": {"color": look.colour, "symbol": _symbol(look, gone), "size": 7 + 5 * below},
                "customdata": [measure.format_with_interval(row) for row in frame.to_dict("records")],
                "hovertemplate": "%{customdata}",
            }
        )
    most = max(float(frame[x].max()) for frame in drawn.values())
    traces += teacher_line(measure, teacher, [0.0, most or 1.0], dark=dark)
    return go.Figure(data=traces, layout=value_axis(layout, measure))


def comparison_title(ranking: Ranking | None, measure: Measure, last: Mapping[str, Mapping[str, Any]]) -> str:
    """The run that is best beyond doubt, or that none is."""
    if ranking is None or len(ranking.order) < 2:
        return f"How do the runs differ in {measure.label}?"
    if ranking.leader is None:
        return f"{alike(ranking)} in {measure.label}"
    best = _SUPERLATIVES[measure.direction].format(measure.label)
    value = measure.format(float(last[ranking.leader][measure.key]))
    return f"{shorten(ranking.leader, NAME_LENGTH)} ends with {best}: {value}"


def alike(ranking: Ranking) -> str:
    """The names of runs that cannot be told apart, shortened."""
    return cannot_be_told_apart([shorten(name, NAME_LENGTH) for name in ranking.tied])


def and_(names: Sequence[str]) -> str:
    """The shortened names as a list in words: "plain, paper and fair"."""
    *most, last = [shorten(name, NAME_LENGTH) for name in names]
    return f"{', '.join(most)} and {last}" if most else last


def identical_series(frames: Mapping[str, pd.DataFrame]) -> list[list[str]]:
    """The names of series with the same points, which would hide one another."""
    found: dict[str, list[str]] = {}
    for name, frame in frames.items():
        found.setdefault(repr(frame.to_numpy().tolist()), []).append(name)
    return [names for names in found.values() if len(names) > 1]


def _symbol(look: Series, lost: bool) -> str:
    """The symbol of a series, hollow where the mass is lost."""
    return f"{look.symbol}-open" if lost else look.symbol


def bias_quality(
    frame: pd.DataFrame,
    *,
    front: tuple[int, ...],
    looks: Mapping[str, int],
    lost: Sequence[bool],
    rankings: tuple[Ranking, Ranking] | None = None,
    head: tuple[str, str] | None = None,
    teacher: Mapping[str, Any],
    dark: bool,
) -> go.Figure:
    """Each run's mean absolute gap against its pseudo-perplexity, with their intervals and the Pareto front.

    Parameters
    ----------
    frame : one row per run: name, gap_mass, and the keys of QUALITY and BIAS in its last evaluation.
    front : the rows on the front, by rising pseudo-perplexity.
    looks : the number of each run's series by name, as on the chart of the same runs.
    lost : whether each row's probability mass is far below its teacher's; such a point is hollow.
    rankings : of the runs that kept their mass, by BIAS and by QUALITY, as from `fairkd.runs.rank_runs`. None
        where the runs are not comparable: then there is no front, and no run is named.
    head : title and note of points that are no runs, in place of those that the rankings make.
    """
    shades = hues(dark)
    traces: list[dict] = []
    front = front if rankings or head else ()
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
    own = {key: teacher.get(key) for key in (*QUALITY.keys, *BIAS.keys, MASS.key)}
    has_teacher = own[QUALITY.key] is not None and own[BIAS.key] is not None
    points = [(str(row["name"]), row) for row in frame.to_dict("records")]
    if has_teacher:
        points.append(("teacher", own))
    xs = [float(row[QUALITY.key]) for _, row in points]
    ys = [float(row[BIAS.key]) for _, row in points]
    x_range = span([*xs, *_ends(points, QUALITY)], margin=0.1)
    y_range = span([*ys, *_ends(points, BIAS)], around=[0.0], margin=0.08)
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
        look = series(0 if is_teacher else looks[name], dark=dark)
        gone = not is_teacher and lost[number]
        mass = row.get("gap_mass")
        tint = TEACHER.on(dark) if is_teacher else look.colour
        x, y = float(row[QUALITY.key]), float(row[BIAS.key])
        size = 12 + 6 * sum(point == (x, y) for point in zip(xs[number + 1 :], ys[number + 1 :], strict=True))
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
                    "size": 15 if is_teacher else size,
                    "line": {"color": tint, "width": 2} if gone else {"color": shades.ground, "width": 1},
                },
                "text": [escape(texts[number])],
                # Beside a point, its own interval would strike the label through.
                "textposition": sides[number].replace("middle", "top"),
                "textfont": {"size": 12, "color": shades.text},
                "cliponaxis": False,
                "showlegend": False,
                "customdata": [[escape(name)]],  # not in the template: a name may hold %{...}
                "hovertemplate": "<b>%{customdata[0]}</b>"
                + "".join(f"<br>{one.label}: {one.format_with_interval(row)}" for one in (QUALITY, BIAS))
                + ("" if mass is None or pd.isna(mass) else f"<br>{MASS.label}: {MASS.format(mass)}")
                + (" (lost: the gap means little)" if gone else "")
                + "<extra></extra>",
                "error_x": _bars(row, QUALITY, tint),
                "error_y": _bars(row, BIAS, tint),
            }
        )
    layout = merged(
        base_layout(
            title=head[0] if head else front_title(frame, lost, rankings),
            height=HEIGHT,
            dark=dark,
            notes=[(head[1] if head else sample_sizes(frame), MUTED.on(dark))],
        ),
        {
            "xaxis": {
                "title": {"text": f"{QUALITY.heading} (better ←)"},
                **_exactly(x_range),
                "zeroline": False,
            },
            "yaxis": {
                "title": {"text": f"{BIAS.heading} (↓ smaller gap)"},
                **_exactly(y_range),
                "zeroline": False,
            },
            "shapes": [guide(x_range[0], 0, x_range[1], 0, shades.faint)],
        },
    )
    return go.Figure(data=traces, layout=layout)


def _ends(points: Sequence[tuple[str, Mapping[str, Any]]], measure: Measure) -> list[float]:
    """The ends of all intervals of a measure; NaN where one is unknown."""
    ends = [row.get(key) for _, row in points for key in measure.interval]
    return [float(end) for end in ends if end is not None]


def _bars(row: Mapping[str, Any], measure: Measure, tint: str) -> dict[str, Any]:
    """The interval of a point as plotly's error bars; none where it is unknown."""
    value, low, high = (row.get(key) for key in measure.keys)
    if value is None or low is None or high is None or pd.isna(low) or pd.isna(high):
        return {"visible": False}
    bars = {"array": [float(high) - float(value)], "arrayminus": [float(value) - float(low)]}
    return {"type": "data", "symmetric": False, **bars, "color": tint, "thickness": 1.3, "width": 0}


def _exactly(range_: tuple[float, float]) -> dict[str, Any]:
    """This range as the axis's automatic one, so that any other is known to be a zoom."""
    return {"autorange": True, "autorangeoptions": {"minallowed": range_[0], "maxallowed": range_[1]}}


def sample_sizes(frame: pd.DataFrame) -> str:
    """On what both measures of the points were measured."""
    rows = frame.to_dict("records")
    sizes = dict.fromkeys(one.sample_size(row) for one in (BIAS, QUALITY) for row in rows)
    measured = ", ".join(filter(None, sizes)) or "sample sizes not stored"
    return f"{measured}; bars are 95 % intervals of each run, the title compares item by item"


def front_title(frame: pd.DataFrame, lost: Sequence[bool], rankings: tuple[Ranking, Ranking] | None) -> str:
    """The finding: which run is best in both, what the smallest gap costs, or that no run stands out."""
    if rankings is None:
        return "Bias against quality of runs that cannot be compared"
    if len(frame) < 2:
        return "Bias against quality: what does fairness cost?"
    kept = [shorten(name, NAME_LENGTH) for name, gone in zip(frame["name"], lost, strict=True) if not gone]
    if not kept:
        return "No run has kept the probability mass that a gap needs"
    if len(kept) == 1:
        return f"Only {kept[0]} has kept the probability mass that a gap needs"
    gap, quality = rankings
    among = " of the runs that kept their mass" if any(lost) else ""
    if gap.leader is None:
        undecided = f"{alike(gap)} in {BIAS.label}"
        if quality.leader is None:
            same = set(quality.tied) == set(gap.tied)
            return f"{alike(gap)}{among}" if same else f"{undecided}, {alike(quality)} in pseudo-perplexity"
        return f"{undecided}; {shorten(quality.leader, NAME_LENGTH)} predicts text best{among}"
    fairest = shorten(gap.leader, NAME_LENGTH)
    if quality.leader == gap.leader:
        return f"{fairest} has the smallest gap and predicts text best{among}"
    smallest = f"{fairest} has the smallest gap{among}"
    if gap.leader in quality.tied:
        return f"{smallest}; in pseudo-perplexity, {alike(quality)}"
    values = dict(zip(frame["name"], frame[QUALITY.key], strict=True))
    best = quality.order[0]
    cost = values[gap.leader] / values[best] - 1
    return f"{smallest}, at {percent(cost)} more pseudo-perplexity than {shorten(best, NAME_LENGTH)}"
