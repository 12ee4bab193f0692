"""The constraint preview as a notebook: its code makes the figure that the page shows."""

from __future__ import annotations

import pytest

from tests.app.conftest import OpenDistill
from tests.app.exported import Exported, as_data, figures_of, run_notebook


@pytest.mark.parametrize("variant", ["paper", "mlm-only", "self-debias"])
def test_the_notebook_draws_what_the_page_shows(
    open_distill: OpenDistill, home: object, monkeypatch: pytest.MonkeyPatch, variant: str
) -> None:
    exported = Exported(monkeypatch)
    app = open_distill([variant], preview_text="_ is a nurse.", preview_temperature="5")
    (_, _), figure, table = run_notebook(exported.notebook())
    assert [as_data(figure)] == figures_of(app)
    assert len(table)
