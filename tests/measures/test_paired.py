"""The items behind an evaluation: intervals of their means, and pairs of two models."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from fairkd.measures.paired import are_paired, item_values, measured, rounded
from fairkd.measures.registry import MEASURES, Measure
from fairkd.measures.statistics import bootstrap_interval, bootstrap_means
from fairkd.utils import plain

RANDOM = np.random.default_rng(1)
TOKENS = RANDOM.integers(1, 9, 100)
KL, AGREEMENT, GAP = MEASURES["kl"], MEASURES["top1_agreement"], MEASURES["gap_absolute"]
PERPLEXITY = MEASURES["pseudo_perplexity_sampled"]


def items(scale: float = 1.0) -> dict[str, Any]:
    random = np.random.default_rng(2)
    return {
        "professions": [f"job {i}" for i in range(20)],
        GAP.key: scale * random.gamma(2, size=20),
        "sentences": "a text",
        "masked_tokens": TOKENS,
        KL.key: scale * random.gamma(2, size=100) * TOKENS,
        PERPLEXITY.key: scale * random.gamma(2, size=200),
    }


def test_the_mean_over_professions_has_the_interval_of_a_bootstrap_over_professions() -> None:
    found, gaps = measured(GAP, items()), items()[GAP.key]
    interval = bootstrap_interval(np.asarray(gaps))
    assert found == {
        "gap_absolute": pytest.approx(np.mean(np.asarray(gaps))),
        "gap_absolute_low": pytest.approx(interval.low),
        "gap_absolute_high": pytest.approx(interval.high),
    }


def test_at_masked_tokens_every_token_counts_and_sentences_are_resampled() -> None:
    """Against a plain loop over resampled sentences, whose tokens are pooled."""
    found, sums = measured(KL, items()), np.asarray(items()[KL.key])
    assert found["kl"] == pytest.approx(sums.sum() / TOKENS.sum())
    random, means = np.random.default_rng(3), []
    for _ in range(4000):
        drawn = random.integers(0, len(sums), len(sums))
        means.append(sums[drawn].sum() / TOKENS[drawn].sum())
    low, high = np.quantile(means, [0.025, 0.975])
    assert (found["kl_low"], found["kl_high"]) == (
        pytest.approx(low, rel=0.02),
        pytest.approx(high, rel=0.02),
    )


def test_a_perplexity_is_exp_of_the_mean_and_so_are_its_ends() -> None:
    found, losses = measured(PERPLEXITY, items()), np.asarray(items()[PERPLEXITY.key])
    interval = bootstrap_interval(losses)
    assert found["pseudo_perplexity_sampled"] == pytest.approx(math.exp(losses.mean()))
    assert found["pseudo_perplexity_sampled_high"] == pytest.approx(math.exp(interval.high))


def test_without_items_there_is_no_value_and_with_fewer_than_six_there_is_no_interval() -> None:
    assert measured(GAP, {}) == dict.fromkeys(GAP.keys)
    for few in ([1.5], [1.0, 2.0, 1.5, 1.0, 2.0]):
        found = measured(GAP, {GAP.key: few})
        assert found == {"gap_absolute": 1.5, "gap_absolute_low": None, "gap_absolute_high": None}
    assert measured(GAP, {GAP.key: [1.0, 2.0] * 3})["gap_absolute_low"] is not None
    assert all(math.isnan(value or 0) for value in measured(GAP, {GAP.key: [1.5, math.nan]}).values())


@pytest.mark.parametrize("measure", [KL, GAP, PERPLEXITY], ids=lambda measure: measure.key)
def test_the_mean_of_the_item_values_is_the_value(measure: Measure) -> None:
    values, value = item_values(measure, items()), measured(measure, items())[measure.key]
    assert values is not None and value is not None
    assert values.mean() == pytest.approx(math.log(value) if measure is PERPLEXITY else value)


def test_item_values_at_masked_tokens_spread_as_the_ratio_does() -> None:
    one, other = (item_values(KL, items(scale)) for scale in (1.0, 1.5))
    assert one is not None and other is not None
    sums = np.asarray(items()[KL.key]) - np.asarray(items(1.5)[KL.key])
    totals, counts = bootstrap_means(np.stack([sums, TOKENS])).T
    assert bootstrap_means(one - other).std() == pytest.approx((totals / counts).std(), rel=0.05)


@pytest.mark.parametrize(
    ("measure", "change"),
    [
        (KL, {"sentences": "another text"}),
        (KL, {"sentences": ""}),
        (KL, {KL.key: None}),
        (KL, {"masked_tokens": TOKENS + 1}),
        (GAP, {"professions": ["another"] * 20}),
        (GAP, {"professions": []}),
    ],
)
def test_items_that_do_not_belong_together_are_not_paired(measure: Measure, change: dict[str, Any]) -> None:
    assert are_paired(measure, items(), items(2.0))
    assert not are_paired(measure, {**items(), **change}, {**items(), **change, **_other(change)})


def _other(change: dict[str, Any]) -> dict[str, Any]:
    """The original of what was changed, unless it is empty in both models."""
    return {key: items()[key] for key, value in change.items() if value is not None and len(value)}


def test_items_survive_an_event() -> None:
    stored = json.loads(json.dumps(plain(rounded(items()))))
    for measure in (KL, GAP, PERPLEXITY):
        value = measured(measure, stored)[measure.key]
        assert value == pytest.approx(measured(measure, items())[measure.key], rel=1e-3)
    assert json.loads(json.dumps(plain(rounded({"kl": np.array([math.nan])})))) == {"kl": [None]}
    assert math.isnan(measured(GAP, {GAP.key: [None, 1.0]})[GAP.key] or 0)
