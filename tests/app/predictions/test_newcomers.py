"""Who is shown the tour."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from app.components.tour import COOKIE, ENDED
from app.predictions.newcomers import STEPS


def page() -> None:
    from app.predictions.newcomers import tour, tour_button

    tour_button()
    tour()


def steps(app: AppTest) -> list[int]:
    """The number of steps of each tour on the page."""
    return [len(json.loads(one.proto.json)[0]["steps"]) for one in app.get("bidi_component")]


def test_a_newcomer_is_shown_five_steps() -> None:
    assert steps(AppTest.from_function(page).run()) == [len(STEPS)] == [5]


@pytest.mark.parametrize(
    "parameters", [{"text": "_ likes tea."}, {"position": "2"}, {"teacher": "embedded/teacher"}]
)
def test_a_link_with_state_has_no_tour(parameters: dict[str, str]) -> None:
    app = AppTest.from_function(page)
    app.query_params.update(parameters)
    assert steps(app.run()) == []


def test_a_tour_goes_on_while_the_visitor_tries_something() -> None:
    app = AppTest.from_function(page).run()
    app.query_params["position"] = "2"
    assert steps(app.run()) == [5]


def test_the_presenter_view_has_no_tour() -> None:
    app = AppTest.from_function(page).run()
    app.session_state["present"] = True
    assert steps(app.run()) == []


def test_whoever_has_ended_it_has_to_ask_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.components.tour.st.context", type("", (), {"cookies": {COOKIE: ENDED}}))
    app = AppTest.from_function(page).run()
    assert steps(app) == []
    app.button(key="tour_again").click().run()
    assert steps(app) == [5]
