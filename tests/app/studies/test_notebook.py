"""The notebook of a study draws what the page shows."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.app.conftest import OpenStudies
from tests.app.exported import Exported, as_data, figures_of, run_notebook
from tests.app.some_studies import add_study


def test_the_notebook_draws_what_the_page_shows(
    open_studies: OpenStudies, home: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported = Exported(monkeypatch)
    app = open_studies(study=add_study().id)
    values = run_notebook(exported.notebook())
    figures = [as_data(one) for one in values if not isinstance(one, pd.DataFrame | list)]
    assert figures == figures_of(app) and len(figures) == 3
