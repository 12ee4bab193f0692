"""The element “Export this page”."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenApp


def names(app: AppTest) -> list[str]:
    return [button.label for button in app.get("download_button")]


def test_the_files_are_offered_when_it_is_opened(open_app: OpenApp) -> None:
    app = open_app()
    assert "Notebook (.ipynb)" not in names(app)
    app.session_state["cite_predictions_export"] = True
    app.run()
    assert {"Notebook (.ipynb)", "Web page (.html)"} <= set(names(app))


def test_a_page_forgets_what_another_has_shown(open_app: OpenApp) -> None:
    app = open_app()
    assert list(app.session_state["export_view"]) == ["columns", "words_csv"]
    app.switch_page("app/pages/about.py").run()
    assert not app.session_state["export_view"]
