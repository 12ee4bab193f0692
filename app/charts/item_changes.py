"""The scatter of two models' scores on the items of a measure: which items flipped."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from app.charts.base import base_figure, guide, hues, span
from app.charts.text import escape, escape_all, shorten, signed
from fairkd.benchmarks import BENCHMARKS, BenchmarkComparison

HEIGHT = 470
KEPT, TO, AWAY = "same choice", "to {}", "away from it"  # {}: what is chosen
# Colours other than those of the models; each kind also has a symbol.
_LOOKS = {
    KEPT: ("#8a8f98", "circle", 6, 0.45),
    TO: ("#c0392b", "triangle-up", 10, 0.95),
    AWAY: ("#009e73", "triangle-down", 10, 0.95),
}


def changes_scatter(
    found: BenchmarkComparison, *, names: tuple[str, str], title: str, dark: bool = False
) -> go.Figure:
    """One point an item: the first model's score against the second's, by whether its choice flipped.

    On the diagonal both models have the same score. `names` are those of both models.
    """
    shades = hues(dark)
    score = BENCHMARKS[found.benchmark].score
    table = found.items
    x, y = table[f"{score}_first"].astype(float), table[f"{score}_second"].astype(float)
    low, high = span([*x, *y], around=(0.0,))
    figure = base_figure(title=title, height=HEIGHT, dark=dark)
    figure.add_shape(guide(low, 0, high, 0, shades.faint))
    figure.add_shape(guide(0, low, 0, high, shades.faint))
    figure.add_shape(guide(low, low, high, high, shades.faint, dash="dash"))
    kinds = _kinds(found)
    for kind, (colour, symbol, size, opacity) in _LOOKS.items():
        rows = kinds == kind
        if not rows.any():
            continue
        part = table[rows]
        figure.add_trace(
            go.Scatter(
                x=x[rows],
                y=y[rows],
                mode="markers",
                name=f"{kind.format(BENCHMARKS[found.benchmark].choice_label)} ({int(rows.sum()):,})",
                marker={"color": colour, "symbol": symbol, "size": size, "opacity": opacity},
                # The sentences themselves are behind a click.
                customdata=list(
                    zip(
                        escape_all(part["id"]),
                        escape_all(part["category"]),
                        map(signed, x[rows]),
                        map(signed, y[rows]),
                        strict=True,
                    )
                ),
                hovertemplate="item %{customdata[0]}, %{customdata[1]}"
                f"<br>{escape(names[0])}: %{{customdata[2]}}<br>{escape(names[1])}: %{{customdata[3]}}"
                "<extra></extra>",
            )
        )
    figure.update_xaxes(
        title_text=f"score of {escape(shorten(names[0], 30))}", range=[low, high], zeroline=False
    )
    figure.update_yaxes(
        title_text=f"score of {escape(shorten(names[1], 30))}", range=[low, high], zeroline=False
    )
    return figure


def _kinds(found: BenchmarkComparison) -> pd.Series:
    """Of each item, whether its choice flipped, and which way."""
    choice = BENCHMARKS[found.benchmark].choice
    kinds = pd.Series(KEPT, index=found.items.index)
    if choice is not None:
        first, second = (found.items[f"{choice}_{side}"].astype(bool) for side in ("first", "second"))
        kinds[second & ~first] = TO
        kinds[first & ~second] = AWAY
    return kinds
