"""Two models on the same items of a benchmark: which items flipped, and whether their values differ.

    found = compare_results(teacher_result, student_result)
    found.bias.difference, found.bias.kind      # -3.1, "no clear difference"
    found.flips                                 # the 2 x 2 table of choices, with McNemar's exact test
    found.items                                 # the items that changed most come first

Items are paired by id. Intervals are paired bootstrap intervals: both models get the same draws.
Intervals and tests have the same unit. Where items are not independent, it is for example the occupation: the
test is then of the means of the occupations, so that many sentences about one of them prove no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from fairkd.benchmarks.benchmark import Benchmark, Floats, Value
from fairkd.benchmarks.benchmark_registry import BENCHMARKS
from fairkd.benchmarks.paired_results import comparable, paired_items
from fairkd.benchmarks.results import Result, resampled
from fairkd.errors import InputError
from fairkd.measures import (
    FEWEST_ITEMS,
    McNemar,
    Verdict,
    VerdictKind,
    compare,
    kind_of,
    mcnemar,
    percentiles,
    signed_rank,
    too_few,
)
from fairkd.utils import signed, signed_correlation, signed_interval

Test = Literal["McNemar's exact test", "Wilcoxon signed-rank", ""]
_SIDES = ("_first", "_second")


@dataclass(frozen=True)
class DifferenceTest:
    """A paired test of two models: p and the matched-pairs rank-biserial correlation. NaN without one."""

    name: Test = ""
    p_value: float = np.nan
    effect_size: float = np.nan


@dataclass(frozen=True, kw_only=True)
class ValueDifference:
    """A value of two models on the same items.

    Attributes
    ----------
    value : Value
        Which one.
    first, second : float
        Of each model, over the items that both have.
    difference, low, high : float
        The second minus the first with its 95 % paired bootstrap interval over units (NaN with fewer than
        `FEWEST_ITEMS`).
    n : int
        The number of units.
    units : str
        What they are, for people: "items" or "occupations".
    test : str
        The test of the items' choices or scores; empty where the value has only an interval.
    p_value, effect_size : float
        Of the test: the matched-pairs rank-biserial correlation. NaN without one.
    kind : "smaller", "larger", "no clear difference" or "too few"
        The verdict on the second model's value.
    approach : "nearer", "further" or ""
        Whether the second model's value is nearer to the unbiased one; empty where there is none, or where
        the interval of the change of the distance holds 0.
    """

    value: Value
    first: float
    second: float
    difference: float
    low: float
    high: float
    n: int
    units: str
    test: Test
    p_value: float
    effect_size: float
    kind: VerdictKind
    approach: Literal["nearer", "further", ""]

    @property
    def phrase(self) -> str:
        """The verdict for a cell: "smaller, nearer to 50"."""
        if self.kind == "too few":
            return too_few(self.units)
        if self.kind == "no clear difference" or not self.approach:
            return self.kind
        return f"{self.kind}, {self.approach} {'to' if self.approach == 'nearer' else 'from'} {self.aim}"

    @property
    def aim(self) -> str:
        """The unbiased value for people: "50"."""
        return "" if self.value.unbiased is None else f"{self.value.unbiased:g}"

    @property
    def sentence(self) -> str:
        """All of it in English, without the names of the models."""
        both = f"{self.value.label}: {self.value.format(self.second)} against {self.value.format(self.first)}"
        if self.kind == "too few":
            return f"{both}; {self.phrase}."
        scale, digits = self.value.scale
        evidence = f"95 % interval {signed_interval(self.low * scale, self.high * scale, digits)}"
        if self.test:
            evidence += f", {named_test(self.test, self.units)} {p_text(self.p_value)}"
            if np.isfinite(self.effect_size):
                evidence += f", rank-biserial {signed_correlation(self.effect_size)}"
        return (
            f"{both}, a difference of {signed(self.difference * scale, digits)} ({evidence}): {self.phrase}."
        )


@dataclass(frozen=True, kw_only=True)
class BenchmarkComparison:
    """Two models compared on the items of a benchmark that both could score.

    Attributes
    ----------
    benchmark, first, second : str
        The key of the benchmark, and the references of the models.
    n : int
        How many items both scored.
    first_only, second_only : tuple of str
        The ids of items that only one model could score. They are left out.
    values : mapping of str to ValueDifference
        By key.
    flips : McNemar, optional
        The 2 x 2 table of choices, for a benchmark with `choice`; its `choice_label` is what is counted. Its
        own p value holds for independent items alone.
    flip_test : DifferenceTest
        Whether the flips lean one way: McNemar's exact test, or for a benchmark with units a Wilcoxon
        signed-rank test of the share of such choices in each.
    scores : Verdict, optional
        On the size of the items' preferences, for a benchmark with `score`: a Wilcoxon signed-rank test over
        units.
    items : DataFrame
        One row an item: id, category, the sentences and what else the models share, `flipped`, `change` (of
        the score), and every number of both models, with the endings _first and _second. Flipped items come
        first, then those whose score changed most.
    """

    benchmark: str
    first: str
    second: str
    n: int
    first_only: tuple[str, ...]
    second_only: tuple[str, ...]
    values: Mapping[str, ValueDifference]
    flips: McNemar | None
    flip_test: DifferenceTest
    scores: Verdict | None
    items: pd.DataFrame = field(repr=False, compare=False)

    @property
    def bias(self) -> ValueDifference:
        """The difference of the value that says how biased the models are; of the headline if none does."""
        return self.values[BENCHMARKS[self.benchmark].bias.key]

    @property
    def flip_test_text(self) -> str:
        """The test of the flips with its p value: "McNemar's exact test p = 0.002"."""
        name = named_test(self.flip_test.name, BENCHMARKS[self.benchmark].units)
        return f"{name} {p_text(self.flip_test.p_value)}"

    @property
    def left_out(self) -> str:
        """How many items only one model could score, as a sentence; empty if there is none."""
        parts = [
            f"{len(ids)} that only {model} could score"
            for ids, model in ((self.first_only, self.first), (self.second_only, self.second))
            if ids
        ]
        return f"Left out: {' and '.join(parts)}." if parts else ""

    @property
    def flip_sentence(self) -> str:
        """How many items flipped, which way, and the verdict; empty for a benchmark without choices."""
        table = self.flips
        if table is None:
            return ""
        if not table.flips:
            return f"Both models choose the same in all {table.n:,} items."
        chosen = BENCHMARKS[self.benchmark].choice_label
        return (
            f"{table.flips:,} of {table.n:,} items flipped ({100 * table.flips / table.n:.1f} %): "
            f"{self.second} prefers {chosen} in {table.second_only:,} where {self.first} does not, and "
            f"no longer in {table.first_only:,} ({self.flip_test_text})."
        )


def compare_results(first: Result, second: Result, *, seed: int = 0) -> BenchmarkComparison:
    """Compare two models by their results of the same benchmark, on the same items.

    Raises
    ------
    InputError
        Where the results are of different benchmarks, data, precision or samples of the items, or where no
        item was scored by both.
    """
    benchmark = comparable(first, second)
    one, other, left_out = paired_items(first.items, second.items)
    if one.empty:
        raise InputError(f"No item of {benchmark.label} was scored by both {first.model} and {second.model}.")
    return BenchmarkComparison(
        benchmark=benchmark.key,
        first=first.model,
        second=second.model,
        n=len(one),
        first_only=left_out[0],
        second_only=left_out[1],
        values=differences(benchmark, one, other, seed=seed),
        flips=mcnemar(one[benchmark.choice], other[benchmark.choice]) if benchmark.choice else None,
        flip_test=_choice_test(benchmark, one, other),
        scores=_scores(benchmark, one, other, seed=seed),
        items=_changes(benchmark, one, other),
    )


def compare_categories(first: Result, second: Result, *, seed: int = 0) -> dict[str, ValueDifference]:
    """The difference of the value that says how biased the models are, in each category.

    Raises InputError as `compare_results` does.
    """
    benchmark = comparable(first, second)
    one, other, _ = paired_items(first.items, second.items)
    found = {}
    for name, rows in one.groupby("category", sort=True).groups.items():
        pair = (table.loc[rows].reset_index(drop=True) for table in (one, other))
        found[str(name)] = differences(benchmark, *pair, seed=seed)[benchmark.bias.key]
    return found


def differences(
    benchmark: Benchmark, one: pd.DataFrame, other: pd.DataFrame, *, seed: int = 0
) -> dict[str, ValueDifference]:
    """Every value of two models, over tables with the same items in the same rows."""
    equal = np.ones((1, len(one)))
    values = [benchmark.aggregate(table, equal) for table in (one, other)]
    n = one[benchmark.unit].nunique()
    enough = n >= FEWEST_ITEMS
    draws = [resampled(benchmark, table, seed=seed) for table in (one, other)] if enough else []
    test = _bias_test(benchmark, one, other)
    found = {}
    for value in benchmark.values:
        pair = float(values[0][value.key][0]), float(values[1][value.key][0])
        low, high, approach = _interval(value, [draw[value.key] for draw in draws])
        tested = test if value == benchmark.bias else DifferenceTest()
        found[value.key] = ValueDifference(
            value=value,
            first=pair[0],
            second=pair[1],
            difference=pair[1] - pair[0],
            low=low,
            high=high,
            n=n,
            units=benchmark.units,
            test=tested.name,
            p_value=tested.p_value,
            effect_size=tested.effect_size,
            kind=kind_of(pair[1] - pair[0], low, high, n=n, p_value=tested.p_value if tested.name else None),
            approach=approach,
        )
    return found


def _interval(value: Value, draws: Sequence[Floats]) -> tuple[float, float, Literal["nearer", "further", ""]]:
    """The interval of the difference, and whether the distance from the unbiased value changed."""
    if not draws:
        return np.nan, np.nan, ""
    kept = np.isfinite(draws[0]) & np.isfinite(draws[1])  # a draw may hold no item that the value needs
    one, other = draws[0][kept], draws[1][kept]
    if not len(one):
        return np.nan, np.nan, ""
    low, high = map(float, percentiles(other - one))
    if value.unbiased is None:
        return low, high, ""
    least, most = percentiles(abs(other - value.unbiased) - abs(one - value.unbiased))
    return low, high, "nearer" if most < 0 else "further" if least > 0 else ""


def _bias_test(benchmark: Benchmark, one: pd.DataFrame, other: pd.DataFrame) -> DifferenceTest:
    """The paired test of what the benchmark says is tested, else of choices or scores."""
    if benchmark.tested is not None:
        return _unit_test(benchmark, one, benchmark.tested(one), benchmark.tested(other))
    if benchmark.family != "bias":  # the value is no mean of choices or scores: calibration's error
        return DifferenceTest()
    if benchmark.choice:
        return _choice_test(benchmark, one, other)
    if benchmark.score:
        return _unit_test(benchmark, one, one[benchmark.score], other[benchmark.score])
    return DifferenceTest()


def _choice_test(benchmark: Benchmark, one: pd.DataFrame, other: pd.DataFrame) -> DifferenceTest:
    if not benchmark.choice:
        return DifferenceTest()
    choices = one[benchmark.choice], other[benchmark.choice]
    if benchmark.unit != "id":
        return _unit_test(benchmark, one, *choices)
    table = mcnemar(*choices)
    # Choices differ by -1, 0 or 1: all flips have one rank, so the rank sums are their numbers.
    effect = (table.second_only - table.first_only) / table.flips if table.flips else 0.0
    return DifferenceTest("McNemar's exact test", table.p_value, effect)


def _unit_test(benchmark: Benchmark, items: pd.DataFrame, one: pd.Series, other: pd.Series) -> DifferenceTest:
    pair = _unit_means(items[benchmark.unit], one, other)
    if not len(pair[0]):
        return DifferenceTest()
    found = signed_rank(pair[1] - pair[0])
    return DifferenceTest("Wilcoxon signed-rank", found.p_value, found.effect_size)


def _scores(benchmark: Benchmark, one: pd.DataFrame, other: pd.DataFrame, *, seed: int) -> Verdict | None:
    if benchmark.score is None:
        return None
    pair = _unit_means(one[benchmark.unit], one[benchmark.score], other[benchmark.score])
    return compare(*pair, direction="none", seed=seed)


def _unit_means(units: pd.Series, one: pd.Series, other: pd.Series) -> tuple[Floats, Floats]:
    """The mean of each unit, of both models in the same order; units without a number are left out."""
    numbers = pd.DataFrame({"one": one.astype(float), "other": other.astype(float)})
    means = numbers.groupby(units).mean().dropna()
    return means["one"].to_numpy(), means["other"].to_numpy()


def _changes(benchmark: Benchmark, one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Both tables side by side, the items that changed most first."""
    texts = [name for name in one.columns if not pd.api.types.is_numeric_dtype(one[name])]
    shared = [
        "category",
        "faulty",
        *(name for name in texts if name in other.columns and one[name].equals(other[name])),
    ]
    shared = [name for name in one.columns if name in shared]
    table = one[shared].copy()
    zeros = pd.Series(0.0, index=one.index)
    table["flipped"] = one[benchmark.choice] != other[benchmark.choice] if benchmark.choice else False
    table["change"] = other[benchmark.score] - one[benchmark.score] if benchmark.score else zeros
    for name in one.columns:
        if name not in shared and name in other.columns:
            for ending, side in zip(_SIDES, (one, other), strict=True):
                table[f"{name}{ending}"] = side[name]
    order = pd.DataFrame({"same": ~table["flipped"].astype(bool), "size": -table["change"].abs()})
    return table.loc[order.sort_values(["same", "size"], kind="stable").index].reset_index(drop=True)


def p_text(p_value: float) -> str:
    """A p value for people.

    >>> p_text(0.0123), p_text(1e-9), p_text(float("nan"))
    ('p = 0.012', 'p < 0.001', 'p unknown')
    """
    if not np.isfinite(p_value):
        return "p unknown"
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def named_test(name: str, units: str) -> str:
    """A test for people, with what it is about where that is not single items.

    >>> named_test("Wilcoxon signed-rank", "occupations")
    'Wilcoxon signed-rank over occupations'
    """
    return f"{name} over {units}" if name == "Wilcoxon signed-rank" and units != "items" else name
