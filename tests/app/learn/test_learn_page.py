"""The page Learn: the list, a lesson, its question, its exercise, and the presenter view."""

import pytest

from tests.app.learn.conftest import texts


def test_an_unknown_lesson_is_one_sentence_above_the_list(open_learn):
    app = open_learn(lesson="<b>milk</b>")
    assert "There is no lesson" in app.warning[0].value
    assert app.header[0].value.startswith("Learn")


def test_a_question_hides_its_answer_until_it_is_answered(open_learn):
    app = open_learn(lesson="predictions")
    assert "The first word" not in texts(app)
    app.radio[0].set_value(0).run()
    next(button for button in app.button if button.label == "Answer").click().run()
    assert "The first word" in texts(app)
    assert not app.exception


def test_the_exercise_tells_right_input_from_wrong(open_learn):
    app = open_learn(lesson="predictions")
    for text, said in (
        ("She saw the [MASK] yesterday.", "Solved"),
        ("no hidden word", "hides no word"),
        ("[MASK] and [MASK]", "hides 2 words"),
    ):
        app.get_by_key("many_answers").set_value(text)
        next(button for button in app.button if button.label == "Check").click().run()
        assert said in texts(app), text


def test_an_audience_sees_one_screen_and_turns_to_the_next(open_learn):
    app = open_learn(lesson="predictions", present="1")
    assert [one.value for one in app.header] == ["A sentence with a hidden word"]
    app.get_by_key("turn_next").click().run()
    assert [one.value for one in app.header] == ["How sure is it?"]
    assert app.query_params["screen"] == "2"
    app.get_by_key("reveal:predictions/how_sure").click().run()
    assert "The first word" in texts(app)


@pytest.mark.parametrize(
    ("asked", "title"),
    [("99", "Remember"), ("0", "A sentence with a hidden word"), ("x", "A sentence with a hidden word")],
)
def test_a_screen_that_does_not_exist_is_the_nearest(open_learn, asked, title):
    app = open_learn(lesson="predictions", present="1", screen=asked)
    assert [one.value for one in app.header] == [title]
