"""The view “Calibration”: the reliability curve of every model whose calibration was measured."""

from __future__ import annotations

from app.charts.reliability import ReliabilityCurve, reliability_chart
from app.components.chart import show_figure
from app.measures.stored import Measured, display_names
from app.shared import theme
from app.shared.widgets import caption
from fairkd.benchmarks import BENCHMARKS, about, reliability_curve

MEASURE = "calibration"


def calibration_view(found: Measured) -> None:
    """The figure, and how to read it."""
    results, names = found.of(MEASURE), display_names(found.models)
    if not results:
        caption("The reliability curve needs the measure calibration.")
        return
    value = BENCHMARKS[MEASURE].headline
    curves = [
        ReliabilityCurve(
            model=names[model],
            number=found.models.index(model),
            table=reliability_curve(result.items),
            error=value.format(result.overall.values[value.key].value),
        )
        for model, result in results.items()
    ]
    fewest = min(result.overall.n for result in results.values())
    title = f"How often is a prediction right, if the model is so sure? ({fewest:,} masked tokens)"
    figure = reliability_chart(curves, title=title, dark=theme.is_dark())
    show_figure(figure, "reliability", "fairkd-reliability-curve")
    caption(f"{about(MEASURE).reading} Each point is a bin of predictions, larger the more it holds.")
