"""The view “Calibration” of a measurement."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fairkd.benchmarks import measure
from fairkd.models import MaskedLM
from tests.app.measures.conftest import OpenMeasures
from tests.app.reading import chart_titles, texts
from tests.app.some_runs import add_measurement


def test_the_reliability_curve_is_drawn_where_calibration_was_measured(
    open_measures: OpenMeasures, tiny_model: Callable[[str], MaskedLM], tmp_path: Path
) -> None:
    text = tmp_path / "text.txt"
    text.write_text("She is a very good doctor.\nHe likes milk.\n")
    results = [
        measure(tiny_model(name), "calibration", data=text, cached=False) for name in ("bert", "distilbert")
    ]
    models = [one.model for one in results]
    id = add_measurement("mine", results=results, models=models, benchmarks=["calibration"])
    [title] = chart_titles(open_measures(measurement=id, results="Calibration"))
    assert title.endswith("(6 masked tokens)")


def test_without_it_the_view_says_what_it_needs(
    open_measures: OpenMeasures, tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    text = tmp_path / "text.txt"
    text.write_text("She is a very good doctor.\n")
    result = measure(tiny_bert, "pseudo-perplexity", data=text, cached=False)
    id = add_measurement("mine", results=[result], models=[result.model], benchmarks=["pseudo-perplexity"])
    said = texts(open_measures(measurement=id, results="Calibration"))
    assert "needs the measure calibration" in said
