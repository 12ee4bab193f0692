"""Charts of the Gaps page: how the bias transfers, and gaps against the labour market.

Pure functions: a DataFrame in, a plotly Figure out. Gaps are in nats; a positive one leans to group A, a
negative one to group B.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

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
from app.charts.text import escape, percent, shorten, signed
from fairkd.measures import Correlation

Value = Literal["gap", "corrected_gap"]
VALUE_NAMES: dict[str, str] = {"gap": "gap", "corrected_gap": "prior-corrected gap"}

# Hues apart from those of the models, and for each kind a symbol of its own, so that nothing hangs on colour.
KINDS: dict[str, tuple[str, str]] = {
    "inherited": ("#8c6bb1", "circle"),
    "reduced": ("#009e73", "triangle-down"),
    "amplified": ("#c0392b", "triangle-up"),
    "flipped": ("#b8860b", "diamond"),
    "none": ("#8a8f98", "square"),
}
KIND_NAMES: dict[str, str] = {"none": "no gap"}


def transfer_scatter(
    frame: pd.DataFrame, *, groups: tuple[str, str], value: Value = "gap", dark: bool = False
) -> go.Figure:
    """The teacher's gap against the student's, one point a profession, by what happened to the bias.

    `frame` is from `fairkd.measures.word_gaps.transfer` (profession, teacher, student, teacher_mass,
    student_mass, kind). On the diagonal the student leans as the teacher does; on the horizontal line it does
    not lean at all.
    """
    shades = hues(dark)
    counts = frame["kind"].value_counts()
    figure = base_figure(title=_transfer_title(counts, len(frame)), height=580, dark=dark)
    low, high = span([*frame["teacher"], *frame["student"]], around=[0.0], margin=0.08)
    figure.add_shape(guide(low, 0, high, 0, shades.faint))
    figure.add_shape(guide(0, low, 0, high, shades.faint))
    figure.add_shape(guide(low, low, high, high, shades.faint, dash="dash"))
    apart = (frame["teacher"] - frame["teacher"].median()).abs() + (frame["student"] - frame["teacher"]).abs()
    labels = chosen_labels(
        list(frame["teacher"]),
        list(frame["student"]),
        [shorten(name, 20) for name in frame["profession"]],
        list(apart),
        x_range=(low, high),
        y_range=(low, high),
    )
    thin = _thin(frame[["teacher_mass", "student_mass"]].min(axis=1))
    for kind, (hue, symbol) in KINDS.items():
        # The legend takes the first point's look, so those that are not hollow come first.
        rows = sorted((i for i, found in enumerate(frame["kind"]) if found == kind), key=thin.__getitem__)
        if not rows:
            continue
        figure.add_trace(
            labelled_points(
                frame,
                rows,
                columns=("profession", "teacher", "student"),
                name=KIND_NAMES.get(kind, kind),
                marker=_marker(hue, symbol, [thin[row] for row in rows], size=10, ground=shades.ground),
                labels=labels,
                told=(
                    "teacher %{customdata[1]} nats",
                    "student %{customdata[2]} nats",
                    KIND_NAMES.get(kind, kind),
                ),
                ink=shades.text,
            )
        )
    if any(thin):
        figure.add_trace(_thin_entry(shades))
    figure.update_xaxes(range=[low, high], zeroline=False)
    figure.update_yaxes(range=[low, high], zeroline=False)
    direct_x(figure, groups, value, shades, of="teacher's ")
    direct_y(figure, groups, value, shades, of="student's ")
    return figure


def _thin(masses: Iterable[float]) -> list[bool]:
    """Which gaps have almost nothing behind them."""
    return [mass < LOW_MASS for mass in masses]


def _marker(hue: str, symbol: str, thin: Sequence[bool], *, size: int, ground: str) -> dict[str, object]:
    """The marker of each point, hollow and faded where it is thin."""
    return {
        "color": hue,
        "symbol": [f"{symbol}-open" if hollow else symbol for hollow in thin],
        "opacity": [0.6 if hollow else 1.0 for hollow in thin],
        "size": size,
        "line": {"width": 1, "color": [hue if hollow else ground for hollow in thin]},
    }


def _thin_entry(shades: Hues) -> go.Scatter:
    """What a hollow marker means, for the legend."""
    return go.Scatter(
        x=[None],
        y=[None],
        mode="markers",
        name=f"mass below {percent(LOW_MASS)}",
        marker=_marker(shades.text, "circle", [True], size=9, ground=shades.ground),
        hoverinfo="skip",
    )


def _transfer_title(counts: pd.Series, total: int) -> str:
    """What happened to most professions, in a sentence."""
    leaning = counts.drop("none", errors="ignore")
    if leaning.empty:
        return "Neither model leans: there is no bias to transfer"
    verb = {
        "inherited": "inherits the teacher's gap",
        "reduced": "reduces the teacher's gap",
        "amplified": "amplifies the teacher's gap",
        "flipped": "leans the other way",
    }[str(leaning.idxmax())]
    return f"The student {verb} for {int(leaning.max())} of {total} profession{'s' if total != 1 else ''}"


def labour_scatter(
    frame: pd.DataFrame,
    *,
    correlations: Mapping[str, Correlation],
    groups: tuple[str, str],
    value: Value = "gap",
    dark: bool = False,
) -> go.Figure:
    """Each profession's gap against the share of women who work in it, for both models.

    Parameters
    ----------
    frame : profession, women_share (0 to 1), teacher, student (mean gaps in nats), teacher_mass,
        student_mass.
    correlations : by model ("teacher", "student"); r is NaN where there are too few professions for one.
    """
    shades = hues(dark)
    figure = base_figure(title=_labour_title(correlations["teacher"], groups), height=540, dark=dark)
    share = 100 * frame["women_share"]
    joins_x = [part for at in share for part in (at, at, None)]
    joins_y = [part for row in frame.itertuples() for part in (row.teacher, row.student, None)]
    figure.add_trace(
        go.Scatter(
            x=joins_x,
            y=joins_y,
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
    )
    for model, hue, symbol in (
        ("teacher", shades.teacher, "circle"),
        ("student", shades.student, "square"),
    ):
        correlation = correlations[model]
        thin = _thin(frame[f"{model}_mass"])
        rows = sorted(range(len(frame)), key=thin.__getitem__)  # as above, for the legend
        labelled = model == "teacher"
        name = model
        if not math.isnan(correlation.r):
            name += f": r = {signed(correlation.r)} ({signed(correlation.low)} to {signed(correlation.high)})"
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
                marker=_marker(hue, symbol, [thin[row] for row in rows], size=8, ground=shades.ground),
                text=[escape(labels[row]) for row in rows] if labelled else None,
                textposition=[sides[row] for row in rows] if labelled else None,
                textfont={"size": 11, "color": shades.text},
                cliponaxis=False,
                customdata=[
                    (escape(called), signed(gap), f"{100 * women:.1f} %", percent(mass))
                    for called, gap, women, mass in frame[
                        ["profession", model, "women_share", f"{model}_mass"]
                    ]
                    .iloc[rows]
                    .itertuples(index=False, name=None)
                ],
                hovertemplate=(
                    "<b>%{customdata[0]}</b><br>women among workers %{customdata[2]}<br>"
                    f"{model} %{{customdata[1]}} nats, mass %{{customdata[3]}}<extra></extra>"
                ),
            )
        )
    if any(_thin(frame[["teacher_mass", "student_mass"]].min(axis=1))):
        figure.add_trace(_thin_entry(shades))
    figure.add_shape(guide(0, 0, 100, 0, shades.text))
    figure.update_xaxes(title_text="women among workers (%)", range=x_range, ticksuffix=" %", zeroline=False)
    figure.update_yaxes(zeroline=False, range=y_range)
    direct_y(figure, groups, value, shades)
    return figure


def _labour_title(correlation: Correlation, groups: tuple[str, str]) -> str:
    """Whether the teacher's gaps follow the labour market, in a sentence."""
    if math.isnan(correlation.r):
        return "Do the models' gaps follow who works in the profession?"
    if correlation.low <= 0 <= correlation.high:
        return "The teacher's gaps show no clear link with who works in the profession"
    favoured = groups[0] if correlation.r > 0 else groups[1]
    return f"The more women work in a profession, the more the teacher leans to “{favoured}”"


def _line(x: pd.Series, y: pd.Series, at: Sequence[float]) -> list[float]:
    """The least-squares line through the points, at the given places."""
    spread = float(((x - x.mean()) ** 2).sum())
    slope = float(((x - x.mean()) * (y - y.mean())).sum()) / spread if spread else 0.0
    return [float(y.mean()) + slope * (place - float(x.mean())) for place in at]


def direct_x(figure: go.Figure, groups: tuple[str, str], value: Value, shades: Hues, *, of: str = "") -> None:
    """Title of the horizontal axis: which way leads to which group, in its colour, and below it the unit."""
    to_a, to_b = _ways(groups, shades)
    figure.update_xaxes(title_text=f"{to_b}   {to_a}<br>{of}{VALUE_NAMES[value]} in nats", title_standoff=6)


def direct_y(figure: go.Figure, groups: tuple[str, str], value: Value, shades: Hues, *, of: str = "") -> None:
    """Title of the vertical axis, in one line; read from the bottom up."""
    to_a, to_b = _ways(groups, shades)
    figure.update_yaxes(title_text=f"{to_b}   {of}{VALUE_NAMES[value]} in nats   {to_a}", title_standoff=6)


def _ways(groups: tuple[str, str], shades: Hues) -> tuple[str, str]:
    """`more he →` and `← more she`."""
    a, b = (shorten(group, 14) for group in groups)
    return colour(f"more {a} →", shades.group_a), colour(f"← more {b}", shades.group_b)
