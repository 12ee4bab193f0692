"""The Gaps page as a link opens it, run in process on tiny models."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from tests import ROOT

TINY = pd.DataFrame({"profession": ["nurse", "carpenter", "pilot"], "women_share": [0.87, 0.03, 0.09]})
Page = Callable[..., AppTest]


@pytest.fixture
def gaps_page(tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Page:
    """`gaps_page(contrast="kinship")` is the page as a link with these parameters opens it."""
    model = str(tiny_folder("bert"))

    def page(
        *,
        professions: pd.DataFrame = TINY,
        professions_de: pd.DataFrame | None = None,
        templates: pd.DataFrame | None = None,
        **url: str,
    ) -> AppTest:
        at = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=120)
        parameters = {"teacher": model, "student": model} | url
        # AppTest cannot hold a choice that is not among a picker's options, which a browser can.
        options = (parameters["teacher"], parameters["student"])
        monkeypatch.setattr("app.shared.sidebar.model_options", lambda: options)
        for key, value in parameters.items():
            at.query_params[key] = value
        at.session_state["gaps_professions_base"] = professions
        at.session_state["gaps_professions_de_base"] = professions_de
        at.session_state["gaps_editors"] = True
        if templates is not None:
            at.session_state["gaps_templates_subject_object_possessive_base"] = templates
        at.run()
        at.switch_page("app/pages/gaps.py").run()
        assert not at.exception
        return at

    return page
