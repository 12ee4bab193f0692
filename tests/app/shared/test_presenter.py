"""The presenter view and the About page."""

from __future__ import annotations

import re

from app.about.texts import model_card
from fairkd import __version__
from tests.app.conftest import OpenApp


def test_a_link_opens_the_presenter_view_and_a_button_leaves_it(open_app: OpenApp) -> None:
    app = open_app(present="1")
    assert app.toggle(key="present").value
    app.switch_page("app/pages/about.py").run()
    assert app.query_params["present"] == "1", "on every page"
    app.button(key="leave_presenter").click().run()
    assert not app.toggle(key="present").value and "present" not in app.query_params
    assert not [button for button in app.button if button.key == "leave_presenter"]


def test_about_names_paper_citation_version_and_models(open_app: OpenApp) -> None:
    app = open_app()
    app.switch_page("app/pages/about.py").run()
    assert not app.exception
    texts = " ".join(one.value for one in app.markdown)
    assert "2207.04546" in texts and f"FairKD {__version__}" in texts and "student-fair" in texts
    assert "@inproceedings{delobelle2022" in app.code[0].value


def test_the_headings_of_the_model_card_are_below_that_of_the_page() -> None:
    assert set(re.findall(r"^#+", model_card(), flags=re.MULTILINE)) == {"####"}
