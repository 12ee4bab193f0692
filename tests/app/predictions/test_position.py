"""One position in words and numbers."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from app.charts.text import percent
from app.predictions.position import OTHERS, Position, Role, odds_view
from app.predictions.view import position_of
from fairkd.models.loading import MaskedLM
from fairkd.predictions.distribution import Prediction, Token
from fairkd.predictions.model_comparison import compare
from fairkd.predictions.positions import predict


def test_the_shown_words_include_the_other_models_top_words(
    tiny_bert: MaskedLM, tiny_roberta: MaskedLM
) -> None:
    teacher, student = predict(tiny_bert, "he is a [MASK]"), predict(tiny_roberta, "he is a [MASK]")
    here = position_of({"teacher": teacher, "student": student}, 4, 3)
    assert len(here.words) > 3
    assert here.mass()["teacher"] > teacher.shown_mass(teacher.positions[3], 3)
    frame = compare(teacher, student).at(teacher.positions[3], 3)
    assert here.frame()["token"].tolist() == frame["token"].tolist()
    assert here.frame()["student_probability"].tolist() == pytest.approx(
        frame["student_probability"].tolist(), nan_ok=True
    )


def test_a_single_model_has_the_probability_of_its_own_top_words(tiny_bert: MaskedLM) -> None:
    prediction = predict(tiny_bert, "he is a [MASK]")
    mass = position_of({"student": prediction}, 4, 4).mass()
    assert mass == {"student": pytest.approx(prediction.shown_mass(prediction.positions[3], 4))}


def test_the_measures_say_what_their_footnotes_say(tiny_model) -> None:
    text = "he is a [MASK]"
    teacher, student = predict(tiny_model("bert"), text), predict(tiny_model("electra"), text)
    place = teacher.positions[3]
    row = compare(teacher, student).row(3, 5)
    unsure, distance, overlap, mass = position_of({"teacher": teacher, "student": student}, 4, 5).measures()
    assert unsure["foot"] == f"entropy {teacher.entropy(place):.2f} | {student.entropy(place):.2f} nats"
    assert unsure["values"][0][1] == f"{math.exp(teacher.entropy(place)):,.0f}"
    assert distance["foot"] == f"KL(teacher ‖ student) {row['kl']:.2f} nats"
    ratio = math.exp(row["kl"])
    assert 1 < ratio < 2, "with two places, to tell it from 1"
    assert distance["values"] == [["student", f"{ratio:.2f}"]] and distance["unit"] == "times"
    assert overlap["values"] == [["student", f"{round(5 * row['overlap'])} of 5"]]
    assert [role for role, _ in mass["values"]] == ["teacher", "student"]


def test_two_words_are_compared_by_how_many_times_as_likely_they_are() -> None:
    found = odds_view(("he", "she"), {"teacher": (0.4, 0.1), "student": (0.2, 0.2), "student2": (0.01, 0.3)})
    assert [line["text"] for line in found["lines"]] == [
        "finds “he” 4.0 times as likely as “she” (40 % and 10 %)",
        "finds “he” and “she” equally likely (20 % and 20 %)",
        "finds “he” 30 times less likely than “she” (1.0 % and 30 %)",
    ]
    turned: dict[Role, tuple[float | None, float | None]] = {"teacher": (0.1, 0.4), "student": (0.3, 0.01)}
    assert [line["text"] for line in odds_view(("he", "she"), turned)["lines"]] == [
        "finds “she” 4.0 times as likely as “he” (40 % and 10 %)",
        "finds “she” 30 times less likely than “he” (1.0 % and 30 %)",
    ]
    typed = odds_view(("he", "she"), turned, in_order=True)["lines"]
    assert typed[0]["text"] == "finds “he” 4.0 times less likely than “she” (10 % and 40 %)"
    assert found["note"] == (
        "log ratio, “he” to “she”, in nats: teacher +1.39, student 0.00, second student −3.40"
    )


def test_a_model_without_the_words_has_no_line() -> None:
    assert odds_view(("a", "b"), {"teacher": (None, 0.1)})["lines"] == []
    (line,) = odds_view(("a", "b"), {"teacher": (0.5, 0.0)})["lines"]
    assert line["text"] == "gives “b” no probability (50 % and 0 %)"


def test_he_and_she_are_compared_first_where_both_are_shown(tiny_bert: MaskedLM) -> None:
    prediction = predict(tiny_bert, "[MASK] is a nurse")
    here = Position("[MASK]", {"teacher": prediction}, (prediction.positions[0],), 10_000)
    assert here.odds()["words"] == ["he", "she"]
    first = Position("[MASK]", {"teacher": prediction}, (prediction.positions[0],), 2)
    assert first.odds()["words"] == [word.text for word in first.words]


# --- the finding ---


SHE_HE_IT = ("she", "he", "it")


def finding(
    *rows: tuple[float, float, float],
    hidden: bool = True,
    words: tuple[str, ...] = SHE_HE_IT,
    student_words: tuple[str, ...] = SHE_HE_IT,
) -> str:
    """What is found where teacher, student and second student give these probabilities to three words."""
    token = Token(0, 0, "_", 0, 1, special=False, masked=hidden, unknown=False)
    roles: tuple[Role, ...] = ("teacher", "student", "student2")
    models = {
        role: Prediction(
            "m", "_", 1.0, False, (token,), (0,), torch.tensor([row]).log(), own, "WordPiece", True
        )
        for role, row, own in zip(roles, rows, (words, student_words, SHE_HE_IT), strict=False)
    }
    return Position("_", models, (0,) * len(models), 1).finding()


def test_models_that_expect_the_same_hidden_word_are_told_apart_by_the_second_word() -> None:
    assert finding((0.84, 0.056, 0.1), (0.6, 0.34, 0.06)) == (
        "“she” is 8.4 times as likely as “it” for the teacher, 10 times for the student"
    )
    assert finding((0.8, 0.16, 0.04), (0.6, 0.3, 0.1), (0.5, 0.2, 0.3)).endswith(
        "“he” for the teacher, 2.0 times for the student, 2.5 times for the second student"
    )
    assert finding((0.8, 0.16, 0.04)) == "“she” is 5.0 times as likely as “he” for the teacher"


def test_a_comparison_says_where_models_differ_in_direction(tiny_bert: MaskedLM) -> None:
    here = position_of({"teacher": predict(tiny_bert, "[MASK] is a nurse")}, 1, 3)
    roles: tuple[Role, ...] = ("teacher", "student", "student2")

    def said(*pairs: tuple[float, float]) -> str:
        return here.comparison(("he", "she"), dict(zip(roles, pairs, strict=False)))

    assert said((0.1, 0.4), (0.1, 0.2)) == (
        "“he” is 4.0 times less likely than “she” for the teacher, 2.0 times for the student"
    )
    assert said((0.1, 0.4), (0.2, 0.2), (0.4, 0.1)) == (
        "“he” is 4.0 times less likely than “she” for the teacher, as likely for the student, "
        "4.0 times as likely for the second student"
    )
    assert said((0.2, 0.2), (0.4, 0.1)) == (
        "“he” is as likely as “she” for the teacher, 4.0 times as likely for the student"
    )


def test_a_headline_names_no_punctuation() -> None:
    assert finding((0.6, 0.3, 0.1), words=("-", "e", "of")) == "teacher says “-” (60 %)"
    assert finding((0.6, 0.3, 0.1), words=("she", ",", "he")) == "teacher says “she” (60 %)"


def test_otherwise_the_first_words_are_the_finding() -> None:
    differ = "teacher says “she” (80 %), student says “he” (60 %)"
    assert finding((0.8, 0.15, 0.05), (0.3, 0.6, 0.1)) == differ
    assert finding((0.8, 0.15, 0.05), hidden=False) == "teacher says “she” (80 %)", "the model can read it"
    assert finding((1.0, 0.0, 0.0)) == "teacher says “she” (100 %)", "no ratio to a probability of 0"


def test_a_second_word_that_a_model_lacks_is_not_compared() -> None:
    found = finding((0.8, 0.15, 0.05), (0.7, 0.2, 0.1), student_words=("she", "they", "we"))
    assert found == "teacher says “she” (80 %), student says “she” (70 %)"


# --- the targets of a student ---


def targets(model: MaskedLM, number: int, temperature: float = 1.0, *, log: bool = False) -> dict[str, Any]:
    prediction = predict(model, "he is a [MASK]", temperature=temperature)
    found = position_of({"teacher": prediction, "student": prediction}, number, 3).targets(log=log)
    assert found is not None
    return found


def test_the_hard_label_of_a_visible_word_is_that_word(tiny_bert: MaskedLM) -> None:
    found = targets(tiny_bert, 1)
    assert "The hard label is “he” alone" in found["title"]
    assert "“he”: the word in the text" in found["note"] and "guess" not in found["note"]
    assert [word["text"] for word in found["words"] if "hard" in word] == ["he"]


def test_the_hard_label_of_a_masked_word_is_said_to_be_a_guess(tiny_bert: MaskedLM) -> None:
    found = targets(tiny_bert, 4)
    prediction = predict(tiny_bert, "he is a [MASK]")
    best = prediction.top(prediction.positions[3], 1).iloc[0]
    assert f"“{best['token']}”: the teacher's guess. It stands in for the text's own word" in found["note"]
    assert "training uses the text's own word alone" in found["note"], "the guess is not what training uses"
    assert found["names"] == {"teacher": "Teacher (soft target)"}
    assert percent(1 - best["probability"]) in found["title"]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 5.0])
def test_the_bars_of_each_model_add_up_to_one(tiny_bert: MaskedLM, temperature: float) -> None:
    found = targets(tiny_bert, 4, temperature)
    assert found["words"][-1]["text"] == OTHERS
    assert f"at temperature {temperature:g}" in found["note"]
    scale = next(tick["at"] for tick in found["axis"]["ticks"] if tick["shown"] == "100 %")
    for role in ("hard", "teacher", "student"):
        total = sum(word[role]["at"] for word in found["words"] if role in word) / scale
        assert total == pytest.approx(1, abs=2e-3)


def test_the_log_scale_reaches_the_targets(tiny_bert: MaskedLM) -> None:
    assert targets(tiny_bert, 4, log=True)["axis"]["title"] == "probability (log scale)"


def test_without_a_teacher_there_are_no_targets(tiny_bert: MaskedLM) -> None:
    assert position_of({"student": predict(tiny_bert, "he is")}, 1, 3).targets(log=False) is None
