"""Distributions at every position against plain loops, their mathematics, and the comparison of models."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from fairkd import models
from fairkd.distributions import Prediction, Token, entropy, kl, top_ids
from fairkd.errors import InputError
from fairkd.models import MaskedLM
from fairkd.predictions import as_json, compare, predict
from fairkd.words import encode

SENTENCE = "The nurse said that _ is a zoologist, and [MASK] liked milk."


def plain_row(lm: MaskedLM, ids: list[int], position: int, temperature: float = 1.0) -> torch.Tensor:
    """One forward pass of the raw model, and the softmax by its definition."""
    with torch.no_grad():
        logits = lm.model(input_ids=torch.tensor([ids])).logits[0, position].double() / temperature
    return logits - math.log(sum(math.exp(x - logits.max().item()) for x in logits.tolist())) - logits.max()


def rows() -> st.SearchStrategy[torch.Tensor]:
    """A few logits, equal ones among them, as one distribution."""
    values = st.floats(-30, 30, width=32) | st.sampled_from([-1.0, 0.0, 1.0])
    shapes = st.integers(2, 12)
    return npst.arrays(np.float32, shapes, elements=values).map(lambda x: torch.tensor(x).log_softmax(-1))


@st.composite
def two_rows(draw: st.DrawFn) -> tuple[torch.Tensor, torch.Tensor]:
    first = draw(rows())
    values = st.floats(-30, 30, width=32)
    second = draw(npst.arrays(np.float32, len(first), elements=values))
    return first, torch.tensor(second).log_softmax(-1)


def a_prediction(row: torch.Tensor) -> Prediction:
    """`row` as the distribution of a one-token text."""
    return Prediction(
        reference="made up",
        text="x",
        temperature=1.0,
        masked_in_turn=False,
        tokens=(Token(0, 0, "x", 0, 1, special=False, masked=False, unknown=False),),
        positions=(0,),
        log_probabilities=row[None],
        labels=tuple(str(i) for i in range(len(row))),
        kind="WordPiece",
        lower_case=True,
    )


# --- against plain loops ---


@pytest.mark.parametrize("temperature", [1.0, 0.3, 4.0])
def test_as_written_equals_a_plain_loop(any_family: MaskedLM, temperature: float) -> None:
    prediction = predict(any_family, SENTENCE, temperature=temperature)
    ids = list(encode(any_family, SENTENCE).ids)
    assert [token.id for token in prediction.tokens] == ids
    for position in prediction.positions:
        expected = plain_row(any_family, ids, position, temperature)
        assert prediction.row(position).double() == pytest.approx(expected, abs=1e-4)


def test_masked_in_turn_equals_one_masked_copy_at_a_time(any_family: MaskedLM) -> None:
    prediction = predict(any_family, SENTENCE, masked_in_turn=True)
    ids = list(encode(any_family, SENTENCE).ids)
    for position in prediction.positions:
        copy = [*ids[:position], any_family.mask_id, *ids[position + 1 :]]
        assert prediction.row(position).double() == pytest.approx(
            plain_row(any_family, copy, position), abs=1e-4
        )


def test_the_embedded_teacher_equals_plain_loops(teacher: MaskedLM) -> None:
    text = "[MASK] is a nurse."
    ids = list(encode(teacher, text).ids)
    written, in_turn = predict(teacher, text), predict(teacher, text, masked_in_turn=True)
    copy = [*ids[:4], teacher.mask_id, *ids[5:]]
    assert written.row(4).double() == pytest.approx(plain_row(teacher, ids, 4), abs=1e-4)
    assert in_turn.row(4).double() == pytest.approx(plain_row(teacher, copy, 4), abs=1e-4)


def test_chunks_change_nothing(tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = predict(tiny_bert, SENTENCE, masked_in_turn=True)
    monkeypatch.setattr("fairkd.words._TOKENS_AT_ONCE", 40)
    chunked = predict(tiny_bert, SENTENCE, masked_in_turn=True)
    assert torch.allclose(chunked.log_probabilities, whole.log_probabilities, atol=1e-5)


# --- what a prediction says about its text ---


def test_positions_are_all_tokens_but_the_special_ones(any_family: MaskedLM) -> None:
    prediction = predict(any_family, SENTENCE)
    assert prediction.positions == tuple(range(1, len(prediction.tokens) - 1))
    assert [token.index for token in prediction.tokens] == list(range(len(prediction.tokens)))
    assert prediction.log_probabilities.shape == (len(prediction.positions), any_family.vocabulary_size)
    assert prediction.log_probabilities.dtype == torch.float32


def test_typed_masks_are_flagged_and_point_at_what_was_typed(any_family: MaskedLM) -> None:
    prediction = predict(any_family, SENTENCE)
    masked = [token for token in prediction.tokens if token.masked]
    assert [SENTENCE[token.start : token.end] for token in masked] == ["_", "[MASK]"]
    assert prediction.default_position == masked[0].index


def test_typed_masks_stay_masks_when_others_are_masked_in_turn(tiny_bert: MaskedLM) -> None:
    text = "The _ said that [MASK] is old."
    written, in_turn = predict(tiny_bert, text), predict(tiny_bert, text, masked_in_turn=True)
    for position in (2, 5):
        assert torch.allclose(written.row(position), in_turn.row(position), atol=1e-5)


def test_without_a_mask_the_middle_is_chosen(tiny_bert: MaskedLM) -> None:
    assert predict(tiny_bert, "he is a nurse .").default_position == 3


def test_words_are_shown_without_the_marks_of_the_tokenizer(any_family: MaskedLM) -> None:
    prediction = predict(any_family, 'The nurse said "He is".')
    words = [token.text.lower() for token in prediction.tokens if token.text.strip("#").isalpha()]
    assert words[:3] == ["the", "nurse", "said"]
    assert "".join(word.removeprefix("##") for word in words[3:]) == "heis"


@pytest.mark.parametrize("family", ["roberta", "modernbert"])
def test_bpe_shows_pieces_without_space_as_words_where_a_word_begins_without_one(tiny_model, family) -> None:
    prediction = predict(tiny_model(family), "[MASK] is [MASK].")
    first, second = [token.index for token in prediction.tokens if token.masked]
    size = len(prediction.labels)
    at_start, inside = (set(prediction.top(position, size).token) for position in (first, second))
    assert {"He", "␣he"} <= at_start and "##He" not in at_start
    assert {"##He", "he"} <= inside and "␣he" not in inside


@pytest.mark.parametrize("family", ["roberta", "modernbert"])
def test_a_tokenizer_may_put_a_space_before_the_first_word(tiny_folder, tmp_path: Path, family: str) -> None:
    folder = Path(shutil.copytree(tiny_folder(family), tmp_path / family))
    for file in ("tokenizer.json", "tokenizer_config.json"):
        settings = (
            (folder / file).read_text().replace('"add_prefix_space": false', '"add_prefix_space": true')
        )
        (folder / file).write_text(settings)
    prediction = predict(models.load(str(folder)), "he is a [MASK].")
    assert [token.text for token in prediction.tokens[1:-1]][:3] == ["he", "is", "a"]
    at_start = set(prediction.top(prediction.positions[0], 10**6).token)
    assert "he" in at_start and "␣he" not in at_start


def test_unknown_characters_are_flagged(tiny_bert: MaskedLM, tiny_roberta: MaskedLM) -> None:
    prediction = predict(tiny_bert, "he is 好 .")
    unknown = [token for token in prediction.tokens if token.unknown]
    assert [(token.text, token.start, token.end) for token in unknown] == [("[UNK]", 6, 7)]
    assert not unknown[0].special
    assert not any(token.unknown for token in predict(tiny_roberta, "he is 好 .").tokens)


def test_markup_is_plain_text(any_family: MaskedLM) -> None:
    text = "<script>alert(1)</script> **he** $x$ is"
    prediction = predict(any_family, text)
    unbroken = "".join(text[token.start : token.end] for token in prediction.tokens)
    assert prediction.text == text
    assert unbroken == text.replace(" ", "")


@pytest.mark.parametrize("text", ["", " \n "])
def test_empty_text_is_refused(tiny_bert: MaskedLM, text: str) -> None:
    with pytest.raises(InputError, match="empty"):
        predict(tiny_bert, text)


@pytest.mark.parametrize("text", ["[SEP]", "\u200b\x00"])
def test_text_without_a_token_is_refused(tiny_bert: MaskedLM, text: str) -> None:
    with pytest.raises(InputError, match="no tokens"):
        predict(tiny_bert, text)


def test_too_long_a_text_is_refused_with_both_numbers(tiny_bert: MaskedLM) -> None:
    with pytest.raises(InputError, match="102 tokens, and .* takes at most 64"):
        predict(tiny_bert, "he " * 100)


@pytest.mark.parametrize("temperature", [0, -1, math.nan, math.inf, -math.inf])
def test_the_temperature_must_be_positive_and_finite(tiny_bert: MaskedLM, temperature: float) -> None:
    with pytest.raises(InputError, match="temperature must be a number greater than 0"):
        predict(tiny_bert, "he", temperature=temperature)


@pytest.mark.parametrize("temperature", [1e-300, 1e-40, 1e-3, 1e30, 1e300])
def test_extreme_temperatures_stay_numbers(tiny_bert: MaskedLM, temperature: float) -> None:
    plain, extreme = predict(tiny_bert, SENTENCE), predict(tiny_bert, SENTENCE, temperature=temperature)
    assert extreme.log_probabilities.exp().sum(-1) == pytest.approx(np.ones(len(extreme.positions)), abs=1e-4)
    bound = math.log(len(extreme.labels))
    assert extreme.entropy(1) == pytest.approx(bound if temperature > 1 else 0, abs=1e-5)
    assert not compare(extreme, plain).table().kl.isna().any()


def test_a_position_without_distribution_is_refused(tiny_bert: MaskedLM) -> None:
    prediction = predict(tiny_bert, "he is")
    for position in (0, 3, 99, -1):
        with pytest.raises(InputError, match="positions 1 to 2"):
            prediction.row(position)


# --- properties ---


@settings(deadline=None, max_examples=25)
@given(
    text=st.text(alphabet="he isanurse.,_\"'好é", min_size=1, max_size=25), temperature=st.floats(0.05, 20)
)
def test_every_distribution_sums_to_one(tiny_bert: MaskedLM, text: str, temperature: float) -> None:
    if not text.strip():
        return
    prediction = predict(tiny_bert, text, temperature=temperature, masked_in_turn=True)
    sums = prediction.log_probabilities.double().exp().sum(-1)
    assert torch.allclose(sums, torch.ones_like(sums), atol=1e-5)


@settings(deadline=None, max_examples=25)
@given(temperature=st.floats(0.05, 20))
def test_temperature_flattens_but_keeps_the_order(tiny_bert: MaskedLM, temperature: float) -> None:
    plain, other = predict(tiny_bert, "he is"), predict(tiny_bert, "he is", temperature=temperature)
    expected = (plain.log_probabilities.double() / temperature).log_softmax(-1)
    assert torch.allclose(other.log_probabilities.double(), expected, atol=1e-4)
    assert plain.top(1, 1).id.item() == other.top(1, 1).id.item()
    assert (other.entropy(1) - plain.entropy(1)) * (temperature - 1) >= -1e-6


@settings(deadline=None)
@given(row=rows(), k=st.integers(1, 15))
def test_top_and_rank_agree_equal_values_included(row: torch.Tensor, k: int) -> None:
    prediction = a_prediction(row)
    top = prediction.top(0, k)
    by_hand = sorted(range(len(row)), key=lambda i: (-row[i].item(), i))[:k]
    assert top.id.tolist() == by_hand
    assert top["rank"].tolist() == prediction.rank(0, by_hand) == list(range(1, len(by_hand) + 1))
    assert top.probability.is_monotonic_decreasing
    assert prediction.shown_mass(0, k) == pytest.approx(top.probability.sum())
    assert sorted(prediction.rank(0, range(len(row)))) == list(range(1, len(row) + 1))


@settings(deadline=None)
@given(row=rows())
def test_entropy_lies_between_certainty_and_uniformity(row: torch.Tensor) -> None:
    assert -1e-9 <= entropy(row) <= math.log(len(row)) + 1e-5
    by_hand = -sum(math.exp(x) * x for x in row.double().tolist())
    assert entropy(row) == pytest.approx(by_hand, abs=1e-9)


@settings(deadline=None)
@given(pair=two_rows(), seed=st.integers(0, 99))
def test_kl_is_never_negative_and_knows_no_order_of_the_vocabulary(
    pair: tuple[torch.Tensor, torch.Tensor], seed: int
) -> None:
    p, q = pair
    mixed = torch.randperm(len(p), generator=torch.Generator().manual_seed(seed))
    assert kl(p, p) == 0
    assert kl(p, q) >= 0
    assert kl(p, q) == pytest.approx(kl(p[mixed], q[mixed]), abs=1e-9)
    assert kl(p, q) == pytest.approx(
        sum(math.exp(a) * (a - b) for a, b in zip(p.tolist(), q.tolist(), strict=True)), abs=1e-4
    )
    assert entropy(p) == pytest.approx(entropy(p[mixed]), abs=1e-9)


def test_kl_of_impossible_tokens_is_defined() -> None:
    sure, open_ = torch.tensor([0.0, -math.inf]), torch.tensor([0.5, 0.5]).log()
    assert kl(sure, open_) == pytest.approx(math.log(2))
    assert kl(open_, sure) == math.inf
    assert entropy(sure) == 0


@pytest.mark.parametrize("k", [0, -3])
def test_at_least_one_token_must_be_asked_for(k: int) -> None:
    with pytest.raises(InputError, match=f"at least 1, got {k}"):
        top_ids(torch.zeros(1, 4), k)


# --- comparison ---


def test_a_model_does_not_differ_from_itself(any_family: MaskedLM) -> None:
    prediction = predict(any_family, SENTENCE)
    comparison = compare(prediction, prediction)
    table = comparison.table(5)
    assert comparison.same_vocabulary and comparison.reason is None
    assert table.teacher_position.tolist() == table.student_position.tolist() == list(prediction.positions)
    assert (table.kl == 0).all() and (table.overlap == 1).all()
    at = comparison.at(prediction.default_position, 5)
    assert len(at) == 5 and (at.rank_change == 0).all() and at.in_student_top.all()


def test_two_models_of_one_vocabulary_are_compared_by_the_definitions(tiny_model) -> None:
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


def test_at_shows_the_union_of_both_tops_in_the_teachers_order(tiny_model) -> None:
    teacher, student = predict(tiny_model("bert"), SENTENCE), predict(tiny_model("electra"), SENTENCE)
    position = teacher.default_position
    frame = compare(teacher, student).at(position, 6)
    ours, theirs = teacher.top(position, 6), student.top(position, 6)
    assert set(frame.token) == set(ours.token) | set(theirs.token)
    assert frame.teacher_probability.is_monotonic_decreasing
    assert frame.in_teacher_top.sum() == frame.in_student_top.sum() == 6
    for row in frame.itertuples():
        token = teacher.labels.index(row.token)
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
        mine, yours = teacher.tokens[row.teacher_position], student.tokens[row.student_position]
        assert (mine.start, mine.end) == (yours.start, yours.end)
    assert [token for token in aligned.token if token == "[MASK]"] == ["[MASK]", "[MASK]"]


def test_words_of_different_vocabularies_are_matched_without_marks_and_case(tiny_model) -> None:
    teacher, student = (predict(tiny_model(name), "[MASK] is old") for name in ("bert", "roberta"))
    frame = compare(teacher, student).at(1, len(teacher.labels)).set_index("token")
    for word in ("he", "she", "nurse", "milk", "doctor", "old"):
        ids = [i for i, label in enumerate(student.labels) if label.lower().strip("#") == word]
        assert len(ids) >= 3  # small and capital, each with and without the space before it
        expected = max(student.row(1)[i].exp().item() for i in ids)
        assert frame.student_probability[word] == pytest.approx(expected)


def test_tokens_that_the_other_model_cuts_differently_stay_alone(tiny_model) -> None:
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


# --- the JSON document ---


def test_the_document_holds_the_masked_positions_where_there_are_any(tiny_bert: MaskedLM) -> None:
    document = json.loads(json.dumps(as_json(predict(tiny_bert, "milk is a _ ."), top_k=2), allow_nan=False))
    assert list(document) == ["model", "text", "temperature", "positions"]
    assert document["text"] == "milk is a _ ." and document["temperature"] == 1.0
    (position,) = document["positions"]
    assert list(position) == ["index", "token", "masked", "entropy", "predictions"]
    assert (position["index"], position["token"], position["masked"]) == (4, "[MASK]", True)
    assert [list(entry) for entry in position["predictions"]] == [["token", "probability", "rank"]] * 2
    assert [entry["rank"] for entry in position["predictions"]] == [1, 2]


def test_the_document_holds_all_positions_where_there_is_no_mask(tiny_bert: MaskedLM) -> None:
    document = as_json(predict(tiny_bert, "milk is good"), top_k=1)
    assert [position["index"] for position in document["positions"]] == [1, 2, 3]
    assert not any(position["masked"] for position in document["positions"])
