"""The Pareto front: the results that no other result dominates."""

from __future__ import annotations

import math
from collections.abc import Sequence


def front(costs: Sequence[tuple[float, float]]) -> tuple[int, ...]:
    """Indices of the points that no other point dominates, in the order of their first cost.

    A point dominates another if neither cost is larger and one is smaller. Equal points are all on the front;
    points with a NaN never are.

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
