"""Whether one variant of a training differs from another, where each ran with several seeds.

    found = compare_variants({"plain": {0: 1.8, 1: 1.7, 2: 1.9}, "fair": {0: 0.4, 1: 0.5, 2: 0.3}},
                             baseline="plain", direction="lower")
    found["fair"].verdict        # "better"

A training ends elsewhere with another seed, so the unit of a study is the seed. Three intervals answer three
questions, and each says what it is over:

* **over seeds**: t intervals. Would the same variants, trained again, differ, measured on the same items?
* **over seeds and items**: `crossed_interval`. And measured on other professions or sentences?
* **over items of one seed**: those of an evaluation. Do these two students differ, measured on other items?
  It says nothing about another training.

For S seeds with values x_s of a variant and y_s of the baseline, d_s = x_s − y_s, their mean d and their
standard deviation s (with S − 1):

    interval             d ± t(.975, S − 1) s / sqrt(S)
    test                 |d| sqrt(S) / s against t with S − 1 degrees of freedom, two-sided (paired t test)
    smallest difference  δ s / sqrt(S), where δ is the noncentrality at which that test has 80 % power

Where values have a range, such as a share, the interval of their mean keeps to it: see `bounded_interval`.

The t test needs the differences to be roughly normal over seeds; with few seeds this cannot be checked.
p values are adjusted by Holm (1979) over the variants that are compared with one baseline in one column.

numpy and scipy alone. scipy.stats takes a second to import, so the functions import it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairkd.errors import InputError
from fairkd.measures import FEWEST_ITEMS, SIGNIFICANCE, holm
from fairkd.studies.bounded_interval import ANY_NUMBER, interval_within

SeedVerdict = Literal["better", "worse", "higher", "lower", "equal", "not shown", "too few seeds"]
Better = Literal["lower", "higher", "none"]
Floats = NDArray[np.float64]

POWER = 0.8  # of the smallest difference that could have been shown
FEWEST_SEEDS = 2  # with one seed there is no spread
_ROUNDING = 1e-12  # a spread below this part of the values is that of floating point


@dataclass(frozen=True)
class SeedMean:
    """A mean over seeds with its 95 % t interval over seeds, within the range of the values.

    `deviation` is the standard deviation over seeds. It and the ends are NaN for one seed. The values of a
    perplexity are averaged in logs: the mean is geometric, and `deviation` in nats.
    """

    mean: float
    low: float
    high: float
    deviation: float
    n: int


@dataclass(frozen=True)
class SeedComparison:
    """How a variant differs from the baseline, paired by seed.

    Attributes
    ----------
    difference, low, high : float
        The mean difference, the variant's minus the baseline's, with its 95 % t interval over seeds. In logs
        (nats) where values are compared by their ratio.
    deviation : float
        The standard deviation of the differences over seeds.
    p_value, p_adjusted : float
        Of the paired t test, and adjusted by Holm for the number of `comparisons`.
    smallest : float
        The smallest difference that as many seeds with this deviation show with 80 % power, at the level
        .05 / `comparisons`, the strictest that Holm may ask for. The deviation is itself an estimate, and a
        rough one with few seeds.
    seeds : tuple of int
        Those with a value of both.
    unpaired : tuple of int
        Those with a value of only one of them, which do not count.
    verdict : str
        "better" or "worse" where `p_adjusted` < .05; "higher" or "lower" where neither direction is better;
        else "not shown", which is no proof of equality. "too few seeds" with fewer than two. "equal" where
        `exact` values are.
    exact : bool
        Whether the values do not depend on the seed, so that there is nothing to test.
    """

    difference: float
    low: float
    high: float
    deviation: float
    p_value: float
    p_adjusted: float
    smallest: float
    comparisons: int
    seeds: tuple[int, ...]
    unpaired: tuple[int, ...]
    verdict: SeedVerdict
    exact: bool = False

    @property
    def n(self) -> int:
        return len(self.seeds)

    @property
    def is_shown(self) -> bool:
        """Whether the data tell variant and baseline apart."""
        return self.verdict not in ("equal", "not shown", "too few seeds")

    @property
    def is_equal(self) -> bool:
        """Whether both have the same value at every seed, by design."""
        return self.verdict == "equal"


@dataclass(frozen=True)
class CrossedInterval:
    """A 95 % interval over seeds and items; its ends are NaN with fewer than two seeds or six items."""

    low: float
    high: float
    seeds: int
    items: int


def mean_over_seeds(
    values: ArrayLike, *, logs: bool = False, bounds: tuple[float, float] = ANY_NUMBER
) -> SeedMean:
    """The mean of `values` [S], one a seed, with its t interval; geometric with `logs`.

    `bounds` is the range of the values: finite on both sides, below, or not at all. Those of `logs` are
    positive anyway.

    >>> found = mean_over_seeds([1.0, 2.0, 3.0])
    >>> round(found.mean, 2), round(found.low, 2), round(found.high, 2)
    (2.0, -0.48, 4.48)
    >>> found = mean_over_seeds([0.1, 0.2, 0.3], bounds=(0, 1))
    >>> round(found.mean, 2), round(found.low, 2), round(found.high, 2)
    (0.2, 0.05, 0.54)
    """
    table = _finite(np.log(_positive(values)) if logs else values)
    mean, low, high, deviation = _t_interval(table)
    if logs:
        mean, low, high = (float(np.exp(one)) for one in (mean, low, high))
    else:
        low, high = interval_within(mean, high - mean, bounds)
    return SeedMean(mean, low, high, deviation, len(table))


def compare_variants(
    values: Mapping[str, Mapping[int, float]],
    *,
    baseline: str,
    direction: Better,
    logs: bool = False,
    exact: bool = False,
) -> dict[str, SeedComparison]:
    """Compare every variant with the baseline, by name.

    Parameters
    ----------
    values : mapping
        The finite values of each variant by seed. A seed that one of two variants lacks does not count.
    direction : "lower", "higher" or "none"
        Which values are better. Where values near a target are, pass their distances from it and "lower".
    logs : bool
        Compare logarithms, so that the difference is the log of a ratio: for perplexities.
    exact : bool
        The values are the same for all seeds by design, such as a number of parameters. Where they are
        indeed, one seed suffices, and any difference is shown.
    """
    found = {
        name: _compared(one, values[baseline], logs=logs, exact=exact)
        for name, one in values.items()
        if name != baseline
    }
    adjusted = dict(zip(found, holm([one.p_value for one in found.values()]), strict=True))
    comparisons = sum(not np.isnan(one.p_value) for one in found.values())
    return {
        name: replace(
            one,
            p_adjusted=float(adjusted[name]),
            comparisons=comparisons,
            smallest=smallest_difference(one.deviation, one.n, comparisons=max(comparisons, 1)),
            verdict=_verdict(one, float(adjusted[name]), direction),
        )
        for name, one in found.items()
    }


def smallest_difference(deviation: float, seeds: int, *, comparisons: int = 1, power: float = POWER) -> float:
    """The smallest mean difference that a paired t test over `seeds` shows with this power.

    It is `δ s / sqrt(S)` with the standard deviation s of the differences. δ is where
    `P(|T| > t(1 − α / 2, S − 1)) = power` for T noncentral t with S − 1 degrees of freedom and noncentrality
    δ, and α is .05 / `comparisons`: the level that Holm's first step asks for. NaN for one seed.

    >>> round(smallest_difference(1.0, 3), 2), round(smallest_difference(1.0, 10), 2)
    (3.26, 1.0)
    """
    if seeds < FEWEST_SEEDS:
        return float("nan")
    return _noncentrality(seeds, SIGNIFICANCE / comparisons, power) * deviation / float(np.sqrt(seeds))


def crossed_interval(
    values: ArrayLike,
    baseline: ArrayLike | None = None,
    *,
    target: float | None = None,
    bounds: tuple[float, float] = ANY_NUMBER,
    seed: int = 0,
    resamples: int = 2000,
) -> CrossedInterval:
    """The 95 % interval of a mean, or of a difference to the baseline, over seeds and items.

    Every seed is measured on the same professions or sentences: seeds and items are crossed, as in

        x[s, i] = μ + a[s] + b[i] + e[s, i],   variance of the mean: σa² / S + σb² / I + σe² / (S I)

    So a draw takes seeds with replacement and then items with replacement, **the same items for all drawn
    seeds and for both models** (the pigeonhole bootstrap; Owen 2007, doi 10.1214/07-AOAS122). Items drawn
    anew for each seed would be those of a nested design: their part of the variance would shrink to
    σb² / (S I), as if each seed had been measured on professions of its own. A seed keeps its pair in the
    baseline, an item its column, so what both models have in common cancels.

    S − 1 seeds and I − 1 items are drawn, which makes the spread of the draws unbiased for few seeds (Rao &
    Wu 1988); σe² counts up to three times, so the interval is rather too wide. It is the mean ± t(.975, df)
    times the standard deviation of the draws, with Satterthwaite's df from the draws of seeds alone and of
    items alone. Where items do not vary, it is the t interval over seeds, but for the draws' randomness.

    Parameters
    ----------
    values, baseline : array [S, I]
        One value a seed and item, in the same order in both; without a baseline, the interval is of the mean.
    target : float, optional
        Compare how far each seed's mean over items is from this value, instead of the mean itself.
    bounds : tuple of float
        Of a mean: the range of the items' values, which the interval keeps to as that of `mean_over_seeds`.
    """
    tables = [_table(values)] + ([] if baseline is None else [_table(baseline)])
    if len({table.shape for table in tables}) > 1:
        raise InputError(
            f"Seeds and items are paired, so both tables need one shape, but they have {tables[0].shape} "
            f"and {tables[1].shape}."
        )
    seeds, items = tables[0].shape
    nowhere = CrossedInterval(float("nan"), float("nan"), seeds, items)
    if seeds < FEWEST_SEEDS or items < FEWEST_ITEMS or not all(np.isfinite(one).all() for one in tables):
        return nowhere
    by_seed, by_item = _shares((seed, 0), seeds, resamples), _shares((seed, 1), items, resamples)
    all_items = np.full((1, items), 1 / items)

    def means(item_shares: Floats) -> Floats:
        """What is averaged over seeds, [R, S]: means over items, or distances, or differences."""
        found = [item_shares @ table.T for table in tables]
        if target is not None:
            found = [np.abs(one - target) for one in found]
        return found[0] if baseline is None else found[0] - found[1]

    value = float(means(all_items).mean())
    both, items_alone = (by_seed * means(by_item)).sum(1), means(by_item).mean(1)
    seeds_alone = by_seed @ means(all_items)[0]
    variance, parts = both.var(), (seeds_alone.var(), items_alone.var())
    degrees = _satterthwaite(parts, (seeds - 1, items - 1))
    half = _t_quantile(degrees) * float(np.sqrt(variance))
    return CrossedInterval(*interval_within(value, half, bounds), seeds, items)


def _compared(
    variant: Mapping[int, float], baseline: Mapping[int, float], *, logs: bool, exact: bool
) -> SeedComparison:
    """The comparison before the adjustment for several of them."""
    seeds = tuple(sorted(variant.keys() & baseline.keys()))
    unpaired = tuple(sorted(variant.keys() ^ baseline.keys()))
    one, other = ([values[seed] for seed in seeds] for values in (variant, baseline))
    nan = float("nan")
    if not seeds:
        return SeedComparison(
            *(nan,) * 7, comparisons=0, seeds=(), unpaired=unpaired, verdict="too few seeds"
        )
    first, second = (_finite(np.log(_positive(values)) if logs else values) for values in (one, other))
    is_exact = exact and not np.ptp(first) and not np.ptp(second)
    size = float(max(np.abs(first).max(), np.abs(second).max()))
    difference, low, high, deviation = _t_interval(first - second, rounding=_ROUNDING * size)
    p_value = nan if is_exact else _t_test(difference, deviation, len(seeds))
    return SeedComparison(
        difference, low, high, deviation, p_value, nan, nan, 0, seeds, unpaired, "not shown", is_exact
    )


def _verdict(found: SeedComparison, p_adjusted: float, direction: Better) -> SeedVerdict:
    if found.n < FEWEST_SEEDS and not (found.exact and found.n):
        return "too few seeds"
    shown = found.difference != 0 if found.exact else p_adjusted < SIGNIFICANCE
    if not shown:
        return "equal" if found.exact else "not shown"
    is_lower = found.difference < 0
    if direction == "none":
        return "lower" if is_lower else "higher"
    return "better" if is_lower == (direction == "lower") else "worse"


def _t_interval(values: Floats, *, rounding: float = 0.0) -> tuple[float, float, float, float]:
    """Mean, ends of the 95 % t interval, and standard deviation; the last three are NaN for one value."""
    n, mean = len(values), float(values.mean())
    if n < FEWEST_SEEDS:
        return mean, float("nan"), float("nan"), float("nan")
    deviation = float(values.std(ddof=1)) if np.ptp(values) > rounding else 0.0
    half = _t_quantile(n - 1) * deviation / float(np.sqrt(n))
    return mean, mean - half, mean + half, deviation


def _t_test(difference: float, deviation: float, n: int) -> float:
    """The two-sided p of a paired t test; 1 without any spread, of which nothing follows."""
    if n < FEWEST_SEEDS:
        return float("nan")
    if deviation == 0:
        return 1.0
    from scipy import stats

    return float(2 * stats.t.sf(abs(difference) * np.sqrt(n) / deviation, n - 1))


@lru_cache(maxsize=256)
def _noncentrality(seeds: int, level: float, power: float) -> float:
    """Where the two-sided paired t test has this power, by bisection.

    The distribution of T is integrated over the estimated deviation: scipy's noncentral t is NaN here and
    there. With U = estimated over true deviation, `P(|T| > c) = E[Φ(δ − c U) + Φ(−δ − c U)]`.
    """
    from scipy import optimize, stats

    nodes, weights = np.polynomial.legendre.leggauss(256)
    ratio = np.sqrt(stats.chi2.ppf((nodes + 1) / 2, seeds - 1) / (seeds - 1))
    critical = stats.t.isf(level / 2, seeds - 1)

    def missing(delta: float) -> float:
        shown = stats.norm.cdf(delta - critical * ratio) + stats.norm.cdf(-delta - critical * ratio)
        return float(shown @ weights / 2 - power)

    most = 10 * (critical + 1)
    return float(optimize.brentq(missing, 0, most))


@lru_cache(maxsize=256)
def _t_quantile(degrees: float) -> float:
    from scipy import stats

    return float(stats.t.isf(SIGNIFICANCE / 2, degrees))


@lru_cache(maxsize=8)
def _shares(seed: tuple[int, int], count: int, resamples: int) -> Floats:
    """The share of each of `count` units in draws of one fewer, [R, count]; callers must not change it."""
    random = np.random.default_rng(seed)
    drawn = random.multinomial(count - 1, np.full(count, 1 / count), size=resamples)
    found: Floats = drawn / (count - 1)
    return found


def _satterthwaite(variances: Sequence[float], degrees: Sequence[int]) -> float:
    """The degrees of freedom of a sum of independent variances; the smallest where all are 0."""
    total = sum(variances)
    if not total:
        return float(min(degrees))
    return float(total**2 / sum(one**2 / own for one, own in zip(variances, degrees, strict=True)))


def _finite(values: ArrayLike) -> Floats:
    table = np.ravel(np.asarray(values, dtype=float))
    if not table.size:
        raise InputError("A mean over seeds needs at least one value, but got none.")
    if not np.isfinite(table).all():
        raise InputError("Some of the values of the seeds are missing or infinite: leave these seeds out.")
    return table


def _positive(values: ArrayLike) -> Floats:
    table = np.ravel(np.asarray(values, dtype=float))
    if not (table > 0).all():
        raise InputError("Only positive values can be compared in logs.")
    return table


def _table(values: ArrayLike) -> Floats:
    table = np.asarray(values, dtype=float)
    if table.ndim != 2:
        raise InputError(f"Seeds and items need a table with two axes, but got {table.ndim}.")
    return table
