"""The lesson on temperature: its figures, its questions, its exercise, and models that do not compare."""

import pytest

from tests.app.learn.conftest import texts


def press(app, label):
    next(button for button in app.button if button.label == label).click().run()


def test_a_learner_gets_from_the_first_question_to_the_exercise(open_learn):
    app = open_learn(lesson="temperature", flat_text="[MASK] is a nurse.")
    assert "“she” is" in texts(app)  # the sentence of the address
    app.radio[0].set_value(0).run()
    press(app, "Answer")
    assert "goes from" in texts(app)
    app.get_by_key("drowned_text").set_value("Milk is a [MASK].")
    press(app, "Check")
    assert "No temperature can do both" in texts(app)
    app.get_by_key("drowned_text").set_value("[MASK] is a nurse.")
    app.get_by_key("drowned_t").set_value(2.0)
    press(app, "Check")
    assert "Solved" in texts(app)
    assert not app.exception


@pytest.mark.parametrize("screen", ["4", "5"])
def test_a_student_of_another_vocabulary_is_one_sentence(open_learn, tiny_folder, screen):
    other = str(tiny_folder("roberta"))
    app = open_learn(lesson="temperature", student=other, present="1", screen=screen)
    if screen == "4":
        press(app, "Reveal the answer")
    assert "so this loss has no gradient" in texts(app)
    assert not app.exception
