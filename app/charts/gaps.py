"""Charts of the Gaps page: how the bias transfers, and gaps against the labour market.

Pure functions: a DataFrame in, a plotly Figure out. Gaps are in nats; a positive one leans to group A, a
negative one to group B.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from app.charts.parts import (
    Hues,
    base_figure,
    chosen_labels,
    colour,
    guide,
    hues,
    labelled_points,
    signed,
    span,
)
from app.charts.text import escape, shorten
from fairkd.statistics import Correlation

Value = Literal["gap", "corrected_gap"]
VALUE_NAMES: dict[str, str] = {"gap": "gap", "corrected_gap": "prior-corrected gap"}
LOW_MASS = 0.01  # P(A) + P(B) below which a gap has almost nothing behind it, and its marker is hollow

# Hues apart from those of the models, and for each kind a symbol of its own, so that nothing hangs on colour.
KINDS: dict[str, tuple[str, str]] = {
    "inherited": ("#8c6bb1", "circle"),
    "reduced": ("#009e73", "triangle-down"),
    "amplified": ("#c0392b", "triangle-up"),
    "flipped": ("#b8860b", "diamond"),
    "none": ("#8a8f98", "circle-open"),
}
KIND_NAMES: dict[str, str] = {"none": "no gap"}


def transfer_scatter(
    frame: pd.DataFrame, *, groups: tuple[str, str], value: Value = "gap", dark: bool = False
) -> go.Figure:
    """The teacher's gap against the student's, one point a profession, by what happened to the bias.

    `frame` is from `fairkd.gaps.transfer` (profession, teacher, student, kind). On the diagonal the
    student leans as the teacher does; on the horizontal line it does not lean at all.
    """
    shades = hues(dark)
    counts = frame["kind"].value_counts()
    figure = base_figure(title=_transfer_title(counts, len(frame)), height=580, dark=dark)
    low, high = span([*frame["teacher"], *frame["student"]], around=[0.0], room=0.08)
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
    for kind, (hue, symbol) in KINDS.items():
        rows = [index for index, found in enumerate(frame["kind"]) if found == kind]
        if not rows:
            continue
        figure.add_trace(
            labelled_points(
                frame,
                rows,
                columns=("profession", "teacher", "student"),
                name=KIND_NAMES.get(kind, kind),
                marker={
                    "color": hue,
                    "symbol": symbol,
                    "size": 10,
                    "line": {"width": 1, "color": hue if symbol.endswith("open") else shades.ground},
                },
                labels=labels,
                told=(
                    "teacher %{customdata[1]} nats",
                    "student %{customdata[2]} nats",
                    KIND_NAMES.get(kind, kind),
                ),
                ink=shades.text,
            )
        )
    figure.update_xaxes(range=[low, high], zeroline=False)
    figure.update_yaxes(range=[low, high], zeroline=False)
    direct_x(figure, groups, value, shades, of="teacher's ")
    direct_y(figure, groups, value, shades, of="student's ")
    return figure


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
    frame : profession, women_share (0 to 1), teacher, student (mean gaps in nats).
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
                x=share,
                y=frame[model],
                name=name,
                mode="markers+text" if model == "teacher" else "markers",
                marker={"color": hue, "symbol": symbol, "size": 8},
                text=[escape(label) for label in labels] if model == "teacher" else None,
                textposition=sides if model == "teacher" else None,
                textfont={"size": 11, "color": shades.text},
                cliponaxis=False,
                customdata=[
                    (escape(row.profession), signed(getattr(row, model)), f"{100 * row.women_share:.1f} %")
                    for row in frame.itertuples()
                ],
                hovertemplate=(
                    "<b>%{customdata[0]}</b><br>women among workers %{customdata[2]}<br>"
                    f"{model} %{{customdata[1]}} nats<extra></extra>"
                ),
            )
        )
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
