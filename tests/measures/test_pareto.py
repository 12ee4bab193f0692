"""The Pareto front against its plain definition."""

from __future__ import annotations

import math

from hypothesis import given, strategies as st

from fairkd.measures.pareto import front

costs = st.tuples(st.integers(0, 6).map(float), st.integers(0, 6).map(float))


def dominates(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] <= other[0] and one[1] <= other[1] and one != other


@given(st.lists(costs, max_size=12))
def test_the_front_is_what_nothing_dominates(points: list[tuple[float, float]]) -> None:
    plain = [i for i, one in enumerate(points) if not any(dominates(other, one) for other in points)]
    assert sorted(front(points)) == plain


@given(st.lists(costs, max_size=12))
def test_along_the_front_the_first_cost_rises_and_the_second_falls(
    points: list[tuple[float, float]],
) -> None:
    along = [points[index] for index in front(points)]
    assert along == sorted(along)
    assert [second for _, second in along] == sorted((second for _, second in along), reverse=True)


def test_a_point_without_a_number_is_never_on_the_front() -> None:
    assert front([(math.nan, 0.0), (1.0, math.nan), (2.0, 2.0)]) == (2,)
    assert front([]) == ()
