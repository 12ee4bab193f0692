"""What a benchmark found about one model: values with intervals, by category, and every item.

Intervals are percentile bootstrap intervals (95 %): units (items, or for example professions) are drawn with
replacement, 2,000 times, from a fixed seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from fairkd.benchmarks.benchmark import Benchmark, Floats
from fairkd.benchmarks.data_files import DataVersion
from fairkd.measures import FEWEST_ITEMS, percentiles

RESAMPLES = 2000
_AT_ONCE = 2**22  # numbers of a block of bootstrap weights


@dataclass(frozen=True)
class ValueEstimate:
    """A value with the ends of its 95 % interval, which are NaN with fewer than `FEWEST_ITEMS` units."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Group:
    """The values of some items: how many they are, and an estimate for each value by its key."""

    n: int
    values: Mapping[str, ValueEstimate]


@dataclass(frozen=True)
class Unscored:
    """An item that could not be scored, and why."""

    id: str
    category: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """A benchmark's result for one model.

    Attributes
    ----------
    benchmark : str
        Its key.
    model, model_hash : str
        The reference, and the SHA-256 of the weights.
    reference : str, optional
        The model that it was compared with, for a benchmark that needs one.
    data : DataVersion
    precision : "strict" or "fast"
    quick : bool
        Whether a stratified sample of the items was scored instead of all.
    overall : Group
        Over all scored items.
    categories : mapping of str to Group
    without_faults : Group, optional
        Over the items without known faults; None where no item has one.
    unscored : tuple of Unscored
    items : DataFrame
        One row a scored item: id, category, the sentences, and its numbers.
    seconds : float
        Of computation.
    version, date : str
        Of FairKD, and when it was made (ISO 8601, UTC).
    """

    benchmark: str
    model: str
    model_hash: str
    data: DataVersion
    precision: str
    quick: bool
    overall: Group
    categories: Mapping[str, Group]
    without_faults: Group | None
    unscored: tuple[Unscored, ...]
    items: pd.DataFrame = field(repr=False, compare=False)
    seconds: float
    version: str
    date: str
    reference: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Everything but the items, as plain values; NaN becomes None."""
        plain = asdict(self.__class__(**{**self.__dict__, "items": pd.DataFrame()}))
        del plain["items"]
        return {"n": self.overall.n, **_without_nan(plain)}


def summarise(benchmark: Benchmark, items: pd.DataFrame, *, seed: int = 0) -> Group:
    """The values of a table of items with their intervals."""
    names = [value.key for value in benchmark.values]
    if items.empty:
        return Group(0, dict.fromkeys(names, ValueEstimate(np.nan, np.nan, np.nan)))
    values = benchmark.aggregate(items, np.ones((1, len(items))))
    if items[benchmark.unit].nunique() < FEWEST_ITEMS:
        return Group(len(items), {key: ValueEstimate(float(values[key][0]), np.nan, np.nan) for key in names})
    draws = resampled(benchmark, items, seed=seed)
    found = {}
    for key in names:
        kept = draws[key][np.isfinite(draws[key])]  # a draw may hold no item that the value needs
        low, high = percentiles(kept) if len(kept) else (np.nan, np.nan)
        found[key] = ValueEstimate(float(values[key][0]), float(low), float(high))
    return Group(len(items), found)


def resampled(benchmark: Benchmark, items: pd.DataFrame, *, seed: int = 0) -> dict[str, Floats]:
    """The values over resampled units [R], by key.

    Tables with the same units in the same rows, such as those of two models, get the same draws.
    """
    units, unit_of = np.unique(items[benchmark.unit].to_numpy(), return_inverse=True)
    random = np.random.default_rng(seed)
    block = max(1, min(RESAMPLES, _AT_ONCE // len(items)))
    parts = []
    for start in range(0, RESAMPLES, block):
        size = min(block, RESAMPLES - start)
        drawn = random.multinomial(len(units), np.full(len(units), 1 / len(units)), size=size)
        parts.append(benchmark.aggregate(items, drawn[:, unit_of].astype(float)))
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def by_category(benchmark: Benchmark, items: pd.DataFrame, *, seed: int = 0) -> dict[str, Group]:
    """`summarise` for each category, in the order of their names; empty where there is only one."""
    groups = {str(name): rows for name, rows in items.groupby("category", sort=True)}
    if len(groups) < 2:
        return {}
    return {
        name: summarise(benchmark, rows.reset_index(drop=True), seed=seed) for name, rows in groups.items()
    }


def _without_nan(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
