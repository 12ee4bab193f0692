"""What the Distill page says that a student is shown: the teacher's answer, the label, or both."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenDistill
from tests.app.reading import notes, texts, titles

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
    assert "only what it computes inside" in titles(app)[-1]


def test_where_nothing_is_learnt_there_is_no_figure(open_distill: OpenDistill) -> None:
    app = open_distill(["mlm-only"])
    app.get_by_key("preview_position:[MASK] is a nurse.").set_value(3).run()
    assert "learns nothing at this place" in texts(app) and not titles(app)


def test_the_figure_is_drawn_at_the_temperature_of_the_training(open_distill: OpenDistill) -> None:
    app = open_distill(["group"])
    assert titles(app)[-1].startswith("At T = 1 the constraint changes "), "it acts at T = 1"
    assert notes(app)[0].startswith("The bars are at T = 2, where the teacher's answer is flatter: ")
    assert "softened to T = 2" in texts(app) and "→ 0 nats" in texts(app)
    cards = {one.label.replace("\\", ""): one.value for one in app.metric}
    before, after = cards["P(he, him, his)"].split(" → ")
    assert before != after == cards["P(she, her)"].split(" → ")[1]
    app.get_by_key("preview_temperature:2").set_value("1").run()
    assert not app.exception and titles(app)[-1].startswith("The constraint changes ") and not notes(app)
    assert app.query_params["preview_temperature"] in ("1", ["1"])
    assert list(cards.values()) == [one.value for one in app.metric], "cards are at T = 1"
    assert "softened to" not in texts(app).partition("Pale bars")[2].partition("The numbers of one colour")[0]
    app = open_distill(["group"], set='{"group": {"objective.temperature": 3.0}}')
    assert "at T = 3" in notes(app)[0] and r"5 \cdot 3^2" in formula(app)


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


def test_the_address_holds_position_and_temperature_of_the_preview(open_distill: OpenDistill) -> None:
    app = open_distill(["fair"])
    assert not {"preview_position", "preview_temperature"} & set(app.query_params), "the defaults"
    app.get_by_key("preview_position:[MASK] is a nurse.").set_value(2).run()
    app.get_by_key("preview_temperature:2").set_value("5").run()
    linked = {name: app.query_params[name][0] for name in ("preview_position", "preview_temperature")}
    assert linked == {"preview_position": "2", "preview_temperature": "5"}
    app = open_distill(["fair"], **linked)
    assert app.get_by_key("preview_position:[MASK] is a nurse.").value == 2
    assert app.get_by_key("preview_temperature:2").value == "5"
    app.text_input(key="preview_text").set_value("milk is a [MASK]").run()
    assert app.get_by_key("preview_position:milk is a [MASK]").value == 4, "another sentence, its own mask"
    assert "preview_position" not in app.query_params
    app = open_distill(["fair"], preview_position="99", preview_temperature="hot")
    assert not app.exception and app.get_by_key("preview_temperature:2").value == "2"
