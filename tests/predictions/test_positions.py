"""Distributions at every position compared with plain loops, and their mathematics."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as npst

from fairkd.errors import InputError
from fairkd.models import loading
from fairkd.models.loading import MaskedLM
from fairkd.models.tokenization import encode
from fairkd.predictions.distribution import Prediction, Token, entropy, kl, top_ids
from fairkd.predictions.model_comparison import compare
from fairkd.predictions.positions import as_json, predict, predict_each

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
        mask_each=False,
        tokens=(Token(0, 0, "x", 0, 1, special=False, masked=False, unknown=False),),
        positions=(0,),
        log_probabilities=row[None],
        token_strings=tuple(str(i) for i in range(len(row))),
        kind="WordPiece",
        lower_case=True,
    )


# --- against plain loops ---


@pytest.mark.parametrize("temperature", [1.0, 0.3, 4.0])
def test_predictions_of_the_text_as_written_equal_a_plain_loop(
    any_family: MaskedLM, temperature: float
) -> None:
    prediction = predict(any_family, SENTENCE, temperature=temperature)
    ids = list(encode(any_family, SENTENCE).ids)
    assert [token.id for token in prediction.tokens] == ids
    for position in prediction.positions:
        expected = plain_row(any_family, ids, position, temperature)
        assert prediction.row(position).double() == pytest.approx(expected, abs=1e-4)


def test_masking_each_token_equals_a_loop_over_masked_copies(any_family: MaskedLM) -> None:
    prediction = predict(any_family, SENTENCE, mask_each=True)
    ids = list(encode(any_family, SENTENCE).ids)
    for position in prediction.positions:
        copy = [*ids[:position], any_family.mask_id, *ids[position + 1 :]]
        assert prediction.row(position).double() == pytest.approx(
            plain_row(any_family, copy, position), abs=1e-4
        )


def test_predictions_of_the_embedded_teacher_equal_plain_loops(teacher: MaskedLM) -> None:
    text = "[MASK] is a nurse."
    ids = list(encode(teacher, text).ids)
    written, masked_copies = predict(teacher, text), predict(teacher, text, mask_each=True)
    copy = [*ids[:4], teacher.mask_id, *ids[5:]]
    assert written.row(4).double() == pytest.approx(plain_row(teacher, ids, 4), abs=1e-4)
    assert masked_copies.row(4).double() == pytest.approx(plain_row(teacher, copy, 4), abs=1e-4)


def test_the_batch_size_changes_nothing(tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = predict(tiny_bert, SENTENCE, mask_each=True)
    for tokens in (40, 1):
        monkeypatch.setattr("fairkd.models.token_batching.BATCH_TOKENS", tokens)
        chunked = predict(tiny_bert, SENTENCE, mask_each=True)
        assert torch.allclose(chunked.log_probabilities, whole.log_probabilities, atol=1e-5)


def test_progress_counts_the_masked_positions(tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fairkd.models.token_batching.BATCH_TOKENS", 40)
    reports: list[tuple[str, float | None]] = []
    prediction = predict(tiny_bert, SENTENCE, mask_each=True, progress=lambda *report: reports.append(report))
    count = len(prediction.positions)
    fractions = [fraction for _, fraction in reports]
    assert len(reports) > 3 and fractions == sorted(fractions) and fractions[-1] == 1
    assert reports[-1][0].endswith(f"{count} of {count} positions") and tiny_bert.reference in reports[-1][0]


def test_an_exception_from_progress_ends_the_work(
    tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fairkd.models.token_batching.BATCH_TOKENS", 1)
    reports: list[str] = []

    def stop(message: str, fraction: float | None) -> None:
        reports.append(message)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict(tiny_bert, SENTENCE, mask_each=True, progress=stop)
    assert len(reports) == 1


# --- tokens and positions ---


def test_positions_are_all_tokens_but_the_special_ones(any_family: MaskedLM) -> None:
    prediction = predict(any_family, SENTENCE)
    assert prediction.positions == tuple(range(1, len(prediction.tokens) - 1))
    assert [token.index for token in prediction.tokens] == list(range(len(prediction.tokens)))
    assert prediction.log_probabilities.shape == (len(prediction.positions), any_family.vocabulary_size)
    assert prediction.log_probabilities.dtype == torch.float32


def test_typed_masks_are_flagged_with_their_place_in_the_text(any_family: MaskedLM) -> None:
    prediction = predict(any_family, SENTENCE)
    masked = [token for token in prediction.tokens if token.masked]
    assert [SENTENCE[token.start : token.end] for token in masked] == ["_", "[MASK]"]
    assert prediction.default_position == masked[0].index


def test_typed_masks_stay_masks_when_each_token_is_masked(tiny_bert: MaskedLM) -> None:
    text = "The _ said that [MASK] is old."
    written, masked_copies = predict(tiny_bert, text), predict(tiny_bert, text, mask_each=True)
    for position in (2, 5):
        assert torch.allclose(written.row(position), masked_copies.row(position), atol=1e-5)


def test_without_a_mask_the_default_position_is_in_the_middle(tiny_bert: MaskedLM) -> None:
    assert predict(tiny_bert, "he is a nurse .").default_position == 3


def test_words_are_shown_without_tokenizer_marks(any_family: MaskedLM) -> None:
    prediction = predict(any_family, 'The nurse said "He is".')
    words = [token.text.lower() for token in prediction.tokens if token.text.strip("#").isalpha()]
    assert words[:3] == ["the", "nurse", "said"]
    assert "".join(word.removeprefix("##") for word in words[3:]) == "heis"


@pytest.mark.parametrize("family", ["roberta", "modernbert"])
def test_bpe_tokens_without_a_space_are_shown_as_words_where_no_space_precedes(tiny_model, family) -> None:
    prediction = predict(tiny_model(family), "[MASK] is [MASK].")
    first, second = [token.index for token in prediction.tokens if token.masked]
    size = len(prediction.token_strings)
    at_start, inside = (set(prediction.top(position, size).token) for position in (first, second))
    assert {"He", "␣he"} <= at_start and "##He" not in at_start
    assert {"##He", "he"} <= inside and "␣he" not in inside


@pytest.mark.parametrize("family", ["roberta", "modernbert"])
def test_a_tokenizer_may_add_a_space_before_the_first_word(tiny_folder, tmp_path: Path, family: str) -> None:
    folder = Path(shutil.copytree(tiny_folder(family), tmp_path / family))
    for file in ("tokenizer.json", "tokenizer_config.json"):
        settings = (
            (folder / file).read_text().replace('"add_prefix_space": false', '"add_prefix_space": true')
        )
        (folder / file).write_text(settings)
    prediction = predict(loading.load(str(folder)), "he is a [MASK].")
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


def test_a_text_that_is_too_long_is_refused_with_both_lengths(tiny_bert: MaskedLM) -> None:
    with pytest.raises(InputError, match="102 tokens, and .* takes at most 64"):
        predict(tiny_bert, "he " * 100)


@pytest.mark.parametrize("temperature", [0, -1, math.nan, math.inf, -math.inf])
def test_the_temperature_must_be_positive_and_finite(tiny_bert: MaskedLM, temperature: float) -> None:
    with pytest.raises(InputError, match="temperature must be a number greater than 0"):
        predict(tiny_bert, "he", temperature=temperature)


@pytest.mark.parametrize("temperature", [1e-300, 1e-40, 1e-3, 1e30, 1e300])
def test_extreme_temperatures_give_finite_numbers(tiny_bert: MaskedLM, temperature: float) -> None:
    plain, extreme = predict(tiny_bert, SENTENCE), predict(tiny_bert, SENTENCE, temperature=temperature)
    assert extreme.log_probabilities.exp().sum(-1) == pytest.approx(np.ones(len(extreme.positions)), abs=1e-4)
    bound = math.log(len(extreme.token_strings))
    assert extreme.entropy(1) == pytest.approx(bound if temperature > 1 else 0, abs=1e-5)
    assert not compare(extreme, plain).table().kl.isna().any()


def test_a_position_without_distribution_is_refused(tiny_bert: MaskedLM) -> None:
    prediction = predict(tiny_bert, "he is")
    for position in (0, 3, 99, -1):
        with pytest.raises(InputError, match="positions 1 to 2"):
            prediction.row(position)


# --- properties ---


@settings(max_examples=25)
@given(
    text=st.text(alphabet="he isanurse.,_\"'好é", min_size=1, max_size=25), temperature=st.floats(0.05, 20)
)
def test_every_distribution_sums_to_one(tiny_bert: MaskedLM, text: str, temperature: float) -> None:
    if not text.strip():
        return
    prediction = predict(tiny_bert, text, temperature=temperature, mask_each=True)
    sums = prediction.log_probabilities.double().exp().sum(-1)
    assert torch.allclose(sums, torch.ones_like(sums), atol=1e-5)


@settings(max_examples=25)
@given(temperature=st.floats(0.05, 20))
def test_temperature_flattens_but_keeps_the_order(tiny_bert: MaskedLM, temperature: float) -> None:
    plain, other = predict(tiny_bert, "he is"), predict(tiny_bert, "he is", temperature=temperature)
    expected = (plain.log_probabilities.double() / temperature).log_softmax(-1)
    assert torch.allclose(other.log_probabilities.double(), expected, atol=1e-4)
    assert plain.top(1, 1).id.item() == other.top(1, 1).id.item()
    assert (other.entropy(1) - plain.entropy(1)) * (temperature - 1) >= -1e-6


@given(row=rows(), k=st.integers(1, 15))
def test_top_and_rank_agree_also_on_ties(row: torch.Tensor, k: int) -> None:
    prediction = a_prediction(row)
    top = prediction.top(0, k)
    by_hand = sorted(range(len(row)), key=lambda i: (-row[i].item(), i))[:k]
    assert top.id.tolist() == prediction.top_ids(0, k) == by_hand
    assert top["rank"].tolist() == prediction.rank(0, by_hand) == list(range(1, len(by_hand) + 1))
    assert top.probability.is_monotonic_decreasing
    assert prediction.shown_mass(0, k) == pytest.approx(top.probability.sum())
    assert sorted(prediction.rank(0, range(len(row)))) == list(range(1, len(row) + 1))


@given(row=rows())
def test_entropy_lies_between_certainty_and_uniformity(row: torch.Tensor) -> None:
    assert -1e-9 <= entropy(row) <= math.log(len(row)) + 1e-5
    by_hand = -sum(math.exp(x) * x for x in row.double().tolist())
    assert entropy(row) == pytest.approx(by_hand, abs=1e-9)


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


def test_kl_is_defined_for_tokens_of_probability_zero() -> None:
    sure, open_ = torch.tensor([0.0, -math.inf]), torch.tensor([0.5, 0.5]).log()
    assert kl(sure, open_) == pytest.approx(math.log(2))
    assert kl(open_, sure) == math.inf
    assert entropy(sure) == 0


@pytest.mark.parametrize("k", [0, -3])
def test_a_top_of_no_tokens_is_refused(k: int) -> None:
    with pytest.raises(InputError, match=f"at least 1, got {k}"):
        top_ids(torch.zeros(1, 4), k)


# --- the JSON document ---


def test_the_json_document_holds_only_the_masked_positions_if_there_are_any(tiny_bert: MaskedLM) -> None:
    document = json.loads(json.dumps(as_json(predict(tiny_bert, "milk is a _ ."), top_k=2), allow_nan=False))
    assert list(document) == ["model", "text", "temperature", "positions"]
    assert document["text"] == "milk is a _ ." and document["temperature"] == 1.0
    (position,) = document["positions"]
    assert list(position) == ["index", "token", "masked", "entropy", "predictions"]
    assert (position["index"], position["token"], position["masked"]) == (4, "[MASK]", True)
    assert [list(entry) for entry in position["predictions"]] == [["token", "probability", "rank"]] * 2
    assert [entry["rank"] for entry in position["predictions"]] == [1, 2]


def test_the_json_document_holds_all_positions_if_there_is_no_mask(tiny_bert: MaskedLM) -> None:
    document = as_json(predict(tiny_bert, "milk is good"), top_k=1)
    assert [position["index"] for position in document["positions"]] == [1, 2, 3]
    assert not any(position["masked"] for position in document["positions"])


def test_several_models_predict_what_each_predicts_alone(teacher: MaskedLM, tiny_bert: MaskedLM) -> None:
    for got, lm in zip(
        predict_each([teacher, tiny_bert], SENTENCE, temperature=2), (teacher, tiny_bert), strict=True
    ):
        alone = predict(lm, SENTENCE, temperature=2)
        torch.testing.assert_close(got.log_probabilities, alone.log_probabilities, rtol=0, atol=1e-5)
        assert (got.reference, got.tokens, got.positions) == (lm.reference, alone.tokens, alone.positions)
        assert (got.temperature, got.mask_each) == (2, False)


def test_several_models_refuse_what_each_refuses(teacher: MaskedLM, tiny_bert: MaskedLM) -> None:
    with pytest.raises(InputError, match="temperature must be a number greater than 0"):
        predict_each([teacher, tiny_bert], SENTENCE, temperature=0)
    with pytest.raises(InputError, match="The text is empty"):
        predict_each([teacher, tiny_bert], "")
