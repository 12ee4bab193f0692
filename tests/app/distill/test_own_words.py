"""The Distill page: word groups of the visitor's own, and links that hold all changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.distill.fields import groups, lines
from app.distill.text_input import NAMED
from tests.app.conftest import OpenDistill
from tests.app.reading import started, texts, titles

pytestmark = pytest.mark.usefixtures("home")


def test_word_groups_are_written_one_per_line() -> None:
    words = {"royals": ["king", "queen"], "maids": ["maid"]}
    assert groups(lines(words)) == words
    assert groups("\n king , prince\n\n: x\nempty:") == {"king": ["king", "prince"], "": ["x"], "empty": []}


def test_own_words_can_be_balanced(open_distill: OpenDistill) -> None:
    app = open_distill(["group"])
    app.get_by_key("contrast:group").set_value("own").run()
    assert app.text_area(key="set:constraint.words:group").value == "he: he, him, his\nshe: she, her"
    app.text_area(key="set:constraint.words:group").set_value("milk, water\npeople: nurse").run()
    assert not app.error and not app.exception
    assert "constraint changes milk/water from " in titles(app)[-1] and ", nurse from " in titles(app)[-1]
    app.button(key="start_one").click().run()
    assert started()["group"].constraint.words == {"milk": ("milk", "water"), "people": ("nurse",)}
    app.get_by_key("contrast:group").set_value("pronouns").run()
    assert "changes he/him/his from " in titles(app)[-1]


def test_words_of_the_teachers_language_are_offered(open_distill: OpenDistill, german: str) -> None:
    app = open_distill(["group"], teacher=german, student=german)
    assert "its language is German" in texts(app)
    app.get_by_key("language:group").click().run()
    assert app.get_by_key("contrast:group").value == "de/pronouns"
    assert "its language is German" not in texts(app)
    assert not app.exception and [one.value for one in app.error] == []
    assert "changes er from " in titles(app)[-1]
    app.button(key="start_one").click().run()
    config = started()["group"]
    assert config.constraint.contrast == config.evaluation.contrast == "de/pronouns"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "at least two word groups, got 0"),
        (" , ", "at least two word groups, got 0"),
        ("milk", "at least two word groups, got 1"),
        ("milk, nurse\nnurse", "is in both"),
        ("a:\nb: c", "'a'"),
    ],
)
def test_invalid_words_are_one_error(open_distill: OpenDistill, typed: str, said: str) -> None:
    app = open_distill(["group"])
    app.get_by_key("contrast:group").set_value("own").run()
    app.text_area(key="set:constraint.words:group").set_value(typed).run()
    assert not app.exception and said in texts(app) and app.button(key="start_one").disabled
    assert app.text_area(key="set:constraint.words:group").value == typed, (
        "it stays in the box to be corrected"
    )
    app.get_by_key("kind:group").set_value("mass_preserving").run()
    assert not app.exception and app.error


def test_uneven_groups_that_cannot_be_paired_are_an_error(open_distill: OpenDistill) -> None:
    app = open_distill(["paper"])
    app.get_by_key("contrast:paper").set_value("own").run()
    assert not app.exception and "cannot be paired one to one (he 3, she 2)" in texts(app)
    app.text_area(key="set:constraint.words:paper").set_value("he\nshe").run()
    assert not app.error and not app.button(key="start_one").disabled


def test_the_explanation_names_the_target_shares(open_distill: OpenDistill) -> None:
    app = open_distill(["group"])
    assert "split evenly" in texts(app)
    app.text_input(key="set:constraint.shares:group").set_value("0.7, 0.3").run()
    assert "split 0.7 to 0.3" in texts(app)


def test_the_gap_of_the_balanced_words_can_be_measured(open_distill: OpenDistill) -> None:
    app = open_distill(["group"])
    assert "The runs measure the gap" not in texts(app)
    app.get_by_key("contrast:group").set_value("kinship").run()
    assert "The runs measure the gap between *he* and *she*." in texts(app)
    app.button(key="measure:group").click().run()
    assert "The runs measure the gap" not in texts(app)
    app.get_by_key("contrast:group").set_value("own").run()
    app.text_area(key="set:constraint.words:group").set_value("milk, water\npeople: nurse").run()
    assert "The runs measure the gap between *father* and *mother*." in texts(app)
    app.button(key="measure:group").click().run()
    app.session_state["more_shared"] = True
    app.run()
    assert app.text_area(key="set:evaluation.words:").value == "milk: milk, water\npeople: nurse"
    app.button(key="start_one").click().run()
    measured = started()["group"].evaluation
    assert measured.words == {"milk": ("milk", "water"), "people": ("nurse",)}
    assert not app.exception and not app.warning


# --- the link ---


def test_a_link_holds_every_change(open_distill: OpenDistill, tmp_path: Path) -> None:
    text = tmp_path / "letters.txt"
    text.write_text("\n".join(f"the nurse drinks milk {number}" for number in range(20)))
    app = open_distill(["group", "fair"])
    assert "set" not in app.query_params
    app.slider(key="strength:fair").set_value(0.5).run()
    app.number_input(key="set:seed:").set_value(5).run()
    app.get_by_key("distill_text").set_value(NAMED).run()
    app.text_input(key="distill_named").set_value(str(text)).run()
    other = open_distill(["group", "fair"], set=app.query_params["set"])
    assert other.slider(key="strength:fair").value == 0.5 and other.number_input(key="set:seed:").value == 5
    assert other.text_input(key="distill_named").value == str(text)
    other.button(key="start_all").click().run()
    found = started()
    assert {config.corpus.source for config in found.values()} == {str(text)}
    assert (found["fair"].constraint.strength, found["group"].constraint.strength) == (0.5, 1.0)
    other.get_by_key("focused").set_value("fair").run()
    other.button(key="undo").click().run()
    assert "fair" not in json.loads(other.query_params["set"])


def test_a_link_holds_the_variant_that_is_shown(open_distill: OpenDistill) -> None:
    app = open_distill(["plain", "paper"], focused="plain")
    assert app.get_by_key("focused").value == "plain"
    assert open_distill(["plain", "paper"], focused="nothing").get_by_key("focused").value == "paper"


def test_a_link_from_an_earlier_version_shows_the_same_variants(open_distill: OpenDistill) -> None:
    made = {
        "": {"evaluation.probes": ["Tea is a [MASK]."], "seed": 5},
        "fair": {"optimizer.clip": 0.5, "objective.label": "spread", "constraint.strength": 0.5},
    }
    app = open_distill(arms=["plain", "fair"], set=json.dumps(made))
    assert app.get_by_key("variants").value == ["plain", "fair"] and "arms" not in app.query_params
    assert app.slider(key="strength:fair").value == 0.5
    app.button(key="start_all").click().run()
    fair = started()["fair"]
    assert fair.evaluation.watched_sentences == ("Tea is a [MASK].",)
    assert (fair.optimizer.max_gradient_norm, fair.objective.label, fair.seed) == (0.5, "soft", 5)


@pytest.mark.parametrize(
    "link",
    [
        "{",
        "[1]",
        '{"fair": 3}',
        '{"fair": {"constraint.strength": 7}}',
        '{"fair": {"constraint.strength": NaN, "nothing.at.all": 1}}',
        '{"": {"budget.steps": "many", "student.kind": ["x"]}, "other": {}}',
        '{"": {"budget": {"steps": 3}, "student.layers": "first"}}',
        '{"fair": {"optimizer": 3, "optimizer.clip": -1.0}}',
        '{"": {"budget.steps": 9007199254740993}}',
        '{"": {"budget.minutes": 1e-12}}',
    ],
)
def test_an_invalid_link_is_ignored(open_distill: OpenDistill, link: str) -> None:
    app = open_distill(["fair"], set=link)
    assert not app.error and not app.button(key="start_one").disabled
    app.button(key="start_one").click().run()
    assert started()["fair"].constraint.strength == 1.0


def test_pairs_of_tokens_start_with_the_words_before_and_are_shown_as_words(
    open_distill: OpenDistill,
) -> None:
    app = open_distill(["paper"])
    app.get_by_key("contrast:paper").set_value("tokens").run()
    box = app.text_area(key="set:constraint.token_pairs:paper")
    he, she = (int(one) for one in box.value.splitlines()[0].split(", "))
    assert "Tokens of this teacher: he / she, his / her." in texts(app) and not app.error
    assert "The runs measure the gap between *he* and *she*." in texts(app)
    box.set_value(f"{he}, {she}").run()
    assert "constraint changes he from " in titles(app)[-1]
    app.button(key="start_one").click().run()
    constraint = started()["paper"].constraint
    assert constraint.token_pairs == ((he, she),) and constraint.words is None
    linked = open_distill(["paper"], set=json.dumps({"paper": {"constraint.token_pairs": [[he, she]]}}))
    assert linked.text_area(key="set:constraint.token_pairs:paper").value == f"{he}, {she}"
    for typed, said in {
        f"{he}": "two token ids on each line",
        f"{he}, {he}": "twice in one pair",
        "": "two",
    }.items():
        app.text_area(key="set:constraint.token_pairs:paper").set_value(typed).run()
        assert not app.exception and said in texts(app)
    app.get_by_key("contrast:paper").set_value("pronouns").run()
    assert not app.error and "changes he/his from " in titles(app)[-1]
