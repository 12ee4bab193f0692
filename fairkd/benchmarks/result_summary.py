"""What several results say together: the command line, pages and reports take it from here.

* `compare_with_first`: every further model against the first
* `overview`: models in rows, one column a benchmark; `fairkd.utils.latex_table` makes it one for a paper
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from fairkd.benchmarks.benchmark import Benchmark, Value
from fairkd.benchmarks.benchmark_comparison import BenchmarkComparison, compare_results
from fairkd.benchmarks.benchmark_registry import BENCHMARKS
from fairkd.benchmarks.published_scores import PublishedScore, published
from fairkd.benchmarks.results import Group, Result, ValueEstimate
from fairkd.errors import InputError

MOST_REASONS = 3  # of items without a score


def by_benchmark(results: Sequence[Result]) -> dict[str, list[Result]]:
    """The results of each benchmark, in their order."""
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(result.benchmark, []).append(result)
    return found


def compare_with_first(results: Sequence[Result]) -> tuple[list[BenchmarkComparison], list[str]]:
    """Every further model against the first, in each benchmark, and why some cannot be compared."""
    found, problems = [], []
    for first, *others in by_benchmark(results).values():
        if first.model == first.reference:  # a fidelity of the first model to itself says nothing
            continue
        for other in others:
            try:
                found.append(compare_results(first, other))
            except InputError as error:
                problems.append(str(error))
    return found, problems


def overview(results: Sequence[Result]) -> pd.DataFrame:
    """One row a model; for each benchmark its most important value with the interval, as text.

    The columns are model and the labels of the benchmarks with that of the value: benchmarks of quality come
    after those of bias, so that no figure of bias stands alone. "–" where a model was not measured.
    """
    by_key = {(result.model, result.benchmark): result for result in results}
    names = [
        name
        for family in ("bias", "quality", "fidelity")
        for name in by_benchmark(results)
        if BENCHMARKS[name].family == family
    ]
    rows = []
    for model in dict.fromkeys(result.model for result in results):
        row = {"model": model}
        for name in names:
            value = BENCHMARKS[name].bias
            found = by_key.get((model, name))
            row[heading_of(name)] = "–" if found is None else value_text(value, found.overall)
        rows.append(row)
    return pd.DataFrame(rows)


def heading_of(name: str) -> str:
    """A benchmark with the value that says how biased a model is: "CrowS-Pairs, stereotype preferred"."""
    label, value = BENCHMARKS[name].label, BENCHMARKS[name].bias.label
    return label if label.casefold() == value.casefold() else f"{label}, {value}"


def value_text(value: Value, group: Group) -> str:
    """A value with its interval, for a cell: "57.00 (50.50 to 63.50)"."""
    found = group.values[value.key]
    interval = interval_text(value, found)
    return value.format(found.value) + (f" ({interval})" if interval else "")


def interval_text(value: Value, found: ValueEstimate) -> str:
    """The ends of the interval; empty where there is none."""
    if pd.isna(found.low) or pd.isna(found.high):
        return ""
    return f"{value.format(found.low)} to {value.format(found.high)}"


def scored_text(result: Result) -> str:
    """How many items were scored, and why the others were not, the most frequent reasons first."""
    scored = f"{result.overall.n:,} {'item' if result.overall.n == 1 else 'items'} scored"
    if not result.unscored:
        return f"{scored}."
    counts = Counter(one.reason.rstrip(".") for one in result.unscored).most_common()
    reasons = [f"{count:,} × {reason}" for reason, count in counts[:MOST_REASONS]]
    if rest := sum(count for _, count in counts[MOST_REASONS:]):
        reasons.append(f"{rest:,} for other reasons")
    return f"{scored}, {len(result.unscored):,} not: {'; '.join(reasons)}."


def published_for(result: Result) -> tuple[PublishedScore, ...]:
    """The published figures of the model of a result, over all categories, for values that it has."""
    keys = {value.key for value in BENCHMARKS[result.benchmark].values}
    figures = published(result.benchmark, result.model, category="all")
    return tuple(figure for figure in figures if figure.value in keys)


def figures_beside(
    benchmark: Benchmark, value: Value, model: str, *, category: str | None = None
) -> dict[PublishedScore, tuple[str, ...]]:
    """The published figures of a model to stand beside a value, each with its provenance.

    Figures of a variant of the value count, too, and say first which one it is.
    """
    found = {}
    for one in benchmark.values:
        if value.key in (one.key, one.variant_of):
            which = () if one.key == value.key else (f"Computed as {one.label}",)
            for figure in published(benchmark.key, model, value=one.key, category=category):
                found[figure] = (*which, *figure.provenance)
    return found


def figure_text(figure: PublishedScore) -> str:
    """A published figure with what it was computed on, for people."""
    label = BENCHMARKS[figure.benchmark].value(figure.value).label
    doubt = f" Doubtful: {figure.doubtful}" if figure.doubtful else ""
    return (
        f"{label} of {figure.model}: {figure.printed} ({figure.file_label}; {figure.script}; {figure.cited})."
        f"{doubt}"
    )
