"""Any word at a position: taken from the distribution, or scored over masks."""

from __future__ import annotations

import math

import pytest
import torch

from fairkd.errors import InputError
from fairkd.models.loading import MaskedLM
from fairkd.models.tokenization import UnknownWord, encode
from fairkd.predictions.cloze import score_words
from fairkd.predictions.positions import predict
from fairkd.predictions.word_lookup import look_up

TEXT = "the nurse is a [MASK] ."
WORD = "zoologist"  # several subword tokens in every family


def left_to_right(lm: MaskedLM, ids: list[int], position: int, subwords: list[int]) -> float:
    """The sum of the log-probabilities of the subwords, one forward pass for each."""
    total = 0.0
    for n, subword in enumerate(subwords):
        masks = [lm.mask_id] * (len(subwords) - n)
        row = [*ids[:position], *subwords[:n], *masks, *ids[position + 1 :]]
        with torch.no_grad():
            logits = lm.model(input_ids=torch.tensor([row])).logits[0, position + n].double()
        total += float(logits.log_softmax(-1)[subword])
    return total


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_a_word_of_one_token_has_its_probability_at_the_temperature(
    any_family: MaskedLM, temperature: float
) -> None:
    prediction = predict(any_family, TEXT, temperature=temperature)
    found = look_up(any_family, prediction, "doctor")
    top = prediction.top(prediction.default_position, any_family.vocabulary_size)
    row = top[top["rank"] == found.rank].iloc[0]
    assert found.subwords == 1 and found.spelling == (row.token,) and not found.note
    assert found.probability == pytest.approx(row.probability)


def test_the_probability_depends_on_the_position(tiny_bert: MaskedLM) -> None:
    prediction = predict(tiny_bert, TEXT)
    here, there = (look_up(tiny_bert, prediction, "doctor", position=i) for i in (2, 5))
    assert there == look_up(tiny_bert, prediction, "doctor")
    assert here.probability != there.probability
    with pytest.raises(InputError, match="Position 0 has no distribution"):
        look_up(tiny_bert, prediction, "doctor", position=0)


def test_a_word_of_several_tokens_is_scored_at_a_mask_with_a_note(any_family: MaskedLM) -> None:
    cold, hot = (predict(any_family, TEXT, temperature=t) for t in (1.0, 4.0))
    found = look_up(any_family, cold, WORD)
    expected = score_words(any_family, TEXT, [WORD])
    assert found.probability == pytest.approx(expected.probability[0], rel=1e-4)
    assert found.subwords == expected.subwords[0] > 1 and found.rank is None
    assert f"{found.subwords} subword tokens: estimated probability (pseudo-log-likelihood" in found.note
    assert look_up(any_family, hot, WORD) == found


def test_a_word_of_several_tokens_is_scored_at_a_visible_token_only_if_each_is_masked(
    tiny_bert: MaskedLM,
) -> None:
    written, masked = predict(tiny_bert, TEXT), predict(tiny_bert, TEXT, mask_each=True)
    found = look_up(tiny_bert, written, WORD, position=2)
    assert found.probability is None and found.rank is None and "if each token is masked" in found.note
    scored = look_up(tiny_bert, masked, WORD, position=2)
    ids = list(encode(tiny_bert, TEXT).ids)
    subwords = tiny_bert.tokenizer(WORD, add_special_tokens=False)["input_ids"]
    assert len(subwords) == scored.subwords
    assert math.log(scored.probability or 0) == pytest.approx(
        left_to_right(tiny_bert, ids, 2, subwords), abs=1e-4
    )


def test_an_unspellable_word_or_a_word_without_room_is_refused(tiny_bert: MaskedLM) -> None:
    with pytest.raises(UnknownWord, match="☃"):
        look_up(tiny_bert, predict(tiny_bert, TEXT), "☃")
    full = predict(tiny_bert, "he " * 61 + "[MASK]")
    with pytest.raises(InputError, match="Shorten the text"):
        look_up(tiny_bert, full, WORD)
