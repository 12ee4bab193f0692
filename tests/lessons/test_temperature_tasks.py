"""The lesson on temperature, against plain formulas, finite differences and the training loss itself."""

import math

import pytest
import torch

from app.learn.temperature_lesson import MILK, SURE
from fairkd.constraints import Constraint
from fairkd.distill.losses import Targets, Weights, fused_loss
from fairkd.errors import InputError
from fairkd.lessons import (
    agreement_with_limit,
    at_temperature,
    both_rows,
    check_first_word_drowns,
    first_word_flattened,
    flattened,
    gradient_shrinks,
    gradient_sizes,
    lesson,
    logit_matching,
    matched_logits,
    shares_by_temperature,
    soft_gradient,
)
from fairkd.models import load
from fairkd.predictions import predict

TEMPERATURES = (0.5, 1.0, 2.0, 4.0, 20.0)


@pytest.fixture(scope="module")
def teacher():
    return load("embedded/teacher")


@pytest.fixture(scope="module")
def milk(teacher):
    return predict(teacher, "Milk is a [MASK].")


@pytest.fixture(scope="module")
def student_milk():
    return predict(load("embedded/student-plain"), "Milk is a [MASK].")


@pytest.fixture(scope="module")
def rows():
    """Log-probabilities of a teacher and a student over 50 words."""
    torch.manual_seed(0)
    return tuple((3 * torch.randn(50, dtype=torch.float64)).log_softmax(0) for _ in range(2))


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_flattened_words_are_those_of_a_prediction_at_the_temperature(teacher, milk, temperature):
    direct = predict(teacher, "Milk is a [MASK].", temperature=temperature)
    found = flattened(milk, temperature, 5)
    ids = milk.top_ids(4, 5)
    assert found.probabilities == pytest.approx(direct.row(4)[ids].exp().tolist(), rel=1e-3)
    assert found.others == pytest.approx(1 - float(direct.row(4)[ids].double().exp().sum()), abs=1e-5)
    assert found.entropy == pytest.approx(direct.entropy(4), abs=1e-3)
    assert found.equal_choices == pytest.approx(math.exp(found.entropy))


def test_twice_the_temperature_is_the_square_root_of_a_ratio(milk):
    one, two = flattened(milk, 1.0), flattened(milk, 2.0)
    assert two.lead == pytest.approx(math.sqrt(one.lead))


def test_the_shares_of_a_temperature_add_up_to_one(milk):
    shares = shares_by_temperature(milk, TEMPERATURES)
    assert shares[["first", "next", "others"]].sum(axis=1).tolist() == pytest.approx([1.0] * 5)
    assert shares.others.is_monotonic_increasing


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_the_gradient_is_that_of_finite_differences(rows, temperature):
    teacher, student = rows

    def loss(logits):
        q, s = at_temperature(teacher, temperature), at_temperature(logits, temperature)
        return float((q.exp() * (q - s)).sum())

    step = 1e-5
    plain = [
        (loss(student + step * one) - loss(student - step * one)) / (2 * step)
        for one in torch.eye(50, dtype=torch.float64)
    ]
    assert soft_gradient(teacher, student, temperature).tolist() == pytest.approx(plain, abs=1e-8)


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_with_the_factor_it_is_the_gradient_of_the_training_loss(rows, temperature):
    teacher, student = rows
    states = student[None].clone().requires_grad_()  # a projection by the identity: states are logits
    targets = Targets(
        teacher[None], torch.eye(50).double(), None, torch.tensor([-100]), torch.tensor([False])
    )
    weights = Weights(kd=1, mlm=0, hidden=0, temperature=temperature)
    loss, _ = fused_loss(states, torch.eye(50).double(), None, targets, Constraint("none"), weights)
    loss.backward()
    expected = temperature**2 * soft_gradient(teacher, student, temperature)
    assert states.grad[0].tolist() == pytest.approx(expected.tolist(), abs=1e-7)


def test_sizes_are_sums_of_absolute_values_without_and_with_the_factor(rows):
    sizes = gradient_sizes(*rows, TEMPERATURES)
    for row in sizes.itertuples():
        plain = float(soft_gradient(*rows, row.temperature).abs().sum())
        assert row.plain == pytest.approx(plain)
        assert row.scaled == pytest.approx(row.temperature**2 * plain)


def test_at_a_high_temperature_the_scaled_gradient_is_the_difference_of_the_logits(rows):
    hot = 1000.0
    assert (hot**2 * soft_gradient(*rows, hot)).tolist() == pytest.approx(
        matched_logits(*rows).tolist(), abs=1e-3
    )
    points = logit_matching(*rows, hot, words=7)
    assert len(points) == 7
    assert points.pull.tolist() == pytest.approx(points.difference.tolist(), abs=0.05)
    low, high = (agreement_with_limit(*rows, t) for t in (1.0, hot))
    assert low < high and high == pytest.approx(1, abs=1e-4)
    assert math.isnan(agreement_with_limit(rows[0], rows[0], 1.0))


def test_the_questions_follow_from_the_models(milk, student_milk):
    p = milk.row(4).double()
    kept = float((p / 2).softmax(0).max() / p.softmax(0).max())
    assert first_word_flattened(milk).right == sum(kept <= bound for bound in (0.9, 0.5, 0.1))
    one, four = (float(soft_gradient(milk.row(4), student_milk.row(4), t).abs().sum()) for t in (1, 4))
    assert gradient_shrinks(milk, student_milk).right == sum(one / four > bound for bound in (1, 4, 16))
    assert gradient_shrinks(milk, milk).right is None


def test_models_of_different_vocabularies_have_no_gradient_and_say_so(milk, tiny_roberta):
    other = predict(tiny_roberta, "Milk is a [MASK].")
    with pytest.raises(InputError, match="have different vocabularies.*Choose a student"):
        both_rows(milk, other)
    answer = gradient_shrinks(milk, other)
    assert answer.right is None and "their vocabularies differ" in answer.message


@pytest.mark.parametrize(
    ("text", "temperature", "solved", "said"),
    [
        ("[MASK] is a nurse.", 2.0, True, "all the other words together"),
        ("[MASK] is a nurse.", 1.0, False, "keeps 100 % of its probability: raise T"),
        ("[MASK] is a nurse.", 6.0, False, "Its lead is too small: lower T"),
        ("Milk is a [MASK].", 2.0, False, "No temperature can do both"),
        ("Milk is a drink.", 2.0, False, "hides no word"),
    ],
)
def test_the_exercise_asks_for_a_first_word_that_drowns_and_leads(teacher, text, temperature, solved, said):
    result = check_first_word_drowns(teacher, text, temperature)
    assert result.solved is solved
    assert said in result.message


def test_the_sentence_of_the_lesson_lifts_what_is_almost_right_and_is_no_solution(teacher):
    prediction = predict(teacher, SURE)
    one, two = (flattened(prediction, t, 4) for t in (1.0, 2.0))
    assert one.probabilities[0] > 0.9
    assert all(hot > cold for hot, cold in zip(two.probabilities[1:], one.probabilities[1:], strict=True))
    result = check_first_word_drowns(teacher, f" {SURE}", 4.0, example=SURE)
    assert not result.solved and "sentence of this lesson" in result.message


def test_the_text_of_the_lesson_asks_about_the_sentence_that_it_shows():
    prompts = [screen.question.prompt for screen in lesson("temperature").screens if screen.question]
    assert len(prompts) == 2 and SURE in prompts[0] and MILK in prompts[1]


def test_a_sentence_that_is_not_hopeless_can_be_solved_between_its_two_bounds(teacher):
    text = "[MASK] is a nurse."
    prediction = predict(teacher, text)
    one = flattened(prediction, 1.0)
    highest = math.log(one.lead) / math.log(10)  # here the first word is ten times as likely as the tenth
    assert flattened(prediction, highest).lead == pytest.approx(10)
    assert check_first_word_drowns(teacher, text, highest - 0.01).solved
    assert "lower T" in check_first_word_drowns(teacher, text, highest + 0.01).message
