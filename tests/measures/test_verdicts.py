"""Which model has the smaller value: named only where the data tell the models apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st
from scipy import stats

from fairkd.errors import InputError
from fairkd.measures.statistics import bootstrap_interval
from fairkd.measures.verdicts import (
    FEWEST_ITEMS,
    Score,
    cannot_be_told_apart,
    compare,
    kind_of,
    rank,
)

VALUES = st.floats(-20, 20, allow_nan=False).map(lambda value: round(value, 3))
# Between the sizes, scipy's test of differences with ties tries each of up to 8192 signs: half a second.
PAIRS = st.one_of(
    st.lists(st.tuples(VALUES, VALUES), min_size=low, max_size=high) for low, high in ((1, 9), (16, 24))
)
OPPOSITE = {"smaller": "larger", "larger": "smaller"}
QUICK = settings(max_examples=60)
# p is 0.0507. With the difference of zero counted in, it would be approximated as 0.0494.
ZERO_DECIDES = [(0.0, size) for size in (0, *range(5, 14), -0.1, -0.2, -0.3, -0.4, -0.5, 0.6, -0.7, -0.8)]


def sides(pairs: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.array(pairs).T
    return first, second


@QUICK
@given(PAIRS)
@example(ZERO_DECIDES)
def test_a_difference_is_named_only_with_enough_items_an_interval_without_zero_and_the_tests_consent(
    pairs: list[tuple[float, float]],
) -> None:
    first, second = sides(pairs)
    found = compare(first, second)
    differences = second - first
    assert found.n == len(pairs)
    if len(pairs) < 6:
        assert found.kind == "too few"
        return
    interval = bootstrap_interval(differences)
    nonzero = differences[differences != 0]  # as Wilcoxon left them out; scipy would then approximate p
    p = stats.wilcoxon(nonzero).pvalue if nonzero.size else 1.0
    assert found.is_clear == (not interval.low <= 0 <= interval.high and p < 0.05)
    if found.is_clear:
        assert found.kind == ("smaller" if differences.mean() < 0 else "larger")


@QUICK
@given(PAIRS)
def test_swapping_the_sides_swaps_the_verdict(pairs: list[tuple[float, float]]) -> None:
    first, second = sides(pairs)
    there, back = compare(first, second), compare(second, first)
    assert back.kind == OPPOSITE.get(there.kind, there.kind)
    assert back.difference == pytest.approx(-there.difference)


@QUICK
@given(st.lists(VALUES, min_size=1, max_size=20), st.sampled_from(["lower", "higher", "zero"]))
def test_a_model_is_never_told_apart_from_itself(values: list[float], direction: str) -> None:
    assert not compare(values, values, direction=direction).is_clear  # type: ignore[arg-type]
    one = Score(float(np.mean(values)), items=values)
    assert rank({"a": one, "b": one}, direction=direction).leader is None  # type: ignore[arg-type]


def test_five_items_can_never_be_significant_and_six_can() -> None:
    assert min(stats.wilcoxon(np.arange(1.0, 6.0)).pvalue, 1) > 0.05
    assert stats.wilcoxon(np.arange(1.0, 7.0)).pvalue < 0.05
    assert FEWEST_ITEMS == 6
    five = compare(np.zeros(5), -np.arange(1.0, 6.0))
    assert five.kind == "too few"
    assert five.phrase() == "too few professions for a test (at least 6)"
    assert compare(np.zeros(6), -np.arange(1.0, 7.0)).kind == "smaller"


def test_an_interval_without_zero_is_not_enough_without_the_test() -> None:
    outlier = [0.0] * 12, [-0.01, 0.02] * 5 + [-30.0, -40.0]
    found = compare(*outlier)
    assert found.p_value > 0.05
    assert found.kind == "no clear difference"


def test_nearer_to_zero_compares_the_absolute_means() -> None:
    first, second = np.linspace(-2.2, -1.8, 12), np.linspace(0.8, 1.2, 12)
    assert compare(first, second, direction="zero").kind == "smaller"
    assert compare(first, second, direction="zero").difference == pytest.approx(-1.0)
    assert compare(first, second).kind == "larger"


def test_unequal_numbers_of_items_are_refused() -> None:
    with pytest.raises(InputError, match="as many items on both sides, but got 2 and 1"):
        compare([1.0, 2.0], [1.0])


# --- more than two ---


SCORES = st.lists(
    st.tuples(VALUES, st.floats(0.01, 5)).map(lambda found: Score(found[0], found[0] - found[1], sum(found))),
    min_size=2,
    max_size=5,
)


@QUICK
@given(SCORES, st.sampled_from(["lower", "higher", "zero"]))
def test_a_leader_is_named_only_where_no_other_interval_touches_its_own(
    found: list[Score], direction: str
) -> None:
    named = {f"m{number}": one for number, one in enumerate(found)}
    ranking = rank(named, direction=direction)  # type: ignore[arg-type]
    assert (ranking.leader is None) == bool(ranking.tied) == bool(ranking.text)
    best = ranking.order[0]
    assert set(ranking.tied) in (set(), {best, *ranking.tied})
    if direction == "lower":
        assert named[best].value == min(one.value for one in found)
        assert (ranking.leader == best) == all(
            (named[best].high or 0) < (one.low or 0) for name, one in named.items() if name != best
        )


def test_paired_items_tell_apart_what_two_intervals_do_not() -> None:
    rng = np.random.default_rng(0)
    hard = rng.normal(3, 2, 20)
    first, second = hard, hard - rng.uniform(0.1, 0.3, 20)
    wide = {
        name: Score(values.mean(), *vars(bootstrap_interval(values)).values())
        for name, values in (("a", first), ("b", second))
    }
    assert rank(wide).text == "b and a cannot be told apart"
    paired = {"a": Score(first.mean(), items=first), "b": Score(second.mean(), items=second)}
    assert rank(paired).leader == "b"


def test_nothing_is_told_apart_without_an_interval_or_with_few_items() -> None:
    bare = {"a": Score(1.0), "b": Score(9.0)}
    assert rank(bare).leader is None
    few = {"a": Score(1.0, 0.9, 1.1, n=5), "b": Score(9.0, 8.9, 9.1, n=5)}
    assert rank(few).leader is None
    enough = {name: Score(one.value, one.low, one.high, n=20) for name, one in few.items()}
    assert rank(enough).leader == "a"


def test_a_missing_value_is_left_out_and_one_model_leads_nobody() -> None:
    alone = {"a": Score(math.nan, math.nan, math.nan), "b": Score(1.0, 0.9, 1.1)}
    assert rank(alone).order == ("b",)
    assert rank(alone).leader is None and rank(alone).text == ""


def test_ties_are_listed_in_english() -> None:
    assert cannot_be_told_apart(["plain", "fair"]) == "plain and fair cannot be told apart"
    three = {name: Score(1.0, 0.5, 1.5) for name in ("plain", "fair", "cda")}
    clear = three | {"worst": Score(9.0, 8.0, 10.0)}
    assert rank(clear).text == "plain, fair and cda cannot be told apart"


def test_a_verdict_needs_enough_items_an_interval_without_zero_and_the_consent_of_the_test() -> None:
    assert kind_of(-1, -2, -0.5, n=5) == "too few"
    assert kind_of(-1, -2, -0.5, n=6) == "smaller"
    assert kind_of(1, 0.5, 2, n=6, p_value=0.049) == "larger"
    assert kind_of(1, 0.5, 2, n=6, p_value=0.05) == "no clear difference"
    assert kind_of(1, 0, 2, n=6) == "no clear difference"
    assert kind_of(1, math.nan, math.nan, n=6) == "no clear difference"
    assert kind_of(1, 0.5, 2, n=6, p_value=math.nan) == "no clear difference"
