"""The lesson on constraints: its questions, its triangle, swapped sentences, and its exercise."""

import pytest

from app.learn.constraints_lesson import read_point
from tests.app.learn.conftest import texts


def press(app, label):
    next(button for button in app.button if button.label == label).click().run()


def test_a_learner_gets_from_the_questions_to_the_exercise(open_learn):
    app = open_learn(lesson="constraints")
    for said in ("geometric mean", "times as much"):
        assert said not in texts(app)
        next(one for one in app.radio if one.value is None).set_value(1).run()
        next(one for one in app.button if one.label == "Answer" and not one.disabled).click().run()
        assert said in texts(app)
    for text, said in (("Milk is a [MASK].", "stands for a person"), ("[MASK] is a queen.", "Solved")):
        app.get_by_key("leaking").set_value(text)
        press(app, "Check")
        assert said in texts(app)
    assert not app.exception


def test_a_sentence_is_swapped_unless_no_word_of_it_is_gendered(open_learn):
    app = open_learn(lesson="constraints", present="1", screen="6")
    assert "Decided" in texts(app)
    app.get_by_key("swap_text").set_value("Milk is white.").run()
    assert "No word of this sentence is gendered" in texts(app)
    assert not app.exception


def test_what_students_learnt_has_its_intervals_and_the_teacher(open_learn):
    app = open_learn(lesson="constraints", present="1", screen="8")
    assert "resampling 200 held-out sentences: plain 20.2 to 50.0" in texts(app)
    (table,) = [one.value for one in app.table]
    assert table.iloc[:, 0].tolist() == ["teacher", "plain at step 0", "plain", "paper", "fair"]
    assert table["mass"].tolist()[:3] == ["70 %", "62 %", "68 %"]


def test_where_p_was_moved_is_in_the_link_until_it_goes_back(open_learn):
    app = open_learn(lesson="constraints", present="1", screen="3", triangle_p="0.700 0.100")
    assert app.query_params["triangle_p"] == "0.700 0.100"
    app.get_by_key("learn_triangle_back").click().run()
    assert "triangle_p" not in app.query_params
    assert app.get_by_key("learn_triangle_back").disabled


@pytest.mark.parametrize("text", ["", "x", "0.5", "0.9 0.2", "0 0.5", "nan 0.1", "1e999 0.1", "0.1 0.1 0.8"])
def test_what_is_no_point_in_a_link_is_ignored(text):
    assert read_point(text) is None


def test_a_point_of_a_link_has_the_rest_on_all_other_words():
    assert read_point("0.5 0.25") == (0.5, 0.25, 0.25)
