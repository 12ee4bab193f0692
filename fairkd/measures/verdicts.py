"""Which of several models has the smaller value, and whether the data tell them apart at all.

Every title, card and table that names a winner asks here. A difference counts only where its 95 % interval
excludes 0 and, with paired items, their test has p < .05: Wilcoxon's signed-rank, or McNemar's for choices.

    verdict = compare(teacher_values, student_values)     # one value an item (a profession) and model
    verdict.kind                                          # "smaller"
    ranking = rank({"plain": Score(1.1, 0.9, 1.3), "fair": Score(1.0, 0.8, 1.2)}, direction="lower")
    ranking.leader, ranking.text                          # None, "plain and fair cannot be told apart"

Loads numpy, and scipy when a test is made; neither torch nor pandas.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairkd.errors import InputError
from fairkd.measures import statistics
from fairkd.measures.registry import FEWEST_ITEMS, Direction

VerdictKind = Literal["smaller", "larger", "no clear difference", "too few"]

SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class Verdict:
    """How the second of two models compares with the first.

    `difference` is the second's value minus the first's, and `low` and `high` are the ends of its 95 %
    percentile bootstrap interval over items (NaN with fewer than `FEWEST_ITEMS`). `statistic`, `p_value` and
    `effect_size` (matched-pairs rank-biserial, negative where the second is smaller) are from a Wilcoxon
    signed-rank test over the `n` items.

    `kind` says whether the second is "smaller" or "larger". It is "too few" with fewer than `FEWEST_ITEMS`
    items, where the test can never fall below .05, and else "no clear difference".
    """

    difference: float
    low: float
    high: float
    statistic: float
    p_value: float
    effect_size: float
    n: int
    kind: VerdictKind

    @property
    def is_clear(self) -> bool:
        """Whether the data tell the two apart."""
        return self.kind in ("smaller", "larger")

    def phrase(self, items: str = "professions") -> str:
        """The verdict for a title or a cell.

        >>> compare([1.0, 2.0], [0.5, 1.0]).phrase()
        'too few professions for a test (at least 6)'
        """
        return too_few(items) if self.kind == "too few" else self.kind


@dataclass(frozen=True)
class Score:
    """The value of one model, with what is known of its precision.

    Attributes
    ----------
    value : float
    low, high : float, optional
        The ends of its 95 % interval.
    items : sequence of float, optional
        The values of the single items, in the same order for all models: their mean is `value`. Models with
        items are compared pair by pair, which needs less data than two intervals.
    n : int, optional
        The number of items, where `items` is not known.
    """

    value: float
    low: float | None = None
    high: float | None = None
    items: Sequence[float] | NDArray[np.float64] | None = None
    n: int | None = None

    @property
    def has_interval(self) -> bool:
        return not any(end is None or math.isnan(end) for end in (self.low, self.high))


@dataclass(frozen=True)
class Ranking:
    """Several models in the order of a measure, the best first.

    `leader` is the best one where the data tell it apart from every other, else None. `tied` holds the best
    and those that cannot be told apart from it, if there are any. `text` says so: "plain and fair cannot be
    told apart". It is empty where there is a leader, or fewer than two models.
    """

    order: tuple[str, ...]
    leader: str | None
    tied: tuple[str, ...]
    text: str


def compare(first: ArrayLike, second: ArrayLike, *, direction: Direction = "lower", seed: int = 0) -> Verdict:
    """Compare two models item by item.

    Parameters
    ----------
    first, second : array [n]
        One value an item and model, in the same order.
    direction : "lower", "higher", "zero" or "none"
        With "zero" the absolute values of the two means are compared, by the bootstrap alone: the signed-rank
        test is about signed differences.

    Raises
    ------
    InputError
        No items, unequal numbers of them, or values that are missing or infinite.

    Examples
    --------
    >>> found = compare([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0.5, 1.0, 1.5, 2.0, 2.5, 3.0])
    >>> found.kind, found.difference, found.effect_size, found.n
    ('smaller', -1.75, -1.0, 6)
    """
    pair = np.ravel(np.asarray(first, dtype=float)), np.ravel(np.asarray(second, dtype=float))
    if len(pair[0]) != len(pair[1]):
        raise InputError(
            f"A paired comparison needs as many items on both sides, but got {len(pair[0])} and "
            f"{len(pair[1])}."
        )
    test = statistics.signed_rank(pair[1] - pair[0])
    by_sign = direction != "zero"
    difference, draws = _differences(pair, by_sign=by_sign, seed=seed)
    few = test.n < FEWEST_ITEMS
    low, high = (math.nan, math.nan) if few else map(float, statistics.percentiles(draws))
    return Verdict(
        difference=difference,
        low=low,
        high=high,
        statistic=test.statistic,
        p_value=test.p_value,
        effect_size=test.effect_size,
        n=test.n,
        kind=kind_of(difference, low, high, n=test.n, p_value=test.p_value if by_sign else None),
    )


def _differences(
    pair: tuple[NDArray[np.float64], NDArray[np.float64]], *, by_sign: bool, seed: int
) -> tuple[float, NDArray[np.float64]]:
    """The difference of the means, or of their absolute values, and its bootstrap draws."""
    if by_sign:
        differences = pair[1] - pair[0]
        return float(differences.mean()), statistics.bootstrap_means(differences, seed=seed)
    draws = np.abs(statistics.bootstrap_means(np.stack(pair), seed=seed))
    return float(abs(pair[1].mean()) - abs(pair[0].mean())), draws[:, 1] - draws[:, 0]


def kind_of(
    difference: float, low: float, high: float, *, n: int, p_value: float | None = None
) -> VerdictKind:
    """The verdict on a difference of `n` items with its 95 % interval, and the p value of its test if any.

    >>> kind_of(-0.5, -0.8, -0.2, n=20), kind_of(-0.5, -0.8, -0.2, n=20, p_value=0.07)
    ('smaller', 'no clear difference')
    """
    if n < FEWEST_ITEMS:
        return "too few"
    if math.isnan(low) or math.isnan(high) or low <= 0 <= high:
        return "no clear difference"
    if p_value is not None and not p_value < SIGNIFICANCE:
        return "no clear difference"
    return "smaller" if difference < 0 else "larger"


def rank(scores: Mapping[str, Score], *, direction: Direction = "lower", seed: int = 0) -> Ranking:
    """Order models by a measure, and name the best only if it is told apart from every other.

    Two models with items are compared by `compare`. With intervals alone they are told apart where the
    intervals do not overlap: stricter than the interval of the difference, so no winner is named too early.
    Without either, or with fewer than `FEWEST_ITEMS` items, they are not told apart. Models whose value is
    NaN are left out.

    Examples
    --------
    >>> rank({"plain": Score(1.4, 1.3, 1.5), "fair": Score(0.4, 0.3, 0.5)}).leader
    'fair'
    >>> rank({"plain": Score(1.4, 1.0, 1.8), "fair": Score(1.2, 0.8, 1.6)}).text
    'fair and plain cannot be told apart'
    """

    def cost(name: str) -> float:
        value = scores[name].value
        return abs(value) if direction == "zero" else value if direction == "lower" else -value

    order = tuple(sorted((name for name, one in scores.items() if not math.isnan(one.value)), key=cost))
    if len(order) < 2:
        return Ranking(order, None, (), "")
    best, *others = order
    apart = {name: _told_apart(scores[best], scores[name], direction=direction, seed=seed) for name in others}
    alike = tuple(name for name in others if not apart[name])
    if not alike:
        return Ranking(order, best, (), "")
    tied = (best, *alike)
    return Ranking(order, None, tied, cannot_be_told_apart(tied))


def _told_apart(best: Score, other: Score, *, direction: Direction, seed: int) -> bool:
    """Whether two models differ clearly; see `rank`."""
    if best.items is not None and other.items is not None and len(best.items) == len(other.items):
        return compare(best.items, other.items, direction=direction, seed=seed).is_clear
    counts = [len(one.items) if one.items is not None else one.n for one in (best, other)]
    if any(n is not None and n < FEWEST_ITEMS for n in counts):
        return False
    if not (best.has_interval and other.has_interval):
        return False
    one, two = (_ends(each, direction) for each in (best, other))
    return one[1] < two[0] or two[1] < one[0]


def _ends(score: Score, direction: Direction) -> tuple[float, float]:
    """The interval of the value, or of its absolute value where nearer to 0 is better."""
    assert score.low is not None and score.high is not None
    low, high = score.low, score.high
    if direction != "zero":
        return low, high
    return (0.0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))


# --- English ---


def too_few(items: str = "professions") -> str:
    """Why so few items are not tested.

    >>> too_few("words")
    'too few words for a test (at least 6)'
    """
    return f"too few {items} for a test (at least {FEWEST_ITEMS})"


def no_interval(count: int, item: str = "profession") -> str:
    """Why the mean of so few items has no interval.

    >>> no_interval(3), no_interval(1, "template")
    ('no interval: 3 professions, at least 6 needed', 'no interval: 1 template, at least 6 needed')
    """
    return f"no interval: {count} {item}{'s' if count != 1 else ''}, at least {FEWEST_ITEMS} needed"


def cannot_be_told_apart(names: Iterable[str]) -> str:
    """That no winner can be named among these models.

    >>> cannot_be_told_apart(["plain", "fair", "cda"])
    'plain, fair and cda cannot be told apart'
    """
    *most, last = names
    return f"{', '.join(most)} and {last} cannot be told apart" if most else f"{last} cannot be told apart"
