"""Any number of models on the same text: aligned positions and shared words."""

from __future__ import annotations

import pytest

from fairkd.errors import InputError
from fairkd.predictions.distribution import Prediction
from fairkd.predictions.positions import predict
from fairkd.predictions.side_by_side import align, same_vocabulary, shared_words

SENTENCE = "The nurse said that [MASK] liked 好 milk."


def test_three_models_have_the_union_of_their_top_words(tiny_model) -> None:
    models = [predict(tiny_model(name), SENTENCE) for name in ("bert", "electra", "bert")]
    assert same_vocabulary(models)
    positions = align(models)[4]
    words = shared_words(models, positions, 5)
    tops = [set(model.top(position, 5)["token"]) for model, position in zip(models, positions, strict=True)]
    assert {word.text for word in words} == tops[0] | tops[1] | tops[2]
    for word in words:
        token = models[0].token_strings.index(word.text)
        for model, position, probability, rank in zip(
            models, positions, word.probabilities, word.ranks, strict=True
        ):
            row = model.row(position)
            assert probability == pytest.approx(float(row[token].exp()))
            assert rank == 1 + int((row > row[token]).sum()) + int((row[:token] == row[token]).sum())
    firsts = [word.probabilities[0] for word in words]
    assert firsts == sorted(firsts, reverse=True)


def test_a_model_without_a_token_at_the_position_has_no_values(tiny_model) -> None:
    models = [predict(tiny_model(name), SENTENCE) for name in ("bert", "roberta", "bert")]
    columns = align(models)
    assert not same_vocabulary(models)
    for number, model in enumerate(models):
        assert [one[number] for one in columns if one[number] is not None] == list(model.positions)
    (alone,) = (one for one in columns if one[0] is not None and one[1] is None)
    assert alone[0] == alone[2]
    for word in shared_words(models, alone, 3):
        assert word.probabilities[1] is None and word.ranks[1] is None and not word.in_top[1]


def test_words_of_different_texts_are_not_aligned(tiny_model) -> None:
    one, other = (predict(tiny_model("bert"), text) for text in ("he is", "she is"))
    with pytest.raises(InputError, match="different texts"):
        align([one, other])


def test_one_model_alone_is_its_own_union(tiny_model) -> None:
    model: Prediction = predict(tiny_model("bert"), SENTENCE)
    (position,) = align([model])[3]
    words = shared_words([model], (position,), 4)
    assert [word.text for word in words] == model.top(position or 0, 4)["token"].tolist()
    assert [word.ranks for word in words] == [(1,), (2,), (3,), (4,)]


def test_a_wanted_word_is_included_though_it_is_improbable(tiny_model) -> None:
    models = [predict(tiny_model(name), SENTENCE) for name in ("bert", "electra")]
    positions = align(models)[4]
    row = models[0].row(positions[0] or 0)
    last = int(row.argmin())
    words = shared_words(models, positions, 2, also=(last,))
    (found,) = (word for word in words if not any(word.in_top))
    assert found.text == models[0].token_strings[last]
    assert found.probabilities[0] == pytest.approx(float(row[last].exp()))
