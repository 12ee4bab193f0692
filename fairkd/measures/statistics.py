"""Bootstrap intervals, tests of paired items and correlation, with numpy and scipy alone.

Intervals of means are percentile bootstrap intervals (Efron 1979): units such as professions are drawn with
replacement, and the interval holds the middle 95 % of the means over the draws. The caller chooses the unit.
It should be what a repetition of the study would draw anew: professions, not single sentences. Random numbers
are seeded.

scipy.stats takes a second to import, so it is imported by the functions that need it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairkd.errors import InputError
from fairkd.measures.registry import FEWEST_ITEMS

LEVEL = 0.95
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """The ends of an interval, in the unit of the statistic."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class SignedRank:
    """A Wilcoxon signed-rank test of paired differences.

    `statistic` is the smaller of the two rank sums. `effect_size` is the matched-pairs rank-biserial
    correlation in [-1, 1], positive where most differences are positive. `n` is the number of pairs.
    """

    statistic: float
    p_value: float
    effect_size: float
    n: int


@dataclass(frozen=True)
class McNemar:
    """The 2 x 2 table of two models' choices on the same items, with McNemar's exact test.

    `both` and `neither` count the items on which the models agree: both chose the alternative, or neither.
    On `first_only` and `second_only` items just one of them chose it.
    """

    both: int
    first_only: int
    second_only: int
    neither: int
    p_value: float

    @property
    def n(self) -> int:
        return self.both + self.first_only + self.second_only + self.neither

    @property
    def flips(self) -> int:
        """On how many items the models chose differently."""
        return self.first_only + self.second_only


@dataclass(frozen=True)
class Correlation:
    """Pearson's r of n pairs with its 95 % interval.

    All are NaN where undefined (n < 3, or no variation); the interval with fewer than `FEWEST_ITEMS` pairs.
    """

    r: float
    low: float
    high: float
    n: int


def bootstrap_means(values: ArrayLike, *, seed: int = 0, resamples: int = 2000) -> Floats:
    """Means over units drawn with replacement.

    Parameters
    ----------
    values : array [n] or [k, n]
        One number for each of n units, for k quantities at once; all quantities share the draws.
    seed : int
        Of the random numbers.
    resamples : int
        The number of draws, R.

    Returns
    -------
    array [R] or [R, k]
    """
    table = _finite(values)
    if resamples < 1:
        raise InputError(f"The number of resamples must be at least 1, got {resamples}.")
    n = table.shape[-1]
    # The counts of the drawn units suffice for means: one product instead of an array [R, k, n].
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    # Centred first, so that the interval of equal values has width 0 despite rounding.
    centre = table.mean(axis=-1, keepdims=True)
    means: Floats = (drawn / n) @ (table - centre).T + centre[..., 0]
    return means


def bootstrap_interval(values: ArrayLike, *, seed: int = 0, resamples: int = 2000) -> Interval:
    """The percentile 95 % interval of the mean of `values` [n].

    >>> bootstrap_interval([1.0, 1.0, 1.0])
    Interval(low=1.0, high=1.0)
    >>> 2 in bootstrap_interval([1.0, 2.0, 3.0])
    True
    """
    low, high = percentiles(bootstrap_means(np.ravel(_finite(values)), seed=seed, resamples=resamples))
    return Interval(float(low), float(high))


def percentiles(draws: Floats) -> tuple[Any, Any]:
    """The ends of the middle 95 % along the first axis of `draws`."""
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return low, high


def signed_rank(differences: ArrayLike) -> SignedRank:
    """Wilcoxon's signed-rank test (1945) of paired differences against a median of zero, two-sided.

    Differences of zero are left out, as Wilcoxon did. If none remain, p is 1 and the effect size 0. The
    effect size is `r = (W+ - W-) / (W+ + W-)` (Kerby 2014, doi 10.2466/11.IT.3.1), where W+ and W- are the
    rank sums of the positive and the negative differences.

    >>> signed_rank([1.0, 2.0, 3.0, 4.0, -5.0]).effect_size
    0.3333333333333333
    >>> signed_rank([0.0, 0.0])
    SignedRank(statistic=0.0, p_value=1.0, effect_size=0.0, n=2)
    """
    table = np.ravel(_finite(differences))
    nonzero = table[table != 0]
    if nonzero.size == 0:
        return SignedRank(statistic=0.0, p_value=1.0, effect_size=0.0, n=table.size)
    from scipy import stats

    ranks = stats.rankdata(np.abs(nonzero))
    up, down = float(ranks[nonzero > 0].sum()), float(ranks[nonzero < 0].sum())
    return SignedRank(
        statistic=min(up, down),
        p_value=float(stats.wilcoxon(nonzero).pvalue),
        effect_size=(up - down) / (up + down),
        n=table.size,
    )


def mcnemar(first: ArrayLike, second: ArrayLike) -> McNemar:
    """McNemar's exact test (1947) of two models' choices on the same items, two-sided.

    `first` and `second` [n] are true where the model chose the alternative that is counted. Under the
    hypothesis that both choose it equally often, each flip goes either way with probability 1/2, so the
    flips are tested by the binomial distribution. Without a flip, p is 1.

    >>> mcnemar([True, True, True, False], [True, False, False, False])
    McNemar(both=1, first_only=2, second_only=0, neither=1, p_value=0.5)
    """
    one, other = np.ravel(np.asarray(first, dtype=bool)), np.ravel(np.asarray(second, dtype=bool))
    lost, gained = int((one & ~other).sum()), int((~one & other).sum())
    p_value = 1.0
    if lost + gained:
        from scipy import stats

        p_value = float(stats.binomtest(lost, lost + gained, 0.5).pvalue)
    return McNemar(int((one & other).sum()), lost, gained, int((~one & ~other).sum()), p_value)


def holm(p_values: ArrayLike) -> Floats:
    """Holm's adjustment (1979) of p values [m] for the number of tests, in the given order.

    With the p values in rising order, `adjusted_i = max over j <= i of min(1, (m - j + 1) p_j)`. The chance
    that any true hypothesis has an adjusted p below .05 is at most 5 %, whatever the tests have in common.
    NaN stays NaN and counts as no test.

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.ravel(np.asarray(p_values, dtype=float))
    adjusted = np.full(values.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(values))
    order = tested[np.argsort(values[tested], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * values[order]), 1.0)
    return adjusted


def correlation(x: ArrayLike, y: ArrayLike) -> Correlation:
    """Pearson's r of `x` [n] and `y` [n], with the 95 % interval of Fisher's transformation (scipy's).

    Pairs with a missing number are left out. Fewer than `FEWEST_ITEMS` pairs have no interval: that of three
    would be -1 to 1.

    >>> round(correlation([1, 2, 3, 4], [2, 4, 6, 9]).r, 3)
    0.994
    """
    first, second = np.ravel(np.asarray(x, dtype=float)), np.ravel(np.asarray(y, dtype=float))
    if first.shape != second.shape:
        raise InputError(
            f"A correlation needs as many numbers on both sides, but got {first.size} and {second.size}."
        )
    known = np.isfinite(first) & np.isfinite(second)
    first, second = first[known], second[known]
    n = first.size
    if n < 3 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return Correlation(r=np.nan, low=np.nan, high=np.nan, n=n)
    from scipy import stats

    found = stats.pearsonr(first, second)
    if n < FEWEST_ITEMS:
        return Correlation(r=float(found.statistic), low=np.nan, high=np.nan, n=n)
    interval = found.confidence_interval(LEVEL)
    return Correlation(r=float(found.statistic), low=float(interval.low), high=float(interval.high), n=n)


def _finite(values: ArrayLike) -> Floats:
    table = np.asarray(values, dtype=float)
    if table.size == 0:
        raise InputError("A mean needs at least one number, but got none.")
    if not np.isfinite(table).all():
        raise InputError("Some of the numbers are missing or infinite: leave them out first.")
    return table
