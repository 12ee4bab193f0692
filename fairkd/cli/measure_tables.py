"""Results of `fairkd measure` as tables and as one JSON document."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.text import Text

from fairkd.benchmarks import (
    AXES,
    BENCHMARKS,
    WORD_PAIR_READING,
    BenchmarkComparison,
    Group,
    Refusal,
    Result,
    SideEffects,
    Value,
    ValueEstimate,
    about,
    by_benchmark,
    compare_with_first,
    figure_text,
    interval_text,
    published_for,
    scored_text,
    side_effects,
    value_text,
    word_pair_rows,
    word_pair_table,
)
from fairkd.cli.console import out, print_table
from fairkd.cli.model_options import hint


def effects(results: Sequence[Result]) -> SideEffects | None:
    """The table of side effects, for several models."""
    return side_effects(results) if len({result.model for result in results}) > 1 else None


def document(results: Sequence[Result], refusals: Sequence[Refusal]) -> dict[str, Any]:
    """Everything but the items, as plain values."""
    compared, problems = compare_with_first(results)
    effect = effects(results)
    return {
        "results": [_result(result) for result in results],
        "refused": [asdict(one) for one in refusals],
        "comparisons": [
            {
                **{key: getattr(one, key) for key in ("benchmark", "first", "second", "n")},
                "first_only": one.first_only,
                "second_only": one.second_only,
                "values": {
                    key: {name: number for name, number in vars(value).items() if name != "value"}
                    for key, value in one.values.items()
                },
                "flips": {**asdict(one.flips), **_flip_test(one)} if one.flips else None,
                "scores": asdict(one.scores) if one.scores else None,
            }
            for one in compared
        ],
        "not_compared": problems,
        "side_effects": {
            "first": effect.first,
            "comparisons": effect.comparisons,
            "rows": effect.table.to_dict("records"),
        }
        if effect
        else None,
    }


def _flip_test(one: BenchmarkComparison) -> dict[str, Any]:
    units = BENCHMARKS[one.benchmark].units
    return {"test": one.flip_test.name, "units": units, "p_value": one.flip_test.p_value}


def _result(result: Result) -> dict[str, Any]:
    benchmark = BENCHMARKS[result.benchmark]
    headline = result.overall.values[benchmark.headline.key]
    plain = result.as_json()
    del plain["benchmark"], plain["n"]
    return {
        "name": result.benchmark,
        "model": result.model,
        "data_version": result.data.sha256,
        "file": result.data.file,
        "precision": result.precision,
        "n": result.overall.n,
        "score": headline.value,
        "interval": [headline.low, headline.high],
        "unbiased": benchmark.headline.unbiased,
        **{key: value for key, value in plain.items() if key not in ("model", "precision")},
        "published": [asdict(one) for one in published_for(result)],
        "word_pairs": word_pair_rows(result),
    }


def print_results(results: Sequence[Result]) -> None:
    """A table for each benchmark with what stands beside it, then what the models differ in."""
    for name, found in by_benchmark(results).items():
        _print_benchmark(name, found)
    compared, problems = compare_with_first(results)
    for one in compared:
        label = BENCHMARKS[one.benchmark].label
        say(f"{label}, {one.second} against {one.first}: {one.bias.sentence}")
        for sentence in (one.flip_sentence, one.left_out):
            if sentence:
                say(f"  {sentence}")
    for problem in problems:
        hint(problem)
    if effect := effects(results):
        _print_side_effects(effect)


def say(text: str) -> None:
    out().print(Text(text), soft_wrap=True)


def _print_benchmark(name: str, results: Sequence[Result]) -> None:
    benchmark = BENCHMARKS[name]
    first = results[0]
    has_faults = any(result.without_faults is not None for result in results)
    print_table(
        f"{benchmark.label}: {first.data.file} ({first.data.name}, {first.data.sha256}), {first.precision}"
        f"{', a sample' if first.quick else ''}",
        {
            "model": "whole",
            "value": "left",
            "": "right",
            "95 % interval": "right",
            **({"faultless": "right"} if has_faults else {}),
        },
        [row[: 5 if has_faults else 4] for result in results for row in _rows(result)],
    )
    say(about(name).unbiased)
    if has_faults:
        say("Faultless: without the items that have known faults, such as repeated ones.")
    _print_categories(benchmark.bias, results)
    pairs = word_pair_table(results)
    if len(pairs):
        numbers = dict.fromkeys(pairs.columns[2:], "right")
        print_table(
            "By category: both words, in nats, with paired tests",
            {"category": "left", "model": "left", **numbers},
            pairs.to_numpy().tolist(),
        )
        say(WORD_PAIR_READING)
    for result in results:
        say(f"{result.model}: {scored_text(result)}")
        for figure in published_for(result):
            say(f"Published, {figure_text(figure)}")
    out().print()


def _print_categories(value: Value, results: Sequence[Result]) -> None:
    """One value by category: the one that says how biased the models are."""
    names = list(dict.fromkeys(name for result in results for name in result.categories))
    if not names:
        return
    empty = Group(0, {value.key: ValueEstimate(math.nan, math.nan, math.nan)})
    print_table(
        f"By category: {value.label}, with 95 % intervals",
        {"category": "left", "items": "right", **{result.model: "right" for result in results}},
        [
            (
                name,
                f"{results[0].categories.get(name, empty).n:,}",
                *(value_text(value, result.categories.get(name, empty)) for result in results),
            )
            for name in names
        ],
    )


def _rows(result: Result) -> list[tuple[str, ...]]:
    """One row a value; what is the same for all of them stands in the first."""
    sound = result.without_faults
    rows: list[tuple[str, ...]] = []
    for value in BENCHMARKS[result.benchmark].values:
        found = result.overall.values[value.key]
        rows.append(
            (
                "" if rows else result.model,
                value.label,
                value.format(found.value),
                interval_text(value, found),
                "" if sound is None else value.format(sound.values[value.key].value),
            )
        )
    return rows


def _print_side_effects(effect: SideEffects) -> None:
    if effect.table.empty:
        return
    clear = effect.clear
    if not clear.empty:
        print_table(
            "Side effects: clear differences",
            {
                "group by": "left",
                "measure": "left",
                "model": "left",
                effect.first: "right",
                "the model": "right",
                "difference": "right",
                "p (Holm)": "right",
            },
            [_effect_row(row) for row in clear.to_dict("records")],
        )
    say(f"Side effects: {effect.sentence}")


def _effect_row(row: dict[str, Any]) -> tuple[object, ...]:
    benchmark = BENCHMARKS[row["benchmark"]]
    value = benchmark.value(row["value"])
    texts = (value.format(row[key]) for key in ("first_value", "second_value"))
    difference = (
        f"{value.format(row['difference'])} ({value.format(row['low'])} to {value.format(row['high'])})"
    )
    return AXES[row["axis"]], benchmark.label, row["model"], *texts, difference, f"{row['p_holm']:.3g}"
