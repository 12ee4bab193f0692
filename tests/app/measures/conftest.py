"""Fixtures for tests of the Measures page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests import ROOT

OpenMeasures = Callable[..., AppTest]


@pytest.fixture
def open_measures(
    home: Path, tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> OpenMeasures:
    """`open_measures(measurement="ID")` opens the page by a link with these parameters."""
    monkeypatch.delenv("FAIRKD_WHEELS", raising=False)

    def open_(**parameters: str | list[str]) -> AppTest:
        app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=60)
        tiny = str(tiny_folder("bert"))
        app.query_params["teacher"] = app.query_params["student"] = tiny
        app.run()
        app.switch_page("app/pages/measures.py")
        for name, value in parameters.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        return app

    return open_
