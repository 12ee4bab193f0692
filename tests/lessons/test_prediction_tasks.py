"""The question and the exercise of the first lesson, against plain sums."""

import pytest

from fairkd.lessons import accepted_share, check_many_answers, how_sure
from fairkd.models import load
from fairkd.predictions import predict


@pytest.fixture(scope="module")
def teacher():
    return load("embedded/teacher")


def test_the_right_choice_follows_from_the_first_probability(teacher):
    for text in ("Milk is a [MASK].", "Paris is the capital of [MASK].", "The [MASK] of the"):
        prediction = predict(teacher, text)
        first = float(prediction.row(prediction.default_position).exp().max())
        expected = sum(first <= bound for bound in (0.9, 0.5, 0.1))
        assert how_sure(prediction).right == expected


def test_the_accepted_share_is_the_sum_of_the_probabilities(teacher):
    prediction = predict(teacher, "Milk is a [MASK].")
    ids = prediction.top_ids(4, 3)
    plain = sum(float(prediction.row(4)[token].exp()) for token in ids)
    assert accepted_share(prediction, 4, ids) == pytest.approx(plain, abs=1e-6)
    assert accepted_share(prediction, 4, []) == 0


@pytest.mark.parametrize(
    ("text", "solved", "said"),
    [
        ("She saw the [MASK] yesterday.", True, "need to fit"),
        ("Milk is a [MASK].", False, "together. Hide a word"),
        ("Milk is a drink.", False, "hides no word"),
        ("_ is a _.", False, "hides 2 words"),
    ],
)
def test_the_exercise_asks_for_one_word_with_many_answers(teacher, text, solved, said):
    result = check_many_answers(teacher, text)
    assert result.solved is solved
    assert said in result.message
