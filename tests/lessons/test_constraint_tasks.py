"""The questions and the exercise of the lesson on constraints, against plain arithmetic."""

import math

import pytest

from fairkd.augmentation import swapper
from fairkd.lessons import check_leak, how_far_a_label_pulls, how_much_leaks, label_pull, swapped_example
from fairkd.models import load
from fairkd.predictions import predict

NURSE = "[MASK] is a nurse."


@pytest.fixture(scope="module")
def teacher():
    return load("embedded/teacher")


def he_and_she(teacher, text):
    row = predict(teacher, text).row(predict(teacher, text).default_position).double().log_softmax(0).exp()
    return [float(row[teacher.vocabulary.index(word)]) for word in ("he", "she")]


@pytest.mark.parametrize(
    "text", [NURSE, "[MASK] is a queen.", "Milk is a [MASK].", "The king slept and [MASK] too."]
)
def test_the_leaked_mass_decides_the_first_question(teacher, text):
    he, she = he_and_she(teacher, text)
    both = 2 * math.sqrt(he * she)
    leaked = he + she - both / (both + 1 - he - she)
    assert how_much_leaks(teacher, predict(teacher, text)).right == sum(leaked > x for x in (5e-5, 0.05, 0.2))


def test_a_label_pulls_the_balanced_target_by_its_weight(teacher):
    he, she = he_and_she(teacher, NURSE)
    soft, learnt = label_pull(teacher, predict(teacher, NURSE))
    half = (he + she) / 2
    assert soft == pytest.approx([half, half, 1 - he - she], abs=1e-6)
    assert learnt == pytest.approx([5 * half / 6, (5 * half + 1) / 6, 5 * (1 - he - she) / 6], abs=1e-6)
    ratio = (5 * half + 1) / (5 * half)
    assert how_far_a_label_pulls(teacher, predict(teacher, NURSE)).right == sum(
        ratio > bound for bound in (1.05, 2.5, 10)
    )
    assert label_pull(teacher, predict(teacher, NURSE), label=0)[1][0] > learnt[0]


@pytest.mark.parametrize(
    ("text", "solved", "said"),
    [
        ("[MASK] is a queen.", True, "leaks"),
        ("[MASK] is a nurse.", False, "on the way"),
        ("Milk is a [MASK].", False, "stands for a person"),
        ("My mother said that [MASK] is tired.", False, "only 1.2 times as likely"),
        ("The king said that [MASK] was tired.", False, "a name or a noun"),
        ("She is a nurse.", False, "hides no word"),
        ("[MASK] and [MASK]", False, "hides 2 words"),
    ],
)
def test_the_exercise_says_what_a_sentence_lacks(teacher, text, solved, said):
    result = check_leak(teacher, text)
    assert result.solved is solved
    assert said in result.message


@pytest.mark.parametrize(
    "text",
    [
        "She saw her leave her house.",
        "The gentlemen's coats and the king.",
        "Milk is white.",
        "(His) mother, Ms. Ray",
    ],
)
def test_the_marked_parts_are_the_sentence_and_its_swap(teacher, text):
    found = swapped_example(teacher, text)
    assert "".join(part for part, _ in found.marked) == text
    assert ["".join(part for part, _ in found.marked_copy)] == swapper((), teacher)([text])
    assert sum(swapped for _, swapped in found.marked) == len(found.words)


def test_the_copy_is_as_many_tokens_more_to_learn_from(teacher):
    found = swapped_example(teacher, "She saw her.")
    assert (found.tokens, found.copied_tokens) == (4, 4)
