"""Two results of one benchmark: whether they can be compared, and their items in the same rows."""

from __future__ import annotations

import pandas as pd

from fairkd.benchmarks.benchmark import Benchmark
from fairkd.benchmarks.benchmark_registry import BENCHMARKS
from fairkd.benchmarks.results import Result
from fairkd.errors import InputError


def comparable(first: Result, second: Result) -> Benchmark:
    """The benchmark of both results; InputError where they do not measure the same."""
    if first.benchmark != second.benchmark:
        raise InputError(
            f"Only results of the same benchmark can be compared; these are of {first.benchmark} and "
            f"{second.benchmark}."
        )
    benchmark = BENCHMARKS[first.benchmark]
    who = f"{first.model} and {second.model}"
    if first.data.sha256 != second.data.sha256:
        raise InputError(
            f"{who} were measured by {benchmark.label} on different data, {first.data.file} "
            f"({first.data.sha256}) and {second.data.file} ({second.data.sha256}): measure both on the same."
        )
    if first.reference != second.reference:
        raise InputError(
            f"{who} were compared by {benchmark.label} with different models, {first.reference} and "
            f"{second.reference}: measure both with the same."
        )
    if first.precision != second.precision:
        raise InputError(
            f"{who} were measured by {benchmark.label} at different precision, {first.precision} and "
            f"{second.precision}: measure both at the same."
        )
    counts = [_measured_ids(result) for result in (first, second)]
    if first.quick != second.quick or counts[0] != counts[1]:
        raise InputError(
            f"{who} were measured by {benchmark.label} on different samples of its items, {len(counts[0]):,} "
            f"and {len(counts[1]):,}: measure both with the same sample, limit and seed."
        )
    return benchmark


def _measured_ids(result: Result) -> frozenset[str]:
    return frozenset([*result.items["id"], *(one.id for one in result.unscored)])


def paired_items(
    first: pd.DataFrame, second: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Both tables with the items that both have, in the order of the first, and the ids of the others."""
    known = set(first["id"]), set(second["id"])
    one = first[first["id"].isin(known[1])].reset_index(drop=True)
    other = second.set_index("id", drop=False).loc[one["id"]].reset_index(drop=True)
    left_out = tuple(str(name) for name in first["id"] if name not in known[1])
    return one, other, (left_out, tuple(str(name) for name in second["id"] if name not in known[0]))
