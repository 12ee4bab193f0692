"""The Runs page as notebooks: their code makes the figures that the page shows."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.app.conftest import OpenRuns
from tests.app.exported import Exported, as_data, figures_of, run_notebook


@pytest.mark.parametrize(
    "parameters", [{"run": "example-fair"}, {"compare": ["example-plain", "example-fair"]}]
)
def test_the_notebook_draws_what_the_page_shows(
    open_runs: OpenRuns, home: object, monkeypatch: pytest.MonkeyPatch, parameters: dict[str, str | list[str]]
) -> None:
    exported = Exported(monkeypatch)
    app = open_runs(**parameters)
    values = run_notebook(exported.notebook())
    figures = [as_data(one) for one in values if not isinstance(one, pd.DataFrame)]
    assert figures == figures_of(app) and len(figures) == (6 if "run" in parameters else 2)
    assert exported.last is not None and exported.last[0].html is not None
    assert "fair (example)" in exported.last[0].html()
