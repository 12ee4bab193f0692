"""Side effects: how every kind of bias that was measured differs between the first model and the others.

    found = side_effects(results)            # Results of several models and benchmarks
    found.table                              # one row an axis, benchmark and model
    found.sentence                           # "2 of 17 comparisons show a clear difference ..."

An axis is what people are grouped by, such as gender or religion. The data sets name their categories
differently; `axis_of` maps them to one list. The p values are adjusted by Holm for all comparisons in the
table, since among many comparisons some differ by chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from fairkd.benchmarks.benchmark import Benchmark
from fairkd.benchmarks.benchmark_comparison import ValueDifference, compare_categories, compare_results
from fairkd.benchmarks.benchmark_registry import BENCHMARKS
from fairkd.benchmarks.results import Result
from fairkd.errors import InputError
from fairkd.measures import holm, kind_of

# In the order of the table, with their names for people.
AXES: Mapping[str, str] = {
    "gender": "gender",
    "pronouns": "he, she, they",
    "race": "race",
    "religion": "religion",
    "nationality": "nationality",
    "age": "age",
    "disability": "disability",
    "orientation": "sexual orientation",
    "appearance": "appearance",
    "class": "class",
    "profession": "profession",
}

# Categories of the data sets by other names than the axis, in lower case and with hyphens.
_CATEGORIES = {
    "race-color": "race",
    "race-ethnicity": "race",
    "ethnicity": "race",
    "sexual-orientation": "orientation",
    "physical-appearance": "appearance",
    "socioeconomic": "class",
    "socioeconomic-status": "class",
}


@dataclass(frozen=True, kw_only=True)
class SideEffects:
    """Every bias that was measured, of several models against the first.

    Attributes
    ----------
    first : str
        The reference of the first model.
    models : tuple of str
        Those of the others.
    table : DataFrame
        One row an axis, benchmark, category and other model: axis, benchmark, category ("all" where the
        benchmark is about one axis), value (its key), model, first_value, second_value, difference, low,
        high, n, test, p_value, p_holm, effect_size, verdict (a kind of `fairkd.measures.Verdict`, with the
        adjusted p), approach ("nearer" to the unbiased value, "further" or "").
    comparisons : int
        How many p values were adjusted.
    left_out : tuple of str
        Which results could not be compared, one sentence each.
    """

    first: str
    models: tuple[str, ...]
    table: pd.DataFrame = field(repr=False, compare=False)
    comparisons: int
    left_out: tuple[str, ...]

    @property
    def clear(self) -> pd.DataFrame:
        """The rows with a clear difference."""
        return self.table[self.table["verdict"].isin(["smaller", "larger"])]

    @property
    def sentence(self) -> str:
        """How many comparisons were made, and how many show a clear difference."""
        if self.table.empty:
            return "No bias was measured that could be compared."
        tested = f"{self.comparisons:,} comparison{'s' if self.comparisons != 1 else ''} with {self.first}"
        with_test = int(self.clear["p_holm"].notna().sum())
        others = len(self.clear) - with_test
        found = f"{with_test:,}" if with_test else "None"
        shows = "show" if with_test > 1 else "shows"
        without = f"; {others:,} more, without a test, by the interval alone" if others else ""
        return f"{found} of {tested} {shows} a clear difference (p values adjusted by Holm){without}."


def axis_of(benchmark: Benchmark, category: str) -> str | None:
    """The axis that a category of a benchmark belongs to; None where it belongs to none.

    >>> axis_of(BENCHMARKS["crows-pairs"], "race-color")
    'race'
    """
    if benchmark.axis is not None:
        return benchmark.axis
    name = category.strip().casefold().replace("_", "-").replace(" ", "-")
    axis = _CATEGORIES.get(name, name)
    return axis if axis in AXES else None


def side_effects(results: Sequence[Result], *, seed: int = 0) -> SideEffects:
    """Compare every model with the first, in every benchmark of bias and on every axis.

    Parameters
    ----------
    results : sequence of Result
        Of several models. The first result's model is the one that the others are compared with.

    Raises
    ------
    InputError
        For results of fewer than two models.
    """
    models = tuple(dict.fromkeys(result.model for result in results))
    if len(models) < 2:
        raise InputError(f"Side effects need the results of two models or more, but got {len(models)}.")
    by_key = {(result.model, result.benchmark): result for result in results}
    names = [name for name in BENCHMARKS if BENCHMARKS[name].family == "bias" and (models[0], name) in by_key]
    rows: list[dict[str, object]] = []
    left_out = []
    for name in names:
        for model in models[1:]:
            if (model, name) not in by_key:
                continue
            try:
                found = _by_axis(by_key[models[0], name], by_key[model, name], seed=seed)
            except InputError as error:
                left_out.append(str(error))
                continue
            rows += [
                {"axis": axis, "benchmark": name, "category": category, "model": model, **_numbers(one)}
                for axis, category, one in found
            ]
    table = pd.DataFrame(rows, columns=_COLUMNS)
    table = _judged(table.sort_values("axis", key=lambda axes: axes.map(list(AXES).index), kind="stable"))
    return SideEffects(
        first=models[0],
        models=models[1:],
        table=table.reset_index(drop=True),
        comparisons=int(table["p_value"].notna().sum()),
        left_out=tuple(left_out),
    )


def _by_axis(first: Result, second: Result, *, seed: int) -> list[tuple[str, str, ValueDifference]]:
    """The differences of two models in one benchmark: axis, category, difference."""
    benchmark = BENCHMARKS[first.benchmark]
    of_values = [(value.axis, value.key) for value in benchmark.values if value.axis is not None]
    if benchmark.axis is not None:
        compared = compare_results(first, second, seed=seed).values
        wanted = [(benchmark.axis, benchmark.bias.key), *of_values]
        return [(axis, "all", compared[key]) for axis, key in wanted]
    return [
        (axis, category, found)
        for category, found in compare_categories(first, second, seed=seed).items()
        if (axis := axis_of(benchmark, category)) is not None
    ]


_COLUMNS = [
    *("axis", "benchmark", "category", "value", "model", "first_value", "second_value", "difference", "low"),
    *("high", "n", "test", "p_value", "p_holm", "effect_size", "verdict", "approach"),
]


def _numbers(found: ValueDifference) -> dict[str, object]:
    return {
        "value": found.value.key,
        "first_value": found.first,
        "second_value": found.second,
        **{key: getattr(found, key) for key in ("difference", "low", "high", "n", "test", "effect_size")},
        # What has too few items for a verdict is not counted as a comparison either.
        "p_value": np.nan if found.kind == "too few" else found.p_value,
        "approach": found.approach,
    }


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    """The table with adjusted p values, and verdicts that rest on them."""
    table = table.assign(p_holm=holm(table["p_value"].to_numpy(dtype=float)))
    verdicts = [
        kind_of(
            row["difference"],
            row["low"],
            row["high"],
            n=row["n"],
            p_value=row["p_holm"] if row["test"] else None,
        )
        for row in table.to_dict("records")
    ]
    clear = [verdict in ("smaller", "larger") for verdict in verdicts]
    return table.assign(verdict=verdicts, approach=table["approach"].where(pd.Series(clear, table.index), ""))
