"""Bootstrap intervals, the signed-rank test and correlations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from fairkd.errors import InputError
from fairkd.measures.statistics import (
    bootstrap_interval,
    bootstrap_means,
    correlation,
    holm,
    mcnemar,
    signed_rank,
)

numbers = st.lists(st.floats(-100, 100), min_size=1, max_size=30)
# Between the sizes, scipy's test of differences with ties tries each of up to 8192 signs: half a second.
ties = st.one_of(
    st.lists(st.integers(-20, 20), min_size=low, max_size=high) for low, high in ((1, 9), (16, 25))
)


@given(numbers, st.integers(0, 5))
def test_the_interval_lies_within_the_data_and_is_reproducible(values: list[float], seed: int) -> None:
    interval = bootstrap_interval(values, seed=seed, resamples=200)
    assert min(values) - 1e-9 <= interval.low <= interval.high <= max(values) + 1e-9
    assert interval == bootstrap_interval(values, seed=seed, resamples=200)


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(10, 60))
def test_the_interval_holds_the_mean_of_ordinary_data(seed: int, n: int) -> None:
    values = np.random.default_rng(seed).normal(3, 2, n)
    assert values.mean() in bootstrap_interval(values)


def test_the_interval_agrees_with_a_plain_loop_and_with_scipy() -> None:
    values = np.random.default_rng(1).exponential(size=40)
    random = np.random.default_rng(2)
    means = [np.mean([values[i] for i in random.integers(0, 40, 40)]) for _ in range(4000)]
    ours = bootstrap_interval(values, resamples=4000)
    theirs = stats.bootstrap((values,), np.mean, method="percentile", random_state=3).confidence_interval
    spread = ours.high - ours.low
    for low, high in (np.quantile(means, [0.025, 0.975]), (theirs.low, theirs.high)):
        assert ours.low == pytest.approx(low, abs=0.06 * spread)
        assert ours.high == pytest.approx(high, abs=0.06 * spread)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    hits = [1.0 in bootstrap_interval(random.normal(1, 1, 40), resamples=500) for _ in range(300)]
    assert 0.90 <= np.mean(hits) <= 0.98


def test_several_quantities_share_their_draws() -> None:
    table = np.random.default_rng(0).normal(size=(2, 15))
    means = bootstrap_means(table, resamples=50)
    assert means.shape == (50, 2)
    np.testing.assert_allclose(means[:, 1], bootstrap_means(table[1], resamples=50), atol=1e-12)
    np.testing.assert_allclose(bootstrap_means([table[0], 2 * table[0]])[:, 1], 2 * bootstrap_means(table[0]))


def test_another_seed_draws_otherwise() -> None:
    values = np.arange(10.0)
    assert bootstrap_interval(values, seed=0) != bootstrap_interval(values, seed=1)


def test_equal_values_and_a_single_value_have_an_interval_of_no_width() -> None:
    for values in ([0.1] * 7, [0.1]):
        interval = bootstrap_interval(values)
        assert interval.low == interval.high == 0.1


@pytest.mark.parametrize("values", [[], [1.0, np.nan], [np.inf]])
def test_missing_numbers_are_refused(values: list[float]) -> None:
    with pytest.raises(InputError):
        bootstrap_interval(values)


def test_no_resamples_are_refused() -> None:
    with pytest.raises(InputError, match="at least 1, got 0"):
        bootstrap_interval([1.0], resamples=0)


@settings(max_examples=20)
@given(ties)
def test_the_effect_size_is_the_difference_of_rank_sums_and_flips_with_the_sign(values: list[int]) -> None:
    found = signed_rank(values)
    nonzero = sorted((v for v in values if v), key=abs)
    ranks = [
        sum(abs(w) < abs(v) for w in nonzero) + (sum(abs(w) == abs(v) for w in nonzero) + 1) / 2
        for v in nonzero
    ]
    up = sum(rank for rank, v in zip(ranks, nonzero, strict=True) if v > 0)
    down = sum(ranks) - up
    expected = (up - down) / (up + down) if nonzero else 0.0
    assert found.effect_size == pytest.approx(expected)
    assert found.statistic == pytest.approx(min(up, down))
    assert 0 <= found.p_value <= 1
    assert signed_rank([-v for v in values]).effect_size == pytest.approx(-expected)
    assert found.n == len(values)


def test_the_p_value_is_scipys_without_zeros() -> None:
    values = [0.0, 1.5, -0.5, 2.5, 3.0, 0.0, 4.0, 5.5]
    assert signed_rank(values).p_value == pytest.approx(stats.wilcoxon([v for v in values if v]).pvalue)


def test_no_differences_at_all_are_no_evidence() -> None:
    found = signed_rank([0.0] * 9)
    assert (found.statistic, found.p_value, found.effect_size, found.n) == (0.0, 1.0, 0.0, 9)


def test_the_correlation_is_pearsons_with_fishers_interval() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=50)
    y = x + random.normal(size=50)
    found = correlation(x, y)
    r = np.cov(x, y)[0, 1] / np.sqrt(np.var(x, ddof=1) * np.var(y, ddof=1))
    low, high = np.tanh(np.arctanh(r) + np.array([-1, 1]) * 1.959964 / np.sqrt(50 - 3))
    assert (found.r, found.low, found.high, found.n) == pytest.approx((r, low, high, 50))
    assert correlation(x, -y).r == pytest.approx(-r)


def test_the_interval_of_a_correlation_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(1)
    hits = []
    for _ in range(400):
        x = random.normal(size=30)
        found = correlation(x, x + random.normal(size=30))
        hits.append(found.low <= np.sqrt(0.5) <= found.high)
    assert 0.92 <= np.mean(hits) <= 0.98


def test_pairs_with_a_missing_number_are_left_out() -> None:
    assert correlation([1, 2, np.nan, 4, 5], [1, 2, 3, np.nan, 6]).n == 3


def test_fewer_than_six_pairs_have_a_correlation_but_no_interval() -> None:
    few, enough = (correlation(range(n), [one * one for one in range(n)]) for n in (5, 6))
    assert few.r > 0.9 and np.isnan([few.low, few.high]).all()
    assert enough.low < enough.r < enough.high


@pytest.mark.parametrize(("x", "y"), [([1, 2], [1, 2]), ([1, 1, 1], [1, 2, 3]), ([], [])])
def test_a_correlation_without_variation_is_not_a_number(x: list[float], y: list[float]) -> None:
    found = correlation(x, y)
    assert np.isnan([found.r, found.low, found.high]).all()


def test_sides_of_different_length_are_refused() -> None:
    with pytest.raises(InputError, match="got 1 and 2"):
        correlation([1], [1, 2])


def holm_step_down(values: list[float], level: float) -> list[bool]:
    """Which hypotheses Holm's procedure (1979) rejects: the smallest p against level / m, the next against
    level / (m - 1), and so on; it ends at the first that is not rejected."""
    rejected = [False] * len(values)
    waiting = list(range(len(values)))
    while waiting:
        smallest = min(waiting, key=lambda index: values[index])
        if values[smallest] > level / len(waiting):
            break
        rejected[smallest] = True
        waiting.remove(smallest)
    return rejected


P_VALUES = st.lists(st.integers(0, 1000).map(lambda number: number / 1000), min_size=1, max_size=12)


@settings(deadline=None)
@given(P_VALUES, st.sampled_from([0.0123, 0.0456, 0.0987, 0.3457]))
def test_holm_rejects_what_the_step_down_procedure_rejects(values: list[float], level: float) -> None:
    assert (holm(values) <= level).tolist() == holm_step_down(values, level)


def test_holm_of_one_test_is_its_p_and_missing_values_count_as_no_test() -> None:
    assert holm([0.04]).tolist() == [0.04]
    assert holm([0.04, np.nan]).tolist()[:1] == [0.04]
    assert np.isnan(holm([0.04, np.nan])[1])
    assert holm([]).tolist() == []
    assert holm([0.9, 0.8]).tolist() == [1.0, 1.0]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_mcnemar_adds_up_the_binomial_probabilities_of_the_flips(pairs: list[tuple[bool, bool]]) -> None:
    found = mcnemar(*np.array(pairs).T)
    lost = sum(one and not other for one, other in pairs)
    gained = sum(other and not one for one, other in pairs)
    assert (found.first_only, found.second_only, found.n) == (lost, gained, len(pairs))
    flips = lost + gained
    tail = sum(math.comb(flips, k) for k in range(min(lost, gained) + 1)) / 2**flips
    assert found.p_value == pytest.approx(min(1.0, 2 * tail))
