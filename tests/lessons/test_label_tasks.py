"""The lesson on hard labels and soft targets: what a position teaches, and what the experiment says."""

from __future__ import annotations

import math

import pytest
import torch

from fairkd.errors import InputError
from fairkd.lessons import (
    ExperimentResult,
    check_sure_and_unsure,
    compare_wrong_words,
    finding_by_size,
    how_many_words,
    passes_text,
    sentences_needed,
    targets_at,
    words_worth,
)
from fairkd.models import MaskedLM
from fairkd.predictions import predict
from tests.lessons.results import made_result

TEXT = "She is a very good doctor."


def test_the_soft_target_and_the_rest_add_up_to_one(teacher: MaskedLM) -> None:
    prediction = predict(teacher, TEXT, mask_each=True)
    found = targets_at(prediction, 6, k=5)
    assert found.right == "doctor" and sum(found.hard) == 1
    assert sum(found.soft) + found.others == pytest.approx(1)
    right = math.exp(float(prediction.row(6)[prediction.tokens[6].id]))
    assert found.soft[found.words.index("doctor")] == pytest.approx(right)
    rest = 1 - right
    assert dict(found.wrong)[found.words[0]] == pytest.approx(found.soft[0] / rest)


def test_the_right_word_is_shown_even_if_the_teacher_does_not_expect_it(teacher: MaskedLM) -> None:
    prediction = predict(teacher, "She is a very good teaspoon.", mask_each=True)
    found = targets_at(prediction, 6, k=3)
    assert len(found.words) == 4 and found.hard == (0, 0, 0, 1)


def test_a_target_is_worth_the_exponential_of_its_entropy(teacher: MaskedLM) -> None:
    prediction = predict(teacher, "Milk is a [MASK].")
    row = prediction.row(4).double()
    expected = math.exp(-float((row.exp() * row).sum()))
    assert words_worth(prediction, 4) == pytest.approx(expected, rel=1e-6)
    answer = how_many_words(prediction)
    assert answer.right == sum(expected >= bound for bound in (3, 20, 200))
    assert f"{-float((row.exp() * row).sum()):.2f} nats" in answer.message


def test_two_wrong_words_are_compared(teacher: MaskedLM) -> None:
    prediction = predict(teacher, TEXT, mask_each=True)
    row = prediction.row(6)
    ids = teacher.tokenizer.convert_tokens_to_ids(["teacher", "car"])
    ratio = float(torch.exp(row[ids[0]] - row[ids[1]]))
    said = compare_wrong_words(teacher, prediction, 6, "car", "teacher")
    assert "'teacher'" in said and f"{ratio:,.0f} times as likely as 'car'" in said
    with pytest.raises(InputError, match="Type two words"):
        compare_wrong_words(teacher, prediction, 6, " ", "car")
    with pytest.raises(InputError, match="'doctor' is the word of the text"):
        compare_wrong_words(teacher, prediction, 6, "car", "Doctor")


@pytest.mark.parametrize(
    ("text", "solved", "said"),
    [
        ("My sister is called [MASK] and lives in the United [MASK] of America.", True, "nearly a hard"),
        ("She lives in the United [MASK] of America.", False, "hides one word"),
        ("[MASK] [MASK] [MASK]", False, "hides 3 words"),
        ("Her friend [MASK] likes [MASK].", False, "Neither is below 2"),
        ("She was born in the United [MASK] [MASK] America.", False, "None is above 50"),
    ],
)
def test_the_exercise_measures_both_hidden_words(
    teacher: MaskedLM, text: str, solved: bool, said: str
) -> None:
    found = check_sure_and_unsure(teacher, text)
    assert found.solved == solved and said in found.message


# --- what the experiment says: derived from the numbers ---


def labels(hard: list[float], soft: list[float]) -> ExperimentResult:
    """Results on six seeds: the means by size, with small differences of seeds."""
    return made_result(
        {
            (("sentences", size), ("targets", kind)): value
            for kind, values in (("hard", hard), ("soft", soft))
            for size, value in zip((100, 1600), values, strict=True)
        }
    )


@pytest.mark.parametrize(
    ("hard", "right", "said"),
    [
        ([90.0, 60.0], 2, "In 10 steps, not even 1,600 sentences with hard labels come up"),
        ([90.0, 30.0], 1, "1,600 sentences with hard labels give better students"),
        ([40.0, 30.0], 0, "100 sentences with hard labels give better students"),
    ],
)
def test_how_many_sentences_are_needed(hard: list[float], right: int, said: str) -> None:
    answer = sentences_needed(labels(hard, [50.0, 45.0]), "pseudo_perplexity_sampled")
    assert answer.right == right and said in answer.message


def test_passes_say_where_the_steps_are_the_limit() -> None:
    found = labels([90.0, 60.0], [50.0, 45.0])  # 1,000 tokens, 2.5 a sentence: 400 sentences
    assert found.passes("100-hard") == pytest.approx(4) and found.passes("1600-soft") == pytest.approx(0.25)
    assert passes_text(found) == (
        "In 10 steps the students read 100 sentences about 4 times or about 400 of 1,600 sentences once: "
        "there the steps are the limit."
    )


def test_the_title_says_only_what_the_seeds_show() -> None:
    found = finding_by_size(labels([90.0, 45.0], [50.0, 45.0]), "pseudo_perplexity_sampled")
    assert "soft targets are better with 100 sentences" in found
    assert "they cannot be told apart with 1,600 sentences" in found


def test_with_few_seeds_nothing_is_said() -> None:
    few = made_result(
        {
            (("sentences", size), ("targets", kind)): value
            for size in (100, 1600)
            for kind, value in (("hard", 90.0), ("soft", 50.0))
        },
        seeds=3,
    )
    assert sentences_needed(few, "kl").right is None
    assert "too few seeds" in finding_by_size(few, "kl")
