"""A measurement as a notebook and as its report."""

from __future__ import annotations

import pandas as pd
import pytest

from app.components.chart import go
from tests.app.exported import Exported, as_data, figures_of, run_notebook
from tests.app.measures.conftest import OpenMeasures
from tests.app.some_runs import MEASURED, add_measurement
from tests.benchmarks.made_results import items, result


def test_the_notebook_draws_what_the_page_shows(
    open_measures: OpenMeasures, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = [1.0] * 30 + [-1.0] * 10
    results = [result(model, items(scores, ["gender", "age"] * 20)) for model in MEASURED["models"]]
    id = add_measurement("measured", results=results)
    exported = Exported(monkeypatch)
    app = open_measures(measurement=id)
    table, *figures = run_notebook(exported.notebook())
    assert isinstance(table, pd.DataFrame) and all(isinstance(one, go.Figure) for one in figures)
    assert [as_data(one) for one in figures] == figures_of(app) and figures
    assert exported.last is not None and exported.last[0].html is not None
    assert "Measures of" in exported.last[0].html()
