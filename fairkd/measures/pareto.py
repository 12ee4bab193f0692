"""The Pareto front: which of several results no other one beats."""

from __future__ import annotations

import math
from collections.abc import Sequence


def front(costs: Sequence[tuple[float, float]]) -> tuple[int, ...]:
    """Indices of the points that no other point dominates, by their first cost.

    A point dominates another if it is at most as large in both costs and smaller in one. Of equal points all
    stay; points with a NaN never do.

    >>> front([(1, 5), (2, 2), (3, 3), (5, 1)])
    (0, 1, 3)
    """
    known = [index for index, point in enumerate(costs) if not any(math.isnan(cost) for cost in point)]
    known.sort(key=lambda index: costs[index])
    found: list[int] = []
    for index in known:
        best = costs[found[-1]] if found else (math.inf, math.inf)
        if costs[index][1] < best[1] or costs[index] == best:
            found.append(index)
    return tuple(found)
