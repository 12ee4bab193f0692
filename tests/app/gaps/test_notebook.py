"""The views of the Gaps page as notebooks: their code makes the figures that the page shows."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.app.exported import Exported, as_data, figures_of, run_notebook
from tests.app.gaps.conftest import TINY, Page

UNKNOWN = pd.concat([TINY, pd.DataFrame({"profession": ["quo'te"], "women_share": [float("nan")]})])


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"view": "Bias transfer", "contrast": "kinship", "value": "corrected_gap"},
        {"view": "Labour market"},
        {"view": "Models"},
        {"view": "Two sentences", "sentence_a": "He is a [MASK].", "sentence_b": "She is a [MASK]."},
    ],
)
def test_the_notebook_draws_what_the_view_shows(
    gaps_page: Page, monkeypatch: pytest.MonkeyPatch, parameters: dict[str, str]
) -> None:
    exported = Exported(monkeypatch)
    app = gaps_page(professions=UNKNOWN, **parameters)
    values = run_notebook(exported.notebook())
    figures = [as_data(one) for one in values if not isinstance(one, pd.DataFrame)]
    assert figures == figures_of(app) and figures
    assert isinstance(values[-1], pd.DataFrame) and len(values[-1])
