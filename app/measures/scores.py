"""The view “Scores”: every measure of every model, bias beside quality, with published figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.charts.benchmark_scores import GhostMark, ScoreMark, score_chart
from app.components.chart import show_figure
from app.measures.stored import Measured, display_names
from app.shared import theme
from app.shared.table_download import table_download
from app.shared.widgets import caption, literal
from fairkd.benchmarks import (
    BENCHMARKS,
    Benchmark,
    Group,
    PublishedScore,
    Result,
    Value,
    about,
    figures_beside,
    value_text,
)
from fairkd.errors import listed

OWN_FILE = "own file"  # what results name the data of a user's file
LANDMARK = "bert-base-uncased"  # whose published figures are shown where the measured models have none
_UNITS = {"percent": "%", "nats": "nats", "share": "", "none": ""}


def scores_view(found: Measured) -> None:
    """Bias on the left, quality on the right, and below both all numbers as a table."""
    bias = [one for one in found.benchmarks if BENCHMARKS[one].family == "bias"]
    quality = [one for one in found.benchmarks if BENCHMARKS[one].family != "bias"]
    left, right = st.columns([3, 2], gap="medium") if bias and quality else (st.container(), st.container())
    with left:
        for number, keys in enumerate(grouped(bias)):
            _panel(found, keys, f"measured_bias_{number}")
    with right:
        for number, keys in enumerate(grouped(quality)):
            _panel(found, keys, f"measured_quality_{number}")
    caption(
        "Each mark is a model's score, with its 95 % bootstrap interval. The dashed line is what an unbiased "
        "model scores."
    )
    if bias and not quality:
        caption(
            ":material/info: No measure of quality was chosen. A model that predicts badly can look "
            "unbiased: measure its pseudo-perplexity, too."
        )
    _table(found)
    _not_shown(found.benchmarks)


def grouped(benchmarks: Sequence[str]) -> list[list[str]]:
    """The measures that share an axis: the same unit and the same unbiased value."""
    groups: dict[object, list[str]] = {}
    for key in benchmarks:
        value = BENCHMARKS[key].bias
        shared = (value.unit, value.unbiased) if value.unbiased is not None else key
        groups.setdefault(shared, []).append(key)
    return list(groups.values())


def marks_of(found: Measured, benchmarks: Sequence[str]) -> list[ScoreMark]:
    """A mark for each measure and model."""
    names = display_names(found.models)
    return [
        ScoreMark(
            measure=BENCHMARKS[key].label,
            model=names[model],
            number=found.models.index(model),
            value=BENCHMARKS[key].bias,
            estimate=result.overall.values[BENCHMARKS[key].bias.key],
            n=result.overall.n,
        )
        for key in benchmarks
        for model, result in found.of(key).items()
    ]


def ghosts_of(found: Measured, benchmarks: Sequence[str]) -> list[GhostMark]:
    """Published figures of the measured models on the same data; else those of a well-known model."""
    ghosts = []
    for key in benchmarks:
        data = {result.data.name for result in found.of(key).values()}
        for figure, provenance in _published(key, list(found.of(key))).items():
            if figure.file in data:
                ghosts.append(
                    GhostMark(
                        measure=BENCHMARKS[key].label,
                        model=figure.model,
                        printed=figure.printed,
                        number=figure.number,
                        about=provenance,
                    )
                )
    return ghosts


def _published(key: str, models: Sequence[str]) -> dict[PublishedScore, tuple[str, ...]]:
    benchmark = BENCHMARKS[key]
    beside = partial(figures_beside, benchmark, benchmark.bias, category="all")
    own = [figure for model in models for figure in beside(model).items()]
    return dict(own) or beside(LANDMARK)


def score_figures(found: Measured, *, dark: bool) -> list[go.Figure]:
    """The charts of the view, those of bias first."""
    bias = [one for one in found.benchmarks if BENCHMARKS[one].family == "bias"]
    quality = [one for one in found.benchmarks if BENCHMARKS[one].family != "bias"]
    return [_figure(found, keys, dark=dark) for keys in (*grouped(bias), *grouped(quality))]


def _figure(found: Measured, benchmarks: Sequence[str], *, dark: bool) -> go.Figure:
    marks = marks_of(found, benchmarks)
    return score_chart(marks, ghosts_of(found, benchmarks), title=panel_title(marks), dark=dark)


def _panel(found: Measured, benchmarks: Sequence[str], key: str) -> None:
    figure = _figure(found, benchmarks, dark=theme.is_dark())
    show_figure(figure, key, f"fairkd-{key.replace('_', '-')}", rows=True)


def panel_title(marks: Sequence[ScoreMark]) -> str:
    """The scores of one measure, or which models hold the unbiased value in their intervals.

    What is said of several measures counts intervals only.
    """
    first = marks[0]
    measures = list(dict.fromkeys(mark.measure for mark in marks))
    if len(measures) == 1:
        each = ", ".join(f"{mark.model} {mark.value.format(mark.estimate.value)}" for mark in marks)
        unit = _UNITS[first.value.unit]
        goal = {"lower": "lower is better", "higher": "higher is better"}.get(first.value.direction, "")
        ideal = f"unbiased: {first.value.unbiased:g}" if first.value.unbiased is not None else goal
        return f"{first.measure}: {each}{f' {unit}' if unit else ''}{f' ({ideal})' if ideal else ''}"
    if first.value.direction != "unbiased":
        return f"Distance from the unbiased value {first.value.unbiased:g}, by {len(measures)} measures"
    counts = ", ".join(
        f"{model} {sum(_holds(mark) for mark in marks if mark.model == model)} of {len(measures)}"
        for model in dict.fromkeys(mark.model for mark in marks)
    )
    return f"Intervals that hold the unbiased {first.value.unbiased:g}: {counts} measures"


def _holds(mark: ScoreMark) -> bool:
    unbiased = mark.value.unbiased
    return unbiased is not None and mark.estimate.low <= unbiased <= mark.estimate.high


# --- the table ---


def score_table(found: Measured) -> pd.DataFrame:
    """One row a value of a measure, one column a model: the values with their intervals, as text."""
    names = display_names(found.models)
    rows: list[dict[str, object]] = []
    for key in found.benchmarks:
        benchmark, results = BENCHMARKS[key], found.of(key)
        for value in benchmark.values:
            rows.append(_row(benchmark, value, value.label, results, names, lambda one: one.overall))
        if any(result.without_faults for result in results.values()):
            label = f"{benchmark.headline.label}, without faulty items"
            rows.append(
                _row(benchmark, benchmark.headline, label, results, names, lambda one: one.without_faults)
            )
    return pd.DataFrame(rows)


def numbers(found: Measured) -> pd.DataFrame:
    """The same with all digits, one row a value of a measure and model, for a file."""
    rows = []
    for result in found.results:
        parts = {"all": result.overall, "without faulty items": result.without_faults}
        parts |= {f"category {name}": group for name, group in result.categories.items()}
        for part, group in parts.items():
            if group is None:
                continue
            for key, one in group.values.items():
                rows.append(
                    {
                        **{"reference": result.model, "sha256": result.model_hash},
                        **{"measure": result.benchmark, "value": key, "items_of": part},
                        **{"score": one.value, "low": one.low, "high": one.high, "n": group.n},
                        "unscored": len(result.unscored),
                        "data": result.data.name,
                        "data_file": result.data.file,
                        "data_sha256": result.data.sha256,
                        "precision": result.precision,
                        "sample": result.quick,
                        "compared_with": result.reference or "",
                        "measured": result.date,
                    }
                )
    return pd.DataFrame(rows)


def _row(
    benchmark: Benchmark,
    value: Value,
    label: str,
    results: Mapping[str, Result],
    names: Mapping[str, str],
    part: Callable[[Result], Group | None],
) -> dict[str, object]:
    groups = {model: part(result) for model, result in results.items()}
    cells = {
        names[model]: "–" if group is None else value_text(value, group) for model, group in groups.items()
    }
    unit = _UNITS[value.unit]
    counts = dict.fromkeys(f"{group.n:,}" for group in groups.values() if group is not None)
    return {
        "measure": benchmark.label,
        "value": f"{label} ({unit})" if unit else label,
        "unbiased": "" if value.unbiased is None else f"{value.unbiased:g}",
        **cells,
        "items": " / ".join(counts),
    }


def _table(found: Measured) -> None:
    shown = score_table(found)
    st.dataframe(
        shown,
        key="measured_table",
        hide_index=True,
        height="auto",
        column_config={"measure": st.column_config.TextColumn(pinned=True)},
    )
    table_download(lambda: numbers(found), "fairkd-measures", "measured_csv", shown=shown)
    caption(
        "In brackets the 95 % percentile bootstrap interval (2,000 resamples). “Without faulty items” leaves "
        "out items with known faults of the data set, such as repeated ones."
    )


def _not_shown(benchmarks: Sequence[str]) -> None:
    """What these numbers cannot show."""
    panel = st.expander("What these numbers cannot show", icon=":material/warning:", key="measured_limits")
    with panel:
        for key in benchmarks:
            texts = about(key)
            st.markdown(f"**{literal(texts.label)}**: {literal(texts.reading)}")
            st.markdown("\n".join(f"- {literal(one)}" for one in texts.weaknesses))


def data_line(found: Measured) -> str:
    """Which data the results rest on, as one line of Markdown."""
    versions = dict.fromkeys(
        f"{result.data.file if result.data.name == OWN_FILE else result.data.name} "
        f"(SHA-256 {result.data.sha256[:8]}…)"
        for result in found.results
    )
    return f"Data: {literal(listed(list(versions), 12))}."
