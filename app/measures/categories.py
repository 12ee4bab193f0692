"""The view “By category”: one measure, for each category of its items."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.charts.benchmark_scores import GhostMark, ScoreMark, score_chart
from app.components.chart import show_figure
from app.measures.pick import pick_measure
from app.measures.stored import Measured, display_names
from app.shared import theme
from app.shared.table_download import table_download
from app.shared.widgets import caption, literal
from fairkd.benchmarks import (
    BENCHMARKS,
    WORD_PAIR_READING,
    Result,
    Value,
    figures_beside,
    word_pair_table,
    word_pair_tests,
)
from fairkd.measures import FEWEST_ITEMS


def categories_view(found: Measured) -> None:
    """The scores of a measure by category."""
    with_categories = [one for one in found.benchmarks if any(r.categories for r in found.of(one).values())]
    if not with_categories:
        caption("None of these measures divides its items into categories.")
        return
    key = pick_measure(with_categories)
    benchmark = BENCHMARKS[key]
    value = _value(key)
    marks = category_marks(found, key, value)
    fewest = min(mark.n for mark in marks)
    measured = ", ".join(dict.fromkeys([benchmark.label, value.label]))  # some have one name
    title = f"{measured}, by category ({fewest:,} items or more in each)"
    figure = score_chart(marks, _ghosts(found, key, value), title=title, dark=theme.is_dark())
    show_figure(figure, f"measured_categories_{key}", f"fairkd-{key}-categories", rows=True)
    caption(
        f"Categories are those of the data set. An interval that is wide tells little: "
        f"{literal(benchmark.label)} has few items there. All numbers are in the CSV file of the scores."
        + " A category without a mark has no such value."
        * any(math.isnan(mark.estimate.value) for mark in marks)
        + f" A mark without an interval stands for fewer than {FEWEST_ITEMS} {benchmark.units}."
        * any(math.isnan(mark.estimate.low) > math.isnan(mark.estimate.value) for mark in marks)
    )
    _word_pairs(found, key)


def _word_pairs(found: Measured, key: str) -> None:
    """The scores of both words with their paired tests, for a measure of such pairs."""
    results = list(found.of(key).values())
    shown = word_pair_table(results, display_names(found.models))
    if shown.empty:
        return
    st.markdown("**Does a group of professions favour female or male words?**")
    st.dataframe(shown, key="word_pairs_table", hide_index=True, height="auto")
    table_download(lambda: _all_tests(results), f"fairkd-{key}-word-pairs", "word_pairs_csv", shown=shown)
    caption(WORD_PAIR_READING)


def _all_tests(results: Sequence[Result]) -> pd.DataFrame:
    return pd.concat([word_pair_tests(one).assign(model=one.model) for one in results], ignore_index=True)


def category_marks(found: Measured, key: str, value: Value) -> list[ScoreMark]:
    """A mark for each category and model: first all items, then the categories with most items."""
    names, results = display_names(found.models), found.of(key)
    sizes: dict[str, int] = {}
    for result in results.values():
        for category, items in result.categories.items():
            sizes[category] = max(sizes.get(category, 0), items.n)
    order = sorted(sizes, key=lambda category: -sizes[category])
    marks = []
    for category in ("all items", *order):
        for model, result in results.items():
            group = result.overall if category == "all items" else result.categories.get(category)
            if group is None:
                continue
            marks.append(
                ScoreMark(
                    measure=category,
                    model=names[model],
                    number=found.models.index(model),
                    value=value,
                    estimate=group.values[value.key],
                    n=group.n,
                )
            )
    return marks


def _value(key: str) -> Value:
    """The value to show; asked where the measure has several."""
    benchmark = BENCHMARKS[key]
    labels = {value.key: value.label for value in benchmark.values}
    if len(labels) < 2:
        return benchmark.bias
    chosen = st.segmented_control(
        "Value",
        list(labels),
        format_func=lambda one: labels.get(one, one),
        default=benchmark.bias.key,
        required=True,
        key=f"category_value_{key}",
        label_visibility="collapsed",
    )
    return benchmark.value(str(chosen)) if chosen in labels else benchmark.bias


def _ghosts(found: Measured, key: str, value: Value) -> list[GhostMark]:
    """Published figures of the measured models by category, on the same data."""
    results = found.of(key)
    categories = {name for result in results.values() for name in result.categories}
    files = {result.data.name for result in results.values()}
    return [
        GhostMark(
            measure=figure.category,
            model=figure.model,
            printed=figure.printed,
            number=figure.number,
            about=provenance,
        )
        for model in results
        for figure, provenance in figures_beside(BENCHMARKS[key], value, model).items()
        if figure.category in categories and figure.file in files
    ]
