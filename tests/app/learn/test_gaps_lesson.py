"""The lesson on gaps: a learner's own words and professions, its questions, and its exercise."""

from tests.app.learn.conftest import texts


def press(app, label):
    next(button for button in app.button if button.label == label).click().run()


def errors(app):
    return " ".join(element.value for element in app.error)


def test_a_learner_gets_from_the_first_question_to_the_exercise(open_learn):
    app = open_learn(lesson="gaps", he_words_a="man, boy", he_words_b="woman, girl")
    assert "“man\\, boy”" in texts(app)  # the words of the address
    app.radio[0].set_value(0).run()
    press(app, "Answer")
    assert "You said: up to 2 times" in texts(app)
    app.get_by_key("mass_empty").set_value("[MASK] sings well.")
    press(app, "Check")
    assert "Write both sentences" in texts(app)
    app.get_by_key("mass_full").set_value("[MASK] sings well.")
    press(app, "Check")
    assert "That is too much" in texts(app)
    app.get_by_key("mass_empty").set_value("The king lost [MASK] crown.")
    press(app, "Check")
    assert "Solved" in texts(app)
    assert not app.exception


def test_what_cannot_be_measured_is_one_sentence_for_each_part(open_learn):
    app = open_learn(
        lesson="gaps", he_words_a="man", he_words_b="man", he_professions="[MASK]", he_rare="no blank"
    )
    assert "is in both word lists" in errors(app)
    assert "contains a mask" in errors(app)
    assert "hides no word" in errors(app)
    assert not app.exception


def test_a_word_that_is_no_profession_is_said(open_learn):
    app = open_learn(lesson="gaps", present="1", screen="2", he_professions="nurse, qwertz")
    assert "“qwertz” is not in FairKD's list of professions" in texts(app)
    assert "student-fair, which was trained with a constraint" in texts(app)


def test_models_of_different_vocabularies_are_compared_all_the_same(open_learn, tiny_folder):
    other = str(tiny_folder("roberta"))
    app = open_learn(lesson="gaps", student=other, present="1", screen="3")
    assert "Student" in texts(app)
    assert not app.exception and not app.error
