"""The figures of the lessons' experiments: a dot for each seed, means with intervals, and a grid."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from app.charts.base import base_layout, span
from app.charts.text import escape
from app.shared import theme
from app.shared.theme import Hue
from fairkd import lessons
from fairkd.lessons import ExperimentResult
from fairkd.measures import Ranking

SHARES = ("top1_accuracy", "ece", "gap_mass")  # values from 0 to 1
HARD = Hue("#0b111b", "#e7eaf0")  # the ink: a label that knows no shades
_SPREAD = 0.05  # between the dots of two seeds


def _axis_title(name: str) -> str:
    label = lessons.value_label(name)
    return f"{label}, nats" if name in ("kl", "gap_absolute") else label


def sizes_chart(result: ExperimentResult, name: str, *, dark: bool) -> go.Figure:
    """Hard labels and soft targets by the number of sentences: each seed, and the mean with its interval."""
    sizes = sorted({cell.sentences for cell in result.cells})
    layout = base_layout(title=lessons.finding_by_size(result, name), height=400, dark=dark)
    figure = go.Figure(layout=layout)
    kinds = (("hard", "hard labels", HARD, -0.14), ("soft", "soft targets", theme.STUDENT, 0.14))
    for kind, label, hue, shift in kinds:
        cells = [result.cell(sentences=size, targets=kind) for size in sizes]
        _dots(figure, result, cells, name, label=label, hue=hue.on(dark), shift=shift)
    for label, hue, dash, values in (
        ("the teacher", theme.TEACHER, "dash", result.teacher.values),
        ("before training", theme.MUTED, "dot", result.start),
    ):
        if name in values:
            _level(figure, values[name], label, hue.on(dark), dash, count=len(sizes))
    figure.update_xaxes(
        tickvals=list(range(len(sizes))),
        ticktext=[f"{size:,}" for size in sizes],
        range=[-0.5, len(sizes) - 0.5],
        title_text="training sentences",
        showgrid=False,
        zeroline=False,
    )
    _value_axis(figure, name)
    return figure


def seeds_chart(
    result: ExperimentResult, cells: Sequence[str], name: str, seeds: Sequence[int], *, title: str, dark: bool
) -> go.Figure:
    """Two cells of the grid, the runs of each seed joined by a line; seeds that are not chosen are faint."""
    figure = go.Figure(layout=base_layout(title=title, height=250, dark=dark))
    values = [result.values(cell, name) for cell in cells]
    labels = [lessons.cell_label(result, cell) for cell in cells]
    for seed, pair in enumerate(zip(*values, strict=True)):
        chosen = seed in seeds
        hue = (theme.STUDENT if chosen else theme.FAINT).on(dark)
        figure.add_trace(
            go.Scatter(
                x=list(range(len(cells))),
                y=list(pair),
                mode="lines+markers",
                marker={"color": hue, "size": 10},
                line={"color": hue, "width": 1.5},
                opacity=1.0 if chosen else 0.6,
                hovertemplate=f"seed {seed}: %{{text}}<extra></extra>",
                text=[lessons.format_value(name, value) for value in pair],
                showlegend=False,
            )
        )
    figure.update_xaxes(
        tickvals=list(range(len(cells))),
        ticktext=labels,
        range=[-0.4, len(cells) - 0.6],
        showgrid=False,
        zeroline=False,
    )
    _value_axis(figure, name)
    return figure


def grid_chart(result: ExperimentResult, name: str, *, ranking: Ranking, dark: bool) -> go.Figure:
    """Alpha against temperature: the mean of each cell, and its interval below."""
    temperatures = sorted(
        {float(cell.factors["temperature"]) for cell in result.cells if "temperature" in cell.factors}
    )
    alphas = sorted({float(cell.factors["alpha"]) for cell in result.cells}, reverse=True)
    figure = go.Figure(
        layout=base_layout(title=lessons.grid_finding(result, name), height=96 + 84 * len(alphas), dark=dark)
    )
    rows: list[list[float]] = []
    for y, alpha in enumerate(alphas):
        alone = len(temperatures) / 2 - 0.5
        places = (
            [(alone, {"alpha": alpha})]
            if alpha == 0
            else [
                (x, {"alpha": alpha, "temperature": temperature})
                for x, temperature in enumerate(temperatures)
            ]
        )
        rows.append([])
        for x, factors in places:
            key = result.cell(**factors)
            rows[-1].append(result.mean(key, name))
            mean, _, interval = lessons.value_text(result, key, name).partition(" (")
            told = [f"<b>{escape(mean)}</b>", *([escape(interval.rstrip(")"))] if interval else [])]
            if alpha == 0:
                told.append("no soft targets, so no temperature")
            best = lessons.cell_label(result, key) in (ranking.leader, *ranking.tied)
            figure.add_annotation(
                x=x,
                y=y,
                text="<br>".join(told),
                showarrow=False,
                font={"color": theme.TEXT.on(dark), "size": 13},
                bordercolor=theme.TEXT.on(dark) if best else "rgba(0,0,0,0)",
                borderwidth=1.5,
                borderpad=5,
            )
        rows[-1] = rows[-1] * (len(temperatures) if alpha == 0 else 1)
    figure.add_trace(
        go.Heatmap(
            z=rows,
            colorscale=[[0, theme.PAGE.on(dark)], [1, _mixed(theme.STUDENT.on(dark), theme.PAGE.on(dark))]],
            showscale=False,
            hoverinfo="skip",
        )
    )
    figure.update_xaxes(
        tickvals=list(range(len(temperatures))),
        ticktext=[f"T = {temperature:g}" for temperature in temperatures],
        title_text="temperature",
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(
        tickvals=list(range(len(alphas))),
        ticktext=[f"α = {alpha:g}<br>{lessons.alpha_label(alpha)}" for alpha in alphas],
        autorange="reversed",
        showgrid=False,
        zeroline=False,
    )
    return figure


def _mixed(one: str, other: str, share: float = 0.55) -> str:
    """A colour between two, in hexadecimal: pale enough for text on it."""
    pairs = [(int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(share * first + (1 - share) * second):02x}" for first, second in pairs)


def _dots(
    figure: go.Figure,
    result: ExperimentResult,
    cells: Sequence[str],
    name: str,
    *,
    label: str,
    hue: str,
    shift: float,
) -> None:
    """A faint dot for each run, and the mean of each cell with its interval if it has one."""
    at = [
        (x + shift + _SPREAD * (number - (result.seeds - 1) / 2) / 2, value, number)
        for x, cell in enumerate(cells)
        for number, value in enumerate(result.values(cell, name))
    ]
    figure.add_trace(
        go.Scatter(
            x=[x for x, *_ in at],
            y=[value for _, value, _ in at],
            mode="markers",
            marker={"color": hue, "size": 6, "opacity": 0.45},
            text=[f"seed {seed}: {lessons.format_value(name, value)}" for _, value, seed in at],
            hovertemplate=f"{label}, %{{text}}<extra></extra>",
            showlegend=False,
        )
    )
    means = [result.mean(cell, name) for cell in cells]
    ends = [result.interval(cell, name) for cell in cells]
    figure.add_trace(
        go.Scatter(
            x=[x + shift for x in range(len(cells))],
            y=means,
            mode="lines+markers",
            name=label,
            marker={"color": hue, "size": 11, "symbol": "diamond"},
            line={"color": hue, "width": 1.5},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [end.high - mean if end else 0 for end, mean in zip(ends, means, strict=True)],
                "arrayminus": [mean - end.low if end else 0 for end, mean in zip(ends, means, strict=True)],
                "color": hue,
                "thickness": 2,
                "width": 5,
            },
            text=[lessons.value_text(result, cell, name) for cell in cells],
            hovertemplate=f"{label}: %{{text}}<extra></extra>",
        )
    )


def _level(figure: go.Figure, value: float, label: str, hue: str, dash: str, *, count: int) -> None:
    """A line across the chart."""
    figure.add_trace(
        go.Scatter(
            x=[-0.5, count - 0.5],
            y=[value, value],
            mode="lines",
            name=label,
            line={"color": hue, "dash": dash, "width": 1.5},
            hoverinfo="skip",
        )
    )


def _value_axis(figure: go.Figure, name: str) -> None:
    values = [float(value) for trace in figure.data for value in trace.y]
    figure.update_yaxes(
        title_text=_axis_title(name),
        tickformat=".0%" if name in SHARES else None,
        range=list(span(values, margin=0.12)),
        zeroline=False,
    )
