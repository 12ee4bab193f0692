"""Two models compared on the same text, position by position."""

from __future__ import annotations

import pytest

from fairkd.errors import InputError
from fairkd.models.loading import MaskedLM
from fairkd.predictions.model_comparison import compare
from fairkd.predictions.positions import predict

SENTENCE = "The nurse said that _ is a zoologist, and [MASK] liked milk."


def test_a_model_does_not_differ_from_itself(any_family: MaskedLM) -> None:
    prediction = predict(any_family, SENTENCE)
    comparison = compare(prediction, prediction)
    table = comparison.table(5)
    assert comparison.same_vocabulary and comparison.reason is None
    assert table.teacher_position.tolist() == table.student_position.tolist() == list(prediction.positions)
    assert (table.kl == 0).all() and (table.overlap == 1).all()
    at = comparison.at(prediction.default_position, 5)
    assert len(at) == 5 and (at.rank_change == 0).all() and at.in_student_top.all()


def test_models_of_one_vocabulary_are_compared_as_defined(tiny_model) -> None:
    teacher, student = predict(tiny_model("bert"), SENTENCE), predict(tiny_model("electra"), SENTENCE)
    comparison = compare(teacher, student)
    table = comparison.table(7).set_index("teacher_position")
    for position in teacher.positions:
        p, q = teacher.row(position).double(), student.row(position).double()
        row = table.loc[position]
        both = set(teacher.top(position, 7).id) & set(student.top(position, 7).id)
        assert row.kl == pytest.approx(float((p.exp() * (p - q)).sum()), abs=1e-5) and row.kl > 0
        assert row.overlap == pytest.approx(len(both) / 7)
        assert row.teacher_entropy == teacher.entropy(position)
        assert row.student_entropy == student.entropy(position)
        assert row.token == teacher.tokens[position].text


def test_at_holds_the_union_of_both_tops_in_the_order_of_the_teacher(tiny_model) -> None:
    teacher, student = predict(tiny_model("bert"), SENTENCE), predict(tiny_model("electra"), SENTENCE)
    position = teacher.default_position
    frame = compare(teacher, student).at(position, 6)
    top_teacher, top_student = teacher.top(position, 6), student.top(position, 6)
    assert set(frame.token) == set(top_teacher.token) | set(top_student.token)
    assert frame.teacher_probability.is_monotonic_decreasing
    assert frame.in_teacher_top.sum() == frame.in_student_top.sum() == 6
    for row in frame.itertuples():
        token = teacher.token_strings.index(row.token)
        assert row.teacher_rank == teacher.rank(position, [token])[0]
        assert row.student_probability == pytest.approx(student.row(position)[token].exp().item())
        assert row.rank_change == row.teacher_rank - row.student_rank


@pytest.mark.parametrize("other", ["roberta", "xlm-roberta", "modernbert", "bert-cased"])
def test_different_vocabularies_are_compared_by_words(tiny_model, other: str) -> None:
    teacher, student = predict(tiny_model("bert"), SENTENCE), predict(tiny_model(other), SENTENCE)
    comparison = compare(teacher, student)
    table = comparison.table(20)
    assert not comparison.same_vocabulary and "different vocabularies" in (comparison.reason or "")
    assert table.kl.isna().all()
    aligned = table.dropna(subset=["teacher_position", "student_position"])
    assert aligned.overlap.between(0, 1).all() and (aligned.overlap > 0).any()
    for row in aligned.itertuples():
        left, right = teacher.tokens[row.teacher_position], student.tokens[row.student_position]
        assert (left.start, left.end) == (right.start, right.end)
    assert [token for token in aligned.token if token == "[MASK]"] == ["[MASK]", "[MASK]"]


def test_words_of_different_vocabularies_are_matched_without_marks_or_case(tiny_model) -> None:
    teacher, student = (predict(tiny_model(name), "[MASK] is old") for name in ("bert", "roberta"))
    frame = compare(teacher, student).at(1, len(teacher.token_strings)).set_index("token")
    for word in ("he", "she", "nurse", "milk", "doctor", "old"):
        ids = [i for i, label in enumerate(student.token_strings) if label.lower().strip("#") == word]
        assert len(ids) >= 3  # small and capital, each with and without the space before it
        expected = max(student.row(1)[i].exp().item() for i in ids)
        assert frame.student_probability[word] == pytest.approx(expected)


def test_tokens_that_the_other_model_splits_differently_are_not_aligned(tiny_model) -> None:
    text = "The [MASK] said 好 ."
    teacher, student = predict(tiny_model("bert"), text), predict(tiny_model("roberta"), text)
    comparison = compare(teacher, student)
    table = comparison.table(3)
    alone = table[table.teacher_position.isna()]
    assert (
        alone.student_position.notna().all()
        and alone.overlap.isna().all()
        and alone.teacher_entropy.isna().all()
    )
    unknown = next(token.index for token in teacher.tokens if token.unknown)
    at = comparison.at(unknown, 4)
    assert len(at) == 4 and at.student_probability.isna().all() and at.student_rank.isna().all()
    assert sorted(table.teacher_position.dropna()) == list(teacher.positions)
    assert sorted(table.student_position.dropna()) == list(student.positions)


def test_predictions_for_different_texts_are_not_compared(tiny_bert: MaskedLM) -> None:
    with pytest.raises(InputError, match="different texts"):
        compare(predict(tiny_bert, "he"), predict(tiny_bert, "she"))
