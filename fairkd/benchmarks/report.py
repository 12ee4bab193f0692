"""A report on results: one HTML file that opens without a network, to be kept or sent.

    html = html_report(results, command="fairkd measure crows-pairs --model embedded/teacher")

Everything that the report says and draws is computed here; `resources/measure_report.html` lays it out. The
page has neither scripts nor links that it needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fairkd.benchmarks.benchmark import Benchmark, Value
from fairkd.benchmarks.benchmark_comparison import BenchmarkComparison, p_text
from fairkd.benchmarks.benchmark_registry import BENCHMARKS
from fairkd.benchmarks.dot_plot import Dot, PlotRow, dot, numbers_of
from fairkd.benchmarks.measure_disagreement import Disagreements, disagreements, share_items
from fairkd.benchmarks.published_scores import PublishedScore
from fairkd.benchmarks.reference_checks import reference_check
from fairkd.benchmarks.result_summary import (
    by_benchmark,
    compare_with_first,
    figure_text,
    heading_of,
    interval_text,
    overview,
    published_for,
    scored_text,
    value_text,
)
from fairkd.benchmarks.results import Result
from fairkd.benchmarks.side_effect_table import AXES, SideEffects, side_effects
from fairkd.benchmarks.stored_results import Refusal
from fairkd.benchmarks.texts import about
from fairkd.benchmarks.word_pairs import WORD_PAIR_READING, word_pair_table
from fairkd.errors import InputError
from fairkd.utils import Tick, axis_for, html_page, signed, signed_interval

MOST_ITEMS = 30  # of a list of sentences


@dataclass(frozen=True)
class Plot:
    """A dot plot: its title, rows, ticks, and where the unbiased value is."""

    title: str
    rows: tuple[PlotRow, ...]
    ticks: tuple[Tick, ...]
    unbiased: float | None
    unbiased_text: str
    has_published: bool


def html_report(results: Sequence[Result], *, refusals: Sequence[Refusal] = (), command: str = "") -> str:
    """The report as one HTML document.

    Parameters
    ----------
    results : sequence of Result
        Of one model or several. The others are compared with the first.
    refusals : sequence of Refusal, optional
        What could not be measured.
    command : str, optional
        The command that makes the same results again.

    Raises
    ------
    InputError
        Without a result.
    """
    if not results:
        raise InputError("A report needs at least one result, but got none.")
    models = tuple(dict.fromkeys(result.model for result in results))
    compared, problems = compare_with_first(results)
    effects = side_effects(results) if len(models) > 1 else None
    return html_page(
        "measure_report.html",
        title=f"Measures of {', '.join(models)}",
        models=models,
        first=results[0],
        colours={model: f"model{min(number, 3)}" for number, model in enumerate(models)},
        overview=_overview(results),
        benchmarks=[_section(name, found, compared, models) for name, found in by_benchmark(results).items()],
        effects=_effects(effects) if effects else None,
        disagreements=_disagreements(results),
        problems=problems,
        refusals=refusals,
        command=command,
        hashes={result.model: result.model_hash for result in results},
        most_items=MOST_ITEMS,
    )


def _section(
    name: str, results: Sequence[Result], compared: Sequence[BenchmarkComparison], models: Sequence[str]
) -> dict[str, Any]:
    """What the report says of one benchmark."""
    benchmark = BENCHMARKS[name]
    check = reference_check(name)
    data_set = next((one for one in benchmark.data_sets if one.key == results[0].data.name), None)
    figures = {figure: None for result in results for figure in published_for(result)}
    return {
        "key": name,
        "label": benchmark.label,
        "texts": about(name),
        "check": check.sentence if check else "",
        "licence": data_set.licence if data_set else "Your own file.",
        "data": results[0].data,
        "precision": results[0].precision,
        "quick": results[0].quick,
        "plots": _plots(benchmark, results, list(models)),
        "values": _values(benchmark, results),
        "categories": _categories(benchmark, results),
        "word_pairs": _word_pairs(results),
        "word_pair_reading": WORD_PAIR_READING,
        "scored": [f"{result.model}: {scored_text(result)}" for result in results],
        "unscored": [(result.model, result.unscored) for result in results if result.unscored],
        "published": [figure_text(figure) for figure in figures],
        "comparisons": [_comparison(one) for one in compared if one.benchmark == name],
    }


def _values(benchmark: Benchmark, results: Sequence[Result]) -> dict[str, Any]:
    """A table with one row a model and value."""
    rows = []
    for result in results:
        for value in benchmark.values:
            found = result.overall.values[value.key]
            sound = result.without_faults
            rows.append(
                [
                    result.model,
                    value.label,
                    value.format(found.value),
                    interval_text(value, found) or "–",
                    "–" if value.unbiased is None else value.format(value.unbiased),
                    "–" if sound is None else value_text(value, sound),
                    f"{result.overall.n:,}",
                ]
            )
    headings = ["Model", "Value", "Result", "95 % interval", "Unbiased", "Without faulty items", "Items"]
    return {"headings": headings, "rows": rows, "texts": 2}


def _categories(benchmark: Benchmark, results: Sequence[Result]) -> dict[str, Any] | None:
    """A table with one row a category; None for a benchmark without categories."""
    names = list(dict.fromkeys(name for result in results for name in result.categories))
    if not names:
        return None
    rows = [
        [
            name,
            *(
                f"{value_text(benchmark.bias, result.categories[name])}, n = {result.categories[name].n:,}"
                if name in result.categories
                else "–"
                for result in results
            ),
        ]
        for name in names
    ]
    return {"headings": ["Category", *(result.model for result in results)], "rows": rows, "texts": 1}


def _word_pairs(results: Sequence[Result]) -> dict[str, Any] | None:
    """A table with one row a category and model; None for a benchmark without pairs of words."""
    table = word_pair_table(results)
    if table.empty:
        return None
    return {"headings": list(table.columns), "rows": table.to_numpy().tolist(), "texts": 2}


def _plots(benchmark: Benchmark, results: Sequence[Result], models: Sequence[str]) -> list[Plot]:
    """The value that says how biased a model is: overall beside published figures, and by category."""
    value = benchmark.bias
    figures = [figure for result in results for figure in published_for(result) if figure.value == value.key]
    figures = list(dict.fromkeys(figures))
    groups = {"": {result.model: result.overall for result in results}}
    names = dict.fromkeys(name for result in results for name in result.categories)
    for name in names:
        groups[name] = {
            result.model: result.categories[name] for result in results if name in result.categories
        }
    plots = []
    for title, shown in (
        (value.label, {name: group for name, group in groups.items() if not name}),
        (f"{value.label}, by category", {name: group for name, group in groups.items() if name}),
    ):
        if not shown:
            continue
        estimates = [one.values[value.key] for group in shown.values() for one in group.values()]
        ghosts = figures if "" in shown else []
        numbers = [*numbers_of(estimates), *(_scaled(value, figure) for figure in ghosts)]
        axis = axis_for([*numbers, *([value.unbiased] if value.unbiased is not None else [])])
        rows: list[PlotRow] = []
        for name, group in shown.items():
            dots = {
                model: dot(axis, value, one.values[value.key], kind=_kind(models, model), name=model)
                for model, one in group.items()
            }
            if name:
                rows.append(PlotRow(name, tuple(one for one in dots.values() if one)))
            else:
                rows += [
                    PlotRow(model, (one,), value_text(value, group[model]))
                    for model, one in dots.items()
                    if one
                ]
        rows += [_ghost(axis.at(_scaled(value, figure)), figure) for figure in ghosts]
        plots.append(
            Plot(
                title=title,
                rows=tuple(rows),
                ticks=axis.ticks,
                unbiased=None if value.unbiased is None else axis.at(value.unbiased),
                unbiased_text="" if value.unbiased is None else value.format(value.unbiased),
                has_published=bool(ghosts),
            )
        )
    return plots


def _scaled(value: Value, figure: PublishedScore) -> float:
    """A published figure in the unit of our value: shares lie between 0 and 1."""
    return figure.number / 100 if value.unit == "share" else figure.number


def _ghost(at: float, figure: PublishedScore) -> PlotRow:
    text = f"published: {figure.printed} ({figure.file_label}; {figure.script})"
    return PlotRow(
        f"published, {figure.model.rpartition('/')[2]}", (Dot(at, None, None, "ghost", text),), figure.printed
    )


def _kind(models: Sequence[str], model: str) -> str:
    return f"model{min(models.index(model), 3)}"


def _comparison(found: BenchmarkComparison) -> dict[str, Any]:
    """Two models on the same items: sentences, the 2 x 2 table, the items that changed most."""
    benchmark = BENCHMARKS[found.benchmark]
    items = found.items[found.items["flipped"]] if benchmark.choice else found.items
    texts = [name for name in items.columns if name.startswith("text_")]
    choice = benchmark.choice
    rows = [
        {
            "id": row["id"],
            "category": row["category"],
            "texts": {name.removeprefix("text_"): row[name] for name in texts},
            "choice": (bool(row[f"{choice}_first"]), bool(row[f"{choice}_second"])) if choice else None,
            "score": (row[f"{benchmark.score}_first"], row[f"{benchmark.score}_second"])
            if benchmark.score
            else None,
        }
        for row in items.head(MOST_ITEMS).to_dict("records")
    ]
    return {
        "found": found,
        "choice": benchmark.choice_label,
        "differences": [one.sentence for one in found.values.values()],
        "items": rows,
        "count": len(items),
    }


def _effects(found: SideEffects) -> dict[str, Any]:
    """One row an axis and benchmark, one column a model."""
    table = found.table
    rows: list[list[object]] = []
    keys = ["axis", "benchmark", "category", "value"]
    for (axis, name, category, value_key), group in table.groupby(keys, sort=False):
        value = BENCHMARKS[name].value(value_key)
        by_model = {row["model"]: row for row in group.to_dict("records")}
        first = next(iter(by_model.values()))
        label = f"{BENCHMARKS[name].label}: {value.label if category == 'all' else category}"
        cells = [_effect_cell(value, by_model.get(model)) for model in found.models]
        rows.append([AXES[axis], label, value.format(first["first_value"]), *cells])
    return {
        "sentence": found.sentence,
        "left_out": found.left_out,
        "table": {"headings": ["Group", "Measure", found.first, *found.models], "rows": rows, "texts": 2},
    }


def _effect_cell(value: Value, row: Mapping[str, Any] | None) -> str | dict[str, Any]:
    """The model's value, with the difference and its verdict in a second line."""
    if row is None:
        return "–"
    text = value.format(row["second_value"])
    if row["verdict"] == "too few":
        return {"text": text, "more": "too few items", "clear": False}
    scale, digits = value.scale
    difference = signed(row["difference"] * scale, digits)
    interval = signed_interval(row["low"] * scale, row["high"] * scale, digits)
    tested = f", {p_text(row['p_holm'])}" if row["test"] else ""
    more = f"{difference} ({interval}{tested})"
    clear = row["verdict"] in ("smaller", "larger")
    return {"text": text, "more": f"{more}: {row['verdict']}" if clear else more, "clear": clear}


def _disagreements(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Where benchmarks contradict each other, for each model that has several on the same pairs."""
    found = []
    for model in dict.fromkeys(result.model for result in results):
        fitting = share_items([result for result in results if result.model == model])
        if len(fitting) > 1:
            found.append(_contradictions(disagreements(fitting)))
    return found


def _contradictions(found: Disagreements) -> dict[str, Any]:
    contradicted = found.items[~found.items["agree"]]
    rows = contradicted.head(MOST_ITEMS).to_dict("records")
    return {
        "model": found.model,
        "sentences": found.sentences,
        "count": len(contradicted),
        "items": [
            {
                "id": row["id"],
                "category": row["category"],
                "texts": {name[5:]: text for name, text in row.items() if name.startswith("text_")},
                "choices": "; ".join(
                    f"{BENCHMARKS[key].label}: "
                    f"{BENCHMARKS[key].choice_label if row[f'{key} choice'] else 'the other'}"
                    for key in found.benchmarks
                ),
            }
            for row in rows
        ],
    }


def _overview(results: Sequence[Result]) -> dict[str, Any]:
    """One row a benchmark, with what it measures, and one column a model."""
    table = overview(results).set_index("model").T
    families = {heading_of(name): BENCHMARKS[name].family for name in by_benchmark(results)}
    rows = [[name, families[name], *cells] for name, *cells in table.itertuples(name=None)]
    return {"headings": ["Measure", "Of", *table.columns], "rows": rows, "texts": 2}
