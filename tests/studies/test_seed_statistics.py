"""Intervals, tests and verdicts over seeds: against plain loops, and by simulated studies."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from fairkd.errors import InputError
from fairkd.studies.bounded_interval import interval_within
from fairkd.studies.seed_statistics import (
    SeedComparison,
    compare_variants,
    crossed_interval,
    mean_over_seeds,
    smallest_difference,
)

OPPOSITE = {"better": "worse", "worse": "better", "higher": "lower", "lower": "higher"}
values = st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=2, max_size=8)


def compared(
    one: list[float], other: list[float], *, direction: str = "lower", **more: bool
) -> SeedComparison:
    by_seed = {"one": dict(enumerate(one)), "other": dict(enumerate(other))}
    return compare_variants(by_seed, baseline="other", direction=direction, **more)["one"]  # type: ignore[arg-type]


# --- against other ways to compute the same ---


def test_a_mean_and_a_comparison_are_those_of_scipy() -> None:
    one, other = [0.4, 0.5, 0.3, 0.7], [1.8, 1.2, 1.9, 1.1]
    found, mean = compared(one, other), mean_over_seeds(one)
    theirs = stats.ttest_rel(one, other)
    interval = theirs.confidence_interval()
    assert (found.p_value, found.low, found.high) == pytest.approx(
        (theirs.pvalue, interval.low, interval.high)
    )
    assert found.verdict == "better" and found.comparisons == 1
    assert (mean.low, mean.high) == pytest.approx(stats.t.interval(0.95, 3, np.mean(one), stats.sem(one)))


def test_perplexities_are_averaged_and_compared_in_logs() -> None:
    found = compared([20.0, 40.0, 80.0], [10.0, 20.0, 41.0], logs=True)
    assert math.exp(found.difference) == pytest.approx((2 * 2 * 80 / 41) ** (1 / 3))
    assert mean_over_seeds([10, 1000], logs=True).mean == pytest.approx(100)


@pytest.mark.parametrize(("seeds", "comparisons"), [(2, 1), (3, 1), (5, 1), (5, 4), (10, 1), (30, 2)])
def test_the_smallest_difference_is_that_of_the_noncentral_t(seeds: int, comparisons: int) -> None:
    smallest = smallest_difference(2.0, seeds, comparisons=comparisons)
    delta = smallest * math.sqrt(seeds) / 2
    critical = stats.t.isf(0.025 / comparisons, seeds - 1)
    # Where scipy's noncentral t has a value at all.
    power = stats.nct.sf(critical, seeds - 1, delta)
    assert math.isnan(power) or power == pytest.approx(0.8, abs=0.002)


def test_the_crossed_interval_is_that_of_a_plain_loop() -> None:
    random = np.random.default_rng(3)
    one, other = random.normal(size=(2, 4, 7)) + random.normal(size=(4, 1)) + random.normal(size=7)
    draws = []
    for _ in range(4000):
        seeds = [random.integers(4) for _ in range(3)]
        items = [random.integers(7) for _ in range(6)]  # once, for all seeds and both models
        draws.append(np.mean([one[s, i] - other[s, i] for s in seeds for i in items]))
    table = one - other
    parts = table.mean(1).var(ddof=1) / 4, table.mean(0).var(ddof=1) / 7
    degrees = sum(parts) ** 2 / (parts[0] ** 2 / 3 + parts[1] ** 2 / 6)
    half = stats.t.isf(0.025, degrees) * np.std(draws)
    found = crossed_interval(one, other, resamples=20_000)
    assert (found.low + found.high) / 2 == pytest.approx(table.mean())
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.05)


@pytest.mark.parametrize(
    ("bounds", "forward", "back"),
    [
        ((0.0, 1.0), lambda x: math.log(x / (1 - x)), lambda y: 1 / (1 + math.exp(-y))),
        ((0.0, math.inf), math.log, math.exp),
        ((-1.0, 1.0), math.atanh, math.tanh),  # Fisher's z of a correlation is half of this logit
    ],
)
def test_an_interval_within_a_range_is_that_of_the_delta_method(
    bounds: tuple[float, float], forward: Callable[[float], float], back: Callable[[float], float]
) -> None:
    mean, half, step = 0.3, 0.2, 1e-6
    slope = (forward(mean + step) - forward(mean - step)) / (2 * step)
    ends = [back(forward(mean) + sign * slope * half) for sign in (-1, 1)]
    assert interval_within(mean, half, bounds) == pytest.approx(ends, rel=1e-6)


# --- properties ---


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([(0.0, 1.0), (0.0, 100.0), (-1.0, 1.0), (0.0, math.inf)]),
    st.lists(st.floats(0, 1), min_size=2, max_size=8),
)
def test_an_interval_within_a_range_holds_the_mean_and_stays_there(
    bounds: tuple[float, float], places: list[float]
) -> None:
    low, high = bounds
    width = min(high - low, 50.0)
    found = mean_over_seeds([low + width * place for place in places], bounds=bounds)
    rounding = 1e-9 * width
    assert low - rounding <= found.low <= found.mean + rounding
    assert found.mean - rounding <= found.high <= high + rounding
    items = np.array([[low + width * place] * 6 for place in places])
    crossed = crossed_interval(items, bounds=bounds, resamples=50)
    assert low - rounding <= crossed.low <= found.mean + rounding
    assert found.mean - rounding <= crossed.high <= high + rounding


@settings(max_examples=60, deadline=None)
@given(values, st.integers(-20, 20), st.sampled_from(["lower", "higher", "none"]), st.randoms())
def test_shift_order_and_swap(
    pairs: list[tuple[int, int]], shift: int, direction: str, random: object
) -> None:
    """A shift of both, and another order of seeds, change nothing; a swap turns difference and verdict."""
    one, other = ([float(pair[side]) for pair in pairs] for side in (0, 1))
    found = compared(one, other, direction=direction)
    moved = compared([x + shift for x in one], [x + shift for x in other], direction=direction)
    assert (moved.difference, moved.low, moved.verdict) == (
        pytest.approx(found.difference),
        pytest.approx(found.low, abs=1e-9),
        found.verdict,
    )
    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = compared(*([float(pair[side]) for pair in shuffled] for side in (0, 1)), direction=direction)
    assert (again.p_value, again.verdict) == (pytest.approx(found.p_value), found.verdict)
    back = compared(other, one, direction=direction)
    assert (back.difference, back.low) == (-found.difference, pytest.approx(-found.high))
    assert back.verdict == OPPOSITE.get(found.verdict, found.verdict)


@settings(max_examples=30, deadline=None)
@given(values, st.sampled_from([0.001, 0.5, 8.0, 1e6]))
def test_scale_changes_no_verdict(pairs: list[tuple[int, int]], scale: float) -> None:
    found = compared(*([float(pair[side]) for pair in pairs] for side in (0, 1)))
    scaled = compared(*([scale * pair[side] for pair in pairs] for side in (0, 1)))
    assert scaled.verdict == found.verdict
    assert scaled.low == pytest.approx(scale * found.low, abs=1e-9 * scale)
    assert scaled.smallest == pytest.approx(scale * found.smallest, abs=1e-9 * scale)


# --- few and missing seeds ---


def test_one_seed_has_no_verdict_and_no_interval() -> None:
    found = compared([0.1], [5.0])
    assert found.verdict == "too few seeds" and not found.is_shown
    assert all(map(math.isnan, (found.low, found.high, found.p_value, found.smallest)))
    assert found.difference == pytest.approx(-4.9)


def test_only_common_seeds_are_paired() -> None:
    by_seed = {"plain": {0: 1.0, 1: 2.0, 2: 4.0}, "fair": {1: 1.0, 2: 2.5, 7: 100.0}, "late": {9: 1.0}}
    found = compare_variants(by_seed, baseline="plain", direction="lower")
    assert found["fair"].seeds == (1, 2) and found["fair"].unpaired == (0, 7)
    assert found["fair"].difference == -1.25
    assert found["late"].seeds == () and found["late"].verdict == "too few seeds"
    assert found["fair"].comparisons == 1  # the one that could not be made does not count


def test_p_values_are_adjusted_for_the_number_of_variants() -> None:
    shifts = (-1.0, -1.2, -0.8, -1.3)
    by_seed = {"plain": dict.fromkeys(range(4), 2.0)} | {
        name: {seed: 2.0 + factor * shift + 0.5 * seed for seed, shift in enumerate(shifts)}
        for name, factor in (("a", 1.0), ("b", 3.0), ("c", 0.5))
    }
    found = compare_variants(by_seed, baseline="plain", direction="lower")
    by_p = sorted(found.values(), key=lambda one: one.p_value)
    assert by_p[0].p_adjusted == pytest.approx(3 * by_p[0].p_value)
    assert by_p[1].p_adjusted == pytest.approx(max(2 * by_p[1].p_value, by_p[0].p_adjusted))
    assert {one.comparisons for one in by_p} == {3}


def test_equal_differences_show_nothing_unless_the_values_are_exact() -> None:
    assert compared([1.0, 1.0, 1.0], [2.0, 2.0, 2.0]).verdict == "not shown"
    exact = compared([1.0, 1.0], [2.0, 2.0], exact=True)
    assert exact.verdict == "better" and exact.exact
    assert compared([1.0], [2.0], exact=True).verdict == "better"
    assert compared([2.0], [2.0], exact=True).verdict == "equal"
    assert not compared([1.0, 3.0], [2.0, 2.0], exact=True).exact


def test_values_that_cannot_be_averaged_are_refused() -> None:
    with pytest.raises(InputError, match="leave these seeds out"):
        mean_over_seeds([1.0, math.inf])
    with pytest.raises(InputError, match="positive"):
        mean_over_seeds([1.0, 0.0], logs=True)
    with pytest.raises(InputError, match="one shape"):
        crossed_interval(np.zeros((2, 6)), np.zeros((2, 7)))
    assert math.isnan(crossed_interval(np.zeros((1, 6))).low)
    assert math.isnan(crossed_interval(np.zeros((2, 5))).low)


def test_a_mean_that_rounding_puts_beyond_the_range_keeps_its_plain_interval() -> None:
    found = mean_over_seeds([-2e-9, 1e-9], bounds=(0, math.inf))
    assert found.low < found.mean < 0 < found.high
    alike = mean_over_seeds([1.0, 1.0], bounds=(0, 1))
    assert (alike.low, alike.high) == (1.0, 1.0)


# --- simulated studies ---


def test_the_t_interval_covers_and_false_verdicts_are_rare() -> None:
    """5 seeds: 95 % of intervals hold the truth; at most 5 % of columns name a winner among equals."""
    random = np.random.default_rng(0)
    covered, false = 0, 0
    for _ in range(1500):
        one, *others = random.normal(1, 0.3, (4, 5)) + random.normal(0, 0.5, 5)  # a seed moves all variants
        names = ("plain", "a", "b", "c")
        table = {name: dict(enumerate(row)) for name, row in zip(names, (one, *others), strict=True)}
        found = compare_variants(table, baseline="plain", direction="lower")
        covered += found["a"].low <= 0 <= found["a"].high
        false += any(each.is_shown for each in found.values())
    assert covered / 1500 == pytest.approx(0.95, abs=0.015)
    assert false / 1500 <= 0.055


@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize(
    ("bounds", "draw", "true"),
    [
        ((0.0, 1.0), lambda random, n: random.beta(20, 20, n), 0.5),
        ((0.0, 1.0), lambda random, n: random.beta(99, 1, n), 0.99),
        ((0.0, math.inf), lambda random, n: random.gamma(3, 1 / 3, n), 1.0),
    ],
)
def test_intervals_within_a_range_cover_also_near_its_ends(
    seeds: int, bounds: tuple[float, float], draw: Callable[..., Any], true: float
) -> None:
    random, hits, plain = np.random.default_rng(5), 0, 0
    for _ in range(1500):
        values = draw(random, seeds)
        found, other = mean_over_seeds(values, bounds=bounds), mean_over_seeds(values)
        hits += found.low <= true <= found.high
        plain += other.low <= true <= other.high
    assert 0.92 <= hits / 1500 <= 0.97
    assert hits >= plain - 10  # the interval on the plain scale, which may leave the range


def test_the_smallest_difference_is_detected_as_often_as_stated() -> None:
    random = np.random.default_rng(1)
    difference = smallest_difference(0.3, 5)
    shown = [
        compared(list(random.normal(-difference, 0.3, 5)), [0.0] * 5).verdict == "better" for _ in range(1500)
    ]
    assert np.mean(shown) == pytest.approx(0.8, abs=0.03)


def test_only_the_crossed_interval_covers_where_seeds_and_professions_vary() -> None:
    """5 seeds, 20 professions, both random: the interval over professions of one seed says far too much."""
    random = np.random.default_rng(2)
    hits = {"seeds and professions": 0, "professions of one seed": 0, "professions": 0}
    for _ in range(400):
        table = (
            0.5  # the true difference
            + random.normal(0, 0.3, (5, 1))  # of the seed
            + random.normal(0, 0.5, 20)  # of the profession
            + random.normal(0, 0.2, (5, 20))
        )
        both = crossed_interval(table, resamples=400)
        hits["seeds and professions"] += both.low <= 0.5 <= both.high
        for name, row in (("professions of one seed", table[0]), ("professions", table.mean(0))):
            low, high = stats.t.interval(0.95, 19, row.mean(), stats.sem(row))
            hits[name] += low <= 0.5 <= high
    assert 0.93 <= hits["seeds and professions"] / 400 <= 0.99
    assert hits["professions of one seed"] / 400 < 0.65
    assert hits["professions"] / 400 < 0.90


@pytest.mark.parametrize(("seeds", "items"), [(0.5, 0.0), (0.0, 0.5), (0.2, 0.2)])
def test_the_crossed_interval_covers_whichever_varies(seeds: float, items: float) -> None:
    random = np.random.default_rng(4)
    hits = 0
    for _ in range(400):
        table = random.normal(0, seeds, (3, 1)) + random.normal(0, items, 12) + random.normal(0, 0.1, (3, 12))
        found = crossed_interval(table, resamples=300)
        hits += found.low <= 0 <= found.high
    assert hits / 400 >= 0.925
