"""The lesson on training: one run at a time, another one's run, its question and its exercise."""

import pytest

from app.learn.training_lesson import RUN_NAME
from fairkd import runs
from fairkd.utils import Hosting
from tests.app import some_runs
from tests.app.learn.conftest import texts

pytestmark = pytest.mark.usefixtures("home")


def reveal(app):
    app.get_by_key("skip:choice:training/same_first_word").click().run()
    assert not app.exception
    return app


def test_the_button_starts_the_run_with_the_chosen_parts_and_a_second_click_no_other(open_learn):
    app, other = reveal(open_learn(lesson="training")), reveal(open_learn(lesson="training"))
    app.get_by_key("lesson_start").set_value("one").run()
    app.get_by_key("lesson_losses").set_value(["mlm"]).run()
    (formula,) = [one.value for one in app.markdown if one.value.startswith("$L = ")]
    assert "CE" in formula and "KL" not in formula
    app.get_by_key("lesson_train").click().run()
    assert not app.exception
    (run,) = runs.all_runs()
    assert (run.name, run.config["corpus"]["source"]) == (RUN_NAME, "small")
    assert run.config["student"]["layers"] == [0] and run.config["objective"]["kd"] == 0.0
    assert app.get_by_key("lesson_train").disabled
    other.get_by_key("lesson_train").click().run()  # another tab, drawn before
    assert not other.exception and len(runs.all_runs()) == 1


def test_while_another_run_trains_the_example_is_shown(open_learn):
    some_runs.add_run("somebody's", "running")
    app = reveal(open_learn(lesson="training"))
    assert app.get_by_key("lesson_train").disabled
    assert "trains another run" in texts(app) and "example that comes with FairKD" in texts(app)


def test_a_demo_shows_the_example_and_starts_nothing(open_learn, monkeypatch, prepared):
    monkeypatch.setattr("app.shared.visitor.hosting", lambda: Hosting(mode="demo"))
    app = reveal(open_learn(lesson="training"))
    assert app.get_by_key("lesson_train").disabled
    assert "Runs cannot be started on this server" in texts(app) and not prepared


def test_the_lesson_has_a_process_ready_before_the_click(open_learn, prepared):
    open_learn(lesson="training")
    assert prepared


def test_the_finished_run_answers_the_question(open_learn):
    some_runs.add_run(RUN_NAME, events=some_runs.training())
    app = reveal(open_learn(lesson="training"))
    assert "The answer: Yes" in texts(app) and "first word is “white”" in texts(app)
    assert "This run is finished." in texts(app) and "an earlier run on this server" in texts(app)


def test_an_unfinished_run_is_not_answered_by_an_earlier_one(open_learn):
    some_runs.add_run(RUN_NAME, events=some_runs.training())
    some_runs.add_run(RUN_NAME, "running")
    app = reveal(open_learn(lesson="training"))
    assert "The answer: Yes" not in texts(app) and "not finished yet" in texts(app)
    app.get_by_key("not_learnt").set_value("Milk is a [MASK].")
    next(button for button in app.button if button.label == "Check").click().run()
    assert "your training has not finished" in texts(app)


def test_a_class_sees_the_run_of_the_link(open_learn, monkeypatch):
    run = some_runs.add_run(RUN_NAME, events=some_runs.training())
    monkeypatch.setattr("app.shared.visitor.hosting", lambda: Hosting(mode="class"))
    app = reveal(open_learn(lesson="training", watched=run))
    assert "the run of the link that you opened" in texts(app)
    app = reveal(open_learn(lesson="training", watched="no-such-run"))
    assert "Train a student in the next part" in texts(app)


def test_the_exercise_tells_right_input_from_wrong(open_learn):
    app = open_learn(lesson="training", student="embedded/teacher")
    app.get_by_key("not_learnt").set_value("Milk is a [MASK].")
    next(button for button in app.button if button.label == "Check").click().run()
    assert "Not yet" in texts(app) and "It is the teacher" in texts(app)
    app.get_by_key("not_learnt").set_value("Nothing is hidden here.")
    next(button for button in app.button if button.label == "Check").click().run()
    assert "hides no word" in texts(app)


def test_a_finished_run_with_fresh_layers_says_how_far_it_came(open_learn):
    some_runs.add_run(RUN_NAME, events=some_runs.training(), student={"kind": "fresh"})
    app = reveal(open_learn(lesson="training"))
    assert "From fresh layers, 400 steps" in texts(app)
    assert "This is an earlier run on this server" in texts(app)
