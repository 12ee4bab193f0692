"""The lesson on training: its run, its question and its exercise."""

import pytest

from fairkd import lessons
from fairkd.errors import InputError


def event(*tokens, masked=True):
    predictions = [{"token": token, "probability": 0.5} for token in tokens]
    return {"positions": [{"masked": masked, "predictions": predictions}]}


def test_the_run_is_short_on_the_small_text_and_has_the_chosen_losses():
    config = lessons.training_config("embedded/teacher", "one", ["mlm"])
    assert (config.corpus.source, config.budget.minutes, config.budget.steps) == ("small", 1.0, None)
    assert (config.objective.kd, config.objective.mlm, config.objective.hidden) == (0.0, 1.0, 0.0)
    assert config.student.layers == (0,)
    assert lessons.training_config("embedded/teacher", "half", ["kd"], seconds=3).budget.minutes == 0.05


def test_a_loss_of_nothing_is_refused():
    with pytest.raises(InputError, match="weight"):
        lessons.training_config("embedded/teacher", "half", [])


@pytest.mark.parametrize(("start", "kept", "layers"), [("half", (0,), 1), ("one", (0,), 1), ("fresh", (), 3)])
def test_the_size_of_a_student_is_counted(tiny_bert, start, kept, layers):
    config = lessons.training_config("tiny", start, ["kd"])
    size = lessons.student_size(tiny_bert, config)
    assert (size.layers, size.kept) == (layers, kept)
    assert size.parameters > 0


@pytest.mark.parametrize(("student", "right"), [("drink", 0), ("food", 1)])
def test_the_question_compares_the_first_words_at_the_mask(student, right):
    answer = lessons.same_first_word(event("drink", "food"), event(student, "drink"))
    assert answer.right == right and f"the student's is “{student}”" in answer.message


def test_the_exercise_wants_a_word_that_the_teacher_does_not_expect(teacher, tiny_bert):
    found = lessons.check_not_learnt(teacher, tiny_bert, "Milk is a [MASK].")
    assert found.solved and "has not learnt" in found.message
    same = lessons.check_not_learnt(teacher, teacher, "Milk is a [MASK].")
    assert not same.solved and "the teacher's first word, too" in same.message


@pytest.mark.parametrize(("text", "said"), [("Milk is white.", "no word"), ("[MASK] is [MASK].", "2 words")])
def test_a_sentence_must_hide_one_word(tiny_bert, text, said):
    found = lessons.check_not_learnt(tiny_bert, tiny_bert, text)
    assert not found.solved and said in found.message
