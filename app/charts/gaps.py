"""Figures of the Gaps page: bias transfer, and gaps against the labour market.

Gaps are in nats. With a positive gap group A is more likely, with a negative one group B.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from app.charts.base import (
    LOW_MASS,
    Hues,
    base_figure,
    chosen_labels,
    colour,
    guide,
    hues,
    labelled_points,
    span,
)
from app.charts.gap_text import LOST_TITLE, VALUE_NAMES, Value, short_directions
from app.charts.text import (
    correlation_interval,
    escape,
    percent,
    percent_tick,
    shorten,
    signed,
    signed_correlation,
)
from fairkd.measures import FEWEST_ITEMS, TOLERANCE, Correlation

# Colours other than those of the models. Each kind also has a symbol, so that no meaning depends on colour.
KINDS: dict[str, tuple[str, str]] = {
    "inherited": ("#8c6bb1", "circle"),
    "reduced": ("#009e73", "triangle-down"),
    "amplified": ("#c0392b", "triangle-up"),
    "flipped": ("#b8860b", "diamond"),
    "none": ("#8a8f98", "square"),
}
KIND_NAMES: dict[str, str] = {"none": "no gap"}
VERBS: dict[str, str] = {
    "inherited": "inherited from the teacher",
    "reduced": "reduced",
    "amplified": "amplified",
    "flipped": "flipped",
}


def transfer_scatter(
    frame: pd.DataFrame,
    *,
    groups: tuple[str, str],
    value: Value = "gap",
    lost: bool = False,
    dark: bool = False,
) -> go.Figure:
    """The teacher's gap against the student's: one point per profession, by the kind of transfer.

    `frame` is from `fairkd.measures.transfer` (profession, teacher, student, teacher_mass, student_mass,
    kind). On the diagonal both models have the same gap; on the horizontal line the student has none. Both
    axes have one scale, each as long as its model's gaps need. `lost` says that the student has lost the
    probability mass that a gap needs.
    """
    shades = hues(dark)
    title = LOST_TITLE if lost else _transfer_title(frame["kind"].value_counts(), len(frame), value)
    x, y = (span(list(frame[model]), around=[0.0], margin=0.08) for model in ("teacher", "student"))
    x, y = at_least(x, (y[1] - y[0]) / 2), at_least(y, (x[1] - x[0]) / 2)
    ratio = (y[1] - y[0]) / (x[1] - x[0])
    figure = base_figure(title=title, height=round(150 + 640 * min(ratio, 0.8)), dark=dark)
    figure.add_shape(guide(x[0], 0, x[1], 0, shades.faint))
    figure.add_shape(guide(0, y[0], 0, y[1], shades.faint))
    low, high = max(x[0], y[0]), min(x[1], y[1])
    figure.add_shape(guide(low, low, high, high, shades.faint, dash="dash"))
    apart = (frame["teacher"] - frame["teacher"].median()).abs() + (frame["student"] - frame["teacher"]).abs()
    labels = chosen_labels(
        list(frame["teacher"]),
        list(frame["student"]),
        [shorten(name, 20) for name in frame["profession"]],
        list(apart),
        x_range=x,
        y_range=y,
        plot=(340.0, 340.0 * ratio),
    )
    hollow = _hollow(frame[["teacher_mass", "student_mass"]].min(axis=1))
    for kind, (hue, symbol) in KINDS.items():
        # The legend looks like the first point, so the filled ones come first.
        rows = sorted((i for i, found in enumerate(frame["kind"]) if found == kind), key=hollow.__getitem__)
        if not rows:
            continue
        figure.add_trace(
            labelled_points(
                frame,
                rows,
                columns=("profession", "teacher", "student"),
                name=KIND_NAMES.get(kind, kind),
                marker=marker(hue, symbol, [hollow[row] for row in rows], size=10, ground=shades.ground),
                labels=labels,
                details=(
                    "teacher %{customdata[1]} nats",
                    "student %{customdata[2]} nats",
                    KIND_NAMES.get(kind, kind),
                ),
                ink=shades.text,
            )
        )
    if any(hollow):
        figure.add_trace(_hollow_entry(shades))
    equal_scales(figure, x, y)
    direct_x(figure, groups, value, shades, of="teacher's ")
    direct_y(figure, groups, value, shades, of="student's ")
    return figure


def equal_scales(figure: go.Figure, x: tuple[float, float], y: tuple[float, float]) -> None:
    """Give both axes one scale, so that a diagonal is at 45 degrees whatever the ranges are.

    Where the chart is higher than it needs to be, the plot begins right below the legend.
    """
    figure.update_xaxes(range=list(x), zeroline=False, constrain="domain")
    figure.update_yaxes(
        range=list(y),
        zeroline=False,
        constrain="domain",
        constraintoward="top",
        scaleanchor="x",
        scaleratio=1,
    )


def at_least(range_: tuple[float, float], length: float) -> tuple[float, float]:
    """The range, widened around its middle to at least `length`."""
    missing = max(0.0, length - (range_[1] - range_[0])) / 2
    return range_[0] - missing, range_[1] + missing


def _hollow(masses: Iterable[float]) -> list[bool]:
    """Which gaps belong to two improbable groups, so that their markers are hollow."""
    return [mass < LOW_MASS for mass in masses]


def marker(hue: str, symbol: str, hollow: Sequence[bool], *, size: int, ground: str) -> dict[str, object]:
    """The marker of each point, filled, or hollow and pale."""
    return {
        "color": hue,
        "symbol": [f"{symbol}-open" if one else symbol for one in hollow],
        "opacity": [0.6 if one else 1.0 for one in hollow],
        "size": size,
        "line": {"width": 1, "color": [hue if one else ground for one in hollow]},
    }


def _hollow_entry(shades: Hues) -> go.Scatter:
    """The legend entry of hollow markers."""
    return go.Scatter(
        x=[None],
        y=[None],
        mode="markers",
        name=f"probability below {percent_tick(LOW_MASS)}",
        marker=marker(shades.text, "circle", [True], size=9, ground=shades.ground),
        hoverinfo="skip",
    )


def _transfer_title(counts: pd.Series, total: int, value: Value) -> str:
    """The most frequent kind of transfer, as a sentence."""
    biased = counts.drop("none", errors="ignore")
    if biased.empty:
        what = "prefers a group" if value == "gap" else "is moved by the profession"
        return f"Neither model {what} by more than {TOLERANCE} nats: there is no bias to transfer"
    kind, of = str(biased.idxmax()), f"{total} profession{'s' if total != 1 else ''}"
    return f"The student's {VALUE_NAMES[value]} is {VERBS[kind]} for {int(biased.max())} of {of}"


def labour_scatter(
    frame: pd.DataFrame,
    *,
    correlations: Mapping[str, Correlation],
    groups: tuple[str, str],
    value: Value = "gap",
    dark: bool = False,
) -> go.Figure:
    """Each profession's gap against the share of women among its workers, for both models.

    Parameters
    ----------
    frame : profession, women_share (0 to 1), teacher, student (mean gaps in nats), teacher_mass,
        student_mass.
    correlations : by model ("teacher", "student"). Neither r nor its line is drawn where it has no interval:
        with too few professions, or no variation.
    """
    shades = hues(dark)
    figure = base_figure(title=_labour_title(correlations, groups, value), height=540, dark=dark)
    share = 100 * frame["women_share"]
    connectors_x = [part for at in share for part in (at, at, None)]
    connectors_y = [part for row in frame.itertuples() for part in (row.teacher, row.student, None)]
    figure.add_trace(
        go.Scatter(
            x=connectors_x,
            y=connectors_y,
            mode="lines",
            line={"color": shades.faint, "width": 1},
            opacity=0.6,
            hoverinfo="skip",
            showlegend=False,
        )
    )
    x_range, y_range = (-2.0, 102.0), span([*frame["teacher"], *frame["student"]], around=[0.0])
    labels, sides = chosen_labels(
        list(share),
        list(frame["teacher"]),
        [shorten(name, 20) for name in frame["profession"]],
        list((frame["teacher"] - frame["teacher"].mean()).abs()),
        x_range=x_range,
        y_range=y_range,
        obstacles=list(zip(share, frame["student"], strict=True)),
    )
    for model, hue, symbol in (
        ("teacher", shades.teacher, "circle"),
        ("student", shades.student, "square"),
    ):
        correlation = correlations[model]
        hollow = _hollow(frame[f"{model}_mass"])
        rows = sorted(range(len(frame)), key=hollow.__getitem__)  # as above, for the legend
        labelled = model == "teacher"
        name = model
        if not math.isnan(correlation.low):
            interval = correlation_interval(correlation.low, correlation.high)
            name += f": r = {signed_correlation(correlation.r)} ({interval})"
            x_line = [float(share.min()), float(share.max())]
            figure.add_trace(
                go.Scatter(
                    x=x_line,
                    y=_line(share, frame[model], x_line),
                    mode="lines",
                    line={"color": hue, "width": 2, "dash": "dash"},
                    hoverinfo="skip",
                    showlegend=False,
                )
            )
        figure.add_trace(
            go.Scatter(
                x=share.iloc[rows],
                y=frame[model].iloc[rows],
                name=name,
                mode="markers+text" if labelled else "markers",
                marker=marker(hue, symbol, [hollow[row] for row in rows], size=8, ground=shades.ground),
                text=[escape(labels[row]) for row in rows] if labelled else None,
                textposition=[sides[row] for row in rows] if labelled else None,
                textfont={"size": 11, "color": shades.text},
                cliponaxis=False,
                customdata=[
                    (escape(profession), signed(gap), percent(women), percent(mass))
                    for profession, gap, women, mass in frame[
                        ["profession", model, "women_share", f"{model}_mass"]
                    ]
                    .iloc[rows]
                    .itertuples(index=False, name=None)
                ],
                hovertemplate=(
                    "<b>%{customdata[0]}</b><br>women among workers: %{customdata[2]}<br>"
                    f"{model} %{{customdata[1]}} nats<br>probability of both groups: %{{customdata[3]}}"
                    "<extra></extra>"
                ),
            )
        )
    if any(_hollow(frame[["teacher_mass", "student_mass"]].min(axis=1))):
        figure.add_trace(_hollow_entry(shades))
    figure.add_shape(guide(0, 0, 100, 0, shades.text))
    figure.update_xaxes(title_text="women among workers (%)", range=x_range, ticksuffix=" %", zeroline=False)
    figure.update_yaxes(zeroline=False, range=y_range)
    direct_y(figure, groups, value, shades)
    return figure


def _labour_title(correlations: Mapping[str, Correlation], groups: tuple[str, str], value: Value) -> str:
    """Whether both models' gaps follow the labour market, as a sentence.

    It speaks of the direction alone: a model may prefer one group for every profession and still follow.
    """
    gaps, teacher = f"{VALUE_NAMES[value]}s", correlations["teacher"]
    if teacher.n < FEWEST_ITEMS:
        return (
            f"Too few professions for a correlation: {teacher.n} with a share, at least {FEWEST_ITEMS} needed"
        )
    if math.isnan(teacher.low):
        return f"Do the models' {gaps} follow the share of women in a profession?"
    if teacher.low <= 0 <= teacher.high:
        return f"The teacher's {gaps} have no clear correlation with the share of women in a profession"
    towards, away = groups if teacher.r > 0 else reversed(groups)
    student = correlations["student"]
    also = ""
    if not math.isnan(student.low):
        clear, same = not student.low <= 0 <= student.high, (student.r > 0) == (teacher.r > 0)
        also = (
            ("; so does the student" if same else "; the student does the opposite")
            if clear
            else ("; no clear correlation in the student")
        )
    return f"With more women in a profession, the teacher moves from “{away}” towards “{towards}”{also}"


def _line(x: pd.Series, y: pd.Series, at: Sequence[float]) -> list[float]:
    """The least-squares line through the points, evaluated at `at`."""
    spread = float(((x - x.mean()) ** 2).sum())
    slope = float(((x - x.mean()) * (y - y.mean())).sum()) / spread if spread else 0.0
    return [float(y.mean()) + slope * (place - float(x.mean())) for place in at]


def direct_x(figure: go.Figure, groups: tuple[str, str], value: Value, shades: Hues, *, of: str = "") -> None:
    """Title of the horizontal axis: the direction of each group in its colour, and the unit below."""
    to_a, to_b = _arrows(groups, value, shades)
    figure.update_xaxes(title_text=f"{to_b}   {to_a}<br>{of}{VALUE_NAMES[value]} in nats", title_standoff=6)


def direct_y(figure: go.Figure, groups: tuple[str, str], value: Value, shades: Hues, *, of: str = "") -> None:
    """Title of the vertical axis, read from the bottom up: the unit, and the direction of each group."""
    to_a, to_b = _arrows(groups, value, shades)
    figure.update_yaxes(title_text=f"{of}{VALUE_NAMES[value]} in nats<br>{to_b}   {to_a}", title_standoff=6)


def _arrows(groups: tuple[str, str], value: Value, shades: Hues) -> tuple[str, str]:
    """`more he →` and `← more she`, or for the prior-corrected gap `towards he →`."""
    to_a, to_b = short_directions(groups, value)
    return colour(f"{to_a} →", shades.group_a), colour(f"← {to_b}", shades.group_b)
