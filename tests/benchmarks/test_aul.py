"""AUL and AULA: against the plain references, and what is counted."""

from __future__ import annotations

import copy

import numpy as np
import pandas as pd
import pytest
import torch

from fairkd.benchmarks import BENCHMARKS
from fairkd.benchmarks.aul import aggregate
from fairkd.benchmarks.measuring import score_items
from fairkd.benchmarks.results import summarise
from fairkd.benchmarks.scorer import Scorer
from fairkd.errors import InputError
from fairkd.models import MaskedLM
from tests.benchmarks.references.registry import REFERENCES

NAMES = ("aul", "aula")
ROWS = """\
id,sent_more,sent_less,stereo_antistereo,bias_type
a,The old man is not a good teacher.,The young man is not a good teacher.,stereo,age
b,She likes to walk because she is old.,She likes to walk because she is young.,antistereo,age
c,My sister is a nurse.,My brother is a zoologist and a good father to his daughter.,stereo,gender
d,He is a doctor.,He is a doctor.,stereo,gender
e,She is a nurse.,,stereo,gender
"""
FILES = {"pairs.csv": ROWS.encode()}
COLUMNS = ["score_more", "score_less", "difference"]


@pytest.mark.parametrize("name", NAMES)
def test_every_score_equals_the_plain_reference(name: str, any_family: MaskedLM) -> None:
    items = BENCHMARKS[name].read(FILES)
    table, [unscored] = score_items(BENCHMARKS[name], items, Scorer(any_family))
    assert (unscored.id, unscored.reason) == ("e", "A sentence is empty.")
    for row, item in zip(table.to_dict("records"), items[:4], strict=True):
        for key, expected in REFERENCES[name](any_family, item).items():
            assert row[key] == pytest.approx(expected, abs=1e-4)
        assert row["stereotype"] == (row["score_more"] > row["score_less"])
    assert list(table["tie"]) == [False, False, False, True] and not table["stereotype"][3]


@pytest.mark.parametrize("name", NAMES)
def test_batches_and_order_change_nothing(
    name: str, tiny_roberta: MaskedLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = BENCHMARKS[name].read(FILES)[:3]
    table, _ = score_items(BENCHMARKS[name], items, Scorer(tiny_roberta))
    turned, _ = score_items(BENCHMARKS[name], items[::-1], Scorer(tiny_roberta))
    np.testing.assert_allclose(table[COLUMNS], turned[COLUMNS][::-1], atol=1e-5)
    monkeypatch.setattr("fairkd.predictions.attention_weights._MOST_WEIGHTS", 1)  # one sentence a batch
    alone = pd.concat([score_items(BENCHMARKS[name], [one], Scorer(tiny_roberta))[0] for one in items])
    np.testing.assert_allclose(table[COLUMNS], alone[COLUMNS], atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_that_gives_every_token_the_same_probability_has_only_ties(
    name: str, tiny_bert: MaskedLM
) -> None:
    model = copy.deepcopy(tiny_bert.model)
    for parameter in model.parameters():  # equal logits, equal attention
        torch.nn.init.zeros_(parameter)
    lm = copy.copy(tiny_bert)
    object.__setattr__(lm, "model", model)
    table, _ = score_items(BENCHMARKS[name], BENCHMARKS[name].read(FILES)[:2], Scorer(lm))
    assert table["difference"].abs().max() < 1e-6
    tokens = len(lm.tokenizer("The old man is not a good teacher.")["input_ids"])
    weight = 1 / tokens if name == "aula" else 1
    assert table["score_more"][0] == pytest.approx(-np.log(lm.vocabulary_size) * weight, rel=1e-5)


@pytest.mark.parametrize(("preferred", "score"), [([True] * 4, 100), ([True, False] * 2, 50)])
def test_biased_and_unbiased_models(preferred: list[bool], score: float) -> None:
    table = pd.DataFrame({"stereotype": preferred})
    assert aggregate(table, np.ones((1, 4)))["score"][0] == score
    assert summarise(BENCHMARKS["aul"], table.assign(id=list("abcd"))).values["score"].value == score


def test_a_model_without_attention_weights_is_refused(
    tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: object, implementation: str) -> None:
        raise ValueError(implementation)

    monkeypatch.setattr(type(tiny_bert.model.base_model), "set_attn_implementation", refuse)
    with pytest.raises(InputError, match="gives no attention weights: choose a model of another family"):
        score_items(BENCHMARKS["aula"], BENCHMARKS["aula"].read(FILES), Scorer(tiny_bert))
