"""Comparisons of results, computed once for all visitors."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from fairkd.benchmarks import (
    BenchmarkComparison,
    Disagreements,
    Result,
    SideEffects,
    compare_results,
    disagreements,
    side_effects,
)


def comparison(first: Result, second: Result) -> BenchmarkComparison:
    """`fairkd.benchmarks.compare_results`. Raises InputError."""
    return _comparison((_key(first), _key(second)), first, second)


def all_side_effects(results: Sequence[Result]) -> SideEffects:
    """`fairkd.benchmarks.side_effects`. Raises InputError."""
    return _side_effects(tuple(map(_key, results)), results)


def contradictions(results: Sequence[Result]) -> Disagreements:
    """`fairkd.benchmarks.disagreements`. Raises InputError."""
    return _disagreements(tuple(map(_key, results)), results)


@st.cache_resource(max_entries=64, show_spinner=False)
def _comparison(key: object, _first: Result, _second: Result) -> BenchmarkComparison:
    return compare_results(_first, _second)


@st.cache_resource(max_entries=16, show_spinner="Comparing on every axis")
def _side_effects(key: object, _results: Sequence[Result]) -> SideEffects:
    return side_effects(_results)


@st.cache_resource(max_entries=32, show_spinner=False)
def _disagreements(key: object, _results: Sequence[Result]) -> Disagreements:
    return disagreements(_results)


def _key(result: Result) -> tuple[object, ...]:
    """What tells a result from all others."""
    return (
        result.benchmark,
        result.model,
        result.model_hash,
        result.data.sha256,
        result.precision,
        result.overall.n,
        result.date,
    )
