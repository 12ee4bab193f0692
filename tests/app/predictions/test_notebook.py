"""The Predictions page as a notebook: its code makes the figure that the page shows."""

from __future__ import annotations

import pytest

from tests.app.conftest import OpenApp
from tests.app.exported import Exported, as_data, figures_of, run_notebook

ANYTHING = "\"quoted\" \\ <script>alert(1)</script> ''' [MASK] ü"


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"text": "[MASK] is a nurse.", "k": "3", "word": "he", "against": "she", "log": "true"},
        {"text": ANYTHING, "temperature": "2.0"},
    ],
)
def test_the_notebook_draws_what_the_page_shows(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch, parameters: dict[str, str]
) -> None:
    exported = Exported(monkeypatch)
    app = open_app(**parameters)
    figure, table = run_notebook(exported.notebook())
    assert [as_data(figure)] == figures_of(app)
    chosen = figure.data[0]["positions"][figure.data[0]["selected"] - 1]
    assert table["token"].tolist()[: len(chosen["words"])] == [word["text"] for word in chosen["words"]]
