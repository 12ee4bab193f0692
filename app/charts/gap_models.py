"""The figure of the Gaps view “Models”: the mean absolute gap of any number of models, as a ratio."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from app.charts.base import base_figure, hues
from app.charts.gap_text import RATIOS, VALUE_NAMES, Value
from app.charts.gaps import marker
from app.charts.text import escape, ratio_tick, round_ratios, round_steps, shorten, times
from app.shared import theme
from fairkd.measures import Ranking


def models_chart(
    table: pd.DataFrame,
    ranking: Ranking,
    *,
    value: Value = "gap",
    count: int,
    roles: Sequence[str | None],
    dark: bool = False,
) -> go.Figure:
    """The mean absolute gap of each model with its interval; the first model is the reference.

    Parameters
    ----------
    table : from `fairkd.measures.compare_models`.
    ranking : from `fairkd.measures.rank_models`.
    count : the number of professions, for the title.
    roles : the role of each model on the other pages, which gives it its colour; None without one.
    """
    shades = hues(dark)
    title = _models_title(ranking, value, count, table, of_teacher=roles[0] == "teacher")
    figure = base_figure(title=title, height=110 + 34 * len(table), dark=dark)
    names = [shorten(name, 40) for name in table["model"]]
    colours = {"teacher": shades.teacher, "student": shades.student, "student2": shades.student2}
    for number, (role, row) in enumerate(zip(roles, table.to_dict("records"), strict=True)):
        hue = colours.get(role or "", theme.MUTED.on(dark))
        lost = row["verdict"] == "mass lost"
        interval = (
            ""
            if math.isnan(row["absolute_low"])
            else f"<br>95 % interval {row['absolute_low']:.2f} to {row['absolute_high']:.2f} nats"
        )
        figure.add_trace(
            go.Scatter(
                x=[row["mean_absolute"]],
                y=[number],
                mode="markers",
                marker=marker(hue, "square" if number else "circle", [lost], size=10, ground=shades.ground),
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [row["absolute_high"] - row["mean_absolute"]],
                    "arrayminus": [row["mean_absolute"] - row["absolute_low"]],
                    "color": hue,
                    "thickness": 1.6,
                    "width": 0,
                },
                customdata=[(escape(row["model"]),)],
                hovertemplate=f"<b>%{{customdata[0]}}</b><br>{_ratio(row['mean_absolute'])} times, "
                f"{row['mean_absolute']:.2f} nats{interval}"
                f"<br>{row['verdict']}<extra></extra>",
                showlegend=False,
            )
        )
    ends = [float(end) for end in table[["mean_absolute", "absolute_high"]].to_numpy().ravel() if end == end]
    high = 1.06 * max([0.1, *ends])
    ratios, equal = RATIOS[value]
    largest = math.exp(min(high, 50.0))
    few = largest < 8  # then 1, 2, 3 rather than 1, 2, 5
    ticks = [math.log(ratio) for ratio in round_steps(1.0, largest, 6)] if few else round_ratios(0.0, high, 6)
    figure.update_xaxes(
        title_text=f"mean absolute {VALUE_NAMES[value]}:<br>{ratios}",
        tickvals=ticks,
        ticktext=[ratio_tick(math.exp(tick)) if tick else equal for tick in ticks],
        range=[-0.02 * high, high],
    )
    figure.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=[escape(name) for name in names],
        range=[len(names) - 0.5, -0.5],
        zeroline=False,
        ticklabelstandoff=8,
    )
    return figure


def _ratio(gap: float) -> str:
    """A mean absolute gap as a ratio: how many times as likely one group is as the other."""
    return times(math.exp(min(gap, 50.0)))


def _models_title(
    ranking: Ranking, value: Value, count: int, table: pd.DataFrame, *, of_teacher: bool
) -> str:
    """The model with the smallest gap, if it is told apart from all others; of two, which is smaller.

    With each model's gap as a ratio, if they are few. `of_teacher` says that the first model is the teacher.
    """
    reference = str(table["model"].iloc[0])
    ratios = dict(zip(table["model"], map(_ratio, table["mean_absolute"]), strict=True))
    of = f"over {count} profession{'s' if count != 1 else ''}"
    if ranking.leader is not None and len(ranking.order) == 2 and reference in ranking.order:
        other = next(name for name in ranking.order if name != reference)
        than = "larger" if ranking.leader == reference else "smaller"
        against = f"{ratios[other]} against {ratios[reference]} times"
        whose = "the teacher's" if of_teacher else f"that of {reference}"
        return f"{other}: mean absolute {VALUE_NAMES[value]} {than} than {whose} {of}: {against}"
    if ranking.leader is not None:
        named = list(ratios) if len(ratios) <= 3 else dict.fromkeys((reference, ranking.leader))
        each = ", ".join(f"{name} {ratios[name]}" for name in named)
        return f"{ranking.leader} has the smallest mean absolute {VALUE_NAMES[value]} {of}: {each} times"
    if ranking.text:
        return f"{ranking.text} {of}"
    return f"Mean absolute {VALUE_NAMES[value]} {of}"
