"""What the Distill page says that a student is shown: the teacher's answer, the label, or both."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenDistill
from tests.app.reading import texts, titles

pytestmark = pytest.mark.usefixtures("home")


def formula(app: AppTest) -> str:
    (found,) = [one.value for one in app.markdown if one.value.startswith("$L =")]
    return str(found)


def test_a_variant_that_does_not_look_at_the_teacher_says_so(open_distill: OpenDistill) -> None:
    app = open_distill(["mlm-only"])
    assert titles(app)[-1] == "This variant does not look at the teacher: it learns the text's own words"
    assert "No term looks at the teacher" in texts(app)
    assert "learns from the teacher" not in texts(app) and not app.metric
    assert "CE" in formula(app) and "KL" not in formula(app)


def test_a_variant_with_a_hidden_state_loss_alone_says_so(open_distill: OpenDistill) -> None:
    app = open_distill(["mlm-only"], set='{"mlm-only": {"objective.hidden": 1.0}}')
    assert "only its hidden states" in titles(app)[-1]


def test_where_nothing_is_learnt_there_is_no_figure(open_distill: OpenDistill) -> None:
    app = open_distill(["mlm-only"])
    app.get_by_key("preview_position:[MASK] is a nurse.").set_value(3).run()
    assert "learns nothing at this place" in texts(app) and not titles(app)


def test_the_figure_is_drawn_at_the_temperature_of_the_training(open_distill: OpenDistill) -> None:
    app = open_distill(["group"])
    assert titles(app)[-1].endswith("to 0 nats; drawn at T = 2"), "the constraint acts at T = 1"
    assert "softened to T = 2" in texts(app) and "The teacher's own answer gives" in texts(app)
    cards = {one.label.replace("\\", ""): one.value for one in app.metric}
    before, after = cards["P(he, him, his)"].split(" → ")
    assert before != after == cards["P(she, her)"].split(" → ")[1]
    app.get_by_key("preview_temperature:2").set_value("1").run()
    assert not app.exception and "at T" not in titles(app)[-1] and titles(app)[-1].endswith(" to 0 nats")
    assert list(cards.values()) == [one.value for one in app.metric], "cards are at T = 1"
    assert "softened to" not in texts(app).partition("Pale bars")[2].partition("Bars of one colour")[0]
    app = open_distill(["group"], set='{"group": {"objective.temperature": 3.0}}')
    assert titles(app)[-1].endswith("at T = 3") and r"5 \cdot 3^2" in formula(app)


def test_a_hidden_word_of_several_tokens_is_one_error(open_distill: OpenDistill) -> None:
    app = open_distill(["plain"])
    app.text_input(key="preview_word").set_value("shenurse").run()
    assert len(app.error) == 1 and "Name another word" in app.error[0].value
    app.text_input(key="preview_word").set_value("").run()
    assert not app.error and "Grey is the" not in texts(app)


def test_the_label_of_a_soft_variant_is_shared(open_distill: OpenDistill) -> None:
    soft = texts(open_distill(["fair"]))
    assert "the groups get equal parts of the label" in soft and "Grey is the soft label" in soft
    kept = texts(open_distill(["paper"]))
    assert "pulls the student back" in kept and "Grey is the hard label" in kept
    dropped = open_distill(["fair"], set='{"fair": {"objective.label": "drop"}}')
    assert not dropped.exception and "Grey is the" not in texts(dropped), "there is no label"


def test_sentence_and_variant_are_kept_while_another_page_is_open(open_distill: OpenDistill) -> None:
    app = open_distill(["plain", "group", "fair"])
    app.text_input(key="preview_text").set_value("[MASK] is a doctor.").run()
    app.get_by_key("focused").set_value("group").run()
    assert app.query_params["focused"] in ("group", ["group"])
    app.switch_page("app/pages/runs.py").run()
    app.switch_page("app/pages/distill.py").run()
    assert not app.exception and app.text_input(key="preview_text").value == "[MASK] is a doctor."
    assert app.get_by_key("focused").value == "group"
    assert "doctor" in str(app.query_params["preview_text"])
