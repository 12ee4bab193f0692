"""The command `fairkd measure`: models by benchmarks of bias and quality, in the foreground or queued."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from fairkd.cli.console import JsonOption, out, print_json, print_table, progress
from fairkd.cli.model_options import MODEL_HELP, hint
from fairkd.errors import InputError, listed
from fairkd.utils import quoted, shortened

if TYPE_CHECKING:
    from fairkd.benchmarks import MeasureConfig, Refusal, Result

STOPPED = 130  # the exit code after Ctrl-C


def measure(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...", help="The measures by name; --list shows them.", show_default=False
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help=f"{MODEL_HELP} Repeatable: every further model is compared with the first."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Measure a sample of the items: faster, with wider intervals.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Measure the first items of each measure only.")
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME=]FILE",
            help="Your own file in the original format, for the measure NAME. Repeatable.",
        ),
    ] = None,
    data_set: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME=]KEY",
            help="Another data set than the first, for the measure NAME or all that have it; `fairkd data "
            "list` shows them. Repeatable.",
        ),
    ] = None,
    precision: Annotated[
        str,
        typer.Option(
            metavar="[strict|fast]", help="strict: fp32. fast: bf16, where the machine is fast in it."
        ),
    ] = "strict",
    seed: Annotated[int, typer.Option(help="Random seed of samples and of bootstrap intervals.")] = 0,
    items: Annotated[
        Path | None,
        typer.Option(
            help="Write one row for each model and item, with every sentence's score, to this CSV file."
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Write a report to this HTML file, which opens in a browser without a network."),
    ] = None,
    background: Annotated[
        bool, typer.Option("--background", help="Queue a run that measures, and return at once.")
    ] = False,
    show_list: Annotated[
        bool, typer.Option("--list", help="List the measures instead of measuring.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure models by benchmarks of bias and quality, with 95 % intervals, beside published figures.

    For example: fairkd measure crows-pairs --model embedded/teacher --model embedded/student-fair --quick
    """
    from fairkd.benchmarks import is_main_process

    if show_list:
        _list(as_json)
        return
    config = _config(names or [], model or [], data or [], data_set or [], quick, limit, precision, seed)
    for file in (items, report):
        if file is not None and (file.is_dir() or not file.absolute().parent.is_dir()):
            raise InputError(
                f"Cannot write {shortened(file)}: expected the name of a file in a folder that exists."
            )
    if background:
        if items is not None or report is not None:
            raise InputError(
                "--background returns before there is something to write: leave out --items and --report."
            )
        _submit(config, as_json)
        return
    _check_files(config)
    results, refusals, stopped = _measured(config)
    if not is_main_process():  # of those that `accelerate launch` started
        return
    if items is not None:
        _write_items(results, items)
    if report is not None:
        _write_report(results, refusals, config, report)
    _print(results, refusals, as_json)
    if stopped:
        hint("Stopped. The scores up to here are kept, so the same command continues where it was.")
        raise typer.Exit(STOPPED)


def _config(
    names: Sequence[str],
    models: Sequence[str],
    files: Sequence[str],
    keys: Sequence[str],
    quick: bool,
    limit: int | None,
    precision: str,
    seed: int,
) -> MeasureConfig:
    """The settings; InputError for a measure, model or data set that is missing or unknown."""
    from fairkd.benchmarks import BENCHMARKS, chosen, make_measure_config

    if not names:
        raise InputError(
            f"Name the measures: {listed([*BENCHMARKS], 20)}; `fairkd measure --list` describes them."
        )
    chosen(names)
    if not models:
        raise InputError("Name a model with --model, such as --model embedded/teacher.")
    return make_measure_config(
        {
            "models": tuple(models),
            "benchmarks": tuple(names),
            "quick": quick,
            "limit": limit,
            "precision": precision,
            "data": dict(_file_of(one, names) for one in files),
            "data_sets": {name: key for one in keys for name, key in _data_set_of(one, names).items()},
            "seed": seed,
        }
    )


def _file_of(given: str, names: Sequence[str]) -> tuple[str, str]:
    """The measure that a file is for, and the file, of "NAME=FILE" or, for a single measure, "FILE"."""
    from fairkd.benchmarks import BENCHMARKS

    name, equals, file = given.partition("=")
    if equals and name in BENCHMARKS:
        return name, file
    if len(names) > 1:
        raise InputError(
            f"Several measures are named, so say which one {shortened(given)} is for: "
            f"--data {names[0]}={shortened(given)}."
        )
    return names[0], given


def _data_set_of(given: str, names: Sequence[str]) -> dict[str, str]:
    """The measures that a data set is for, of "NAME=KEY", or of "KEY" for all that have it."""
    from fairkd.benchmarks import chosen

    name, equals, key = given.rpartition("=")
    benchmarks = chosen([name] if equals else names)
    known = {one.key: None for benchmark in benchmarks for one in benchmark.data_sets}
    if key not in known:
        raise InputError(
            f"{listed([one.label for one in benchmarks])} has no data set {quoted(key)}; expected one of "
            f"{listed([*known], 20)}."
        )
    return {one.key: key for one in benchmarks if any(data_set.key == key for data_set in one.data_sets)}


def _check_files(config: MeasureConfig) -> None:
    """Read the user's own files before a model is loaded, which takes longer. Raises InputError."""
    from fairkd.benchmarks import BENCHMARKS, load

    for name, file in config.data.items():
        files, version = load(BENCHMARKS[name], path=file)
        if not BENCHMARKS[name].read(files):
            raise InputError(f"{version.file} holds no item.")


def _measured(config: MeasureConfig) -> tuple[list[Result], list[Refusal], bool]:
    """The results by measure and model, what could not be measured, and whether Ctrl-C was pressed."""
    from fairkd.benchmarks import measure_models
    from fairkd.cli.foreground import interruptible

    with (
        tempfile.TemporaryDirectory(prefix="fairkd-") as folder,
        progress() as report,
        interruptible() as stop,
    ):
        results, refusals = measure_models(config, Path(folder), emit=_drawing(report), stop=stop)
        stopped = stop()
    order = [(name, model) for name in config.benchmarks for model in config.models]
    results.sort(key=lambda result: order.index((result.benchmark, result.model)))
    return results, refusals, stopped


def _drawing(report: Callable[[str, float | None], None]) -> Callable[[Mapping[str, Any]], None]:
    """Shows events in the progress bar."""
    from fairkd.benchmarks import BENCHMARKS

    done: float | None = None

    def draw(event: Mapping[str, Any]) -> None:
        nonlocal done
        if event["type"] == "progress":
            done = event["progress"]
            report(f"{BENCHMARKS[event['phase']].label} of {event['model']}", done)
        elif event["type"] == "message":
            report(event["text"], done)

    return draw


def _submit(config: MeasureConfig, as_json: bool) -> None:
    from fairkd import runs

    run = runs.submit(config)
    if as_json:
        print_json({"id": run.id})
    else:
        out().print(Text(f"{run.id}: {run.name} is queued. Follow it with `fairkd runs watch {run.id}`."))


def _list(as_json: bool) -> None:
    from fairkd.benchmarks import BENCHMARKS, about, reference_check

    if as_json:
        print_json(
            [
                {
                    "name": name,
                    "label": one.label,
                    "family": one.family,
                    "summary": about(name).summary,
                    "source": about(name).source,
                    "values": [value.key for value in one.values],
                    "data_sets": [data_set.key for data_set in one.data_sets],
                }
                for name, one in BENCHMARKS.items()
            ]
        )
        return
    checks = {name: reference_check(name) for name in BENCHMARKS}
    print_table(
        "Measures",
        {
            "name": "whole",
            "of": "left",
            "what": "left",
            "unbiased": "right",
            "checked against a plain loop": "left",
        },
        [
            (
                name,
                one.family,
                about(name).summary,
                "–" if one.bias.unbiased is None else f"{one.bias.unbiased:g}",
                check.sentence if (check := checks[name]) else "–",
            )
            for name, one in BENCHMARKS.items()
        ],
    )


def _print(results: Sequence[Result], refusals: Sequence[Refusal], as_json: bool) -> None:
    from fairkd.cli import measure_tables

    if as_json:
        print_json(measure_tables.document(results, refusals))
    else:
        measure_tables.print_results(results)
    for one in refusals:
        hint(f"{one.benchmark} of {one.model} could not be measured: {one.reason}")


def _write_items(results: Sequence[Result], file: Path) -> None:
    """One row an item of a model and measure; columns that a measure does not have are empty."""
    import pandas as pd

    from fairkd import __version__

    tables = [
        result.items.assign(
            measure=result.benchmark,
            model=result.model,
            model_sha256=result.model_hash,
            data_sha256=result.data.sha256,
            precision=result.precision,
            fairkd_version=__version__,
        )
        for result in results
    ]
    table = pd.concat(tables, ignore_index=True)
    first = ["measure", "model", "id", "category"]
    try:
        table[[*first, *(name for name in table.columns if name not in first)]].to_csv(file, index=False)
    except OSError as error:
        raise InputError(f"Cannot write {shortened(file)}: {error.strerror or error}.") from error


def _write_report(
    results: Sequence[Result], refusals: Sequence[Refusal], config: MeasureConfig, file: Path
) -> None:
    from fairkd.benchmarks import html_report

    text = html_report(results, refusals=refusals, command=config.command)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"Cannot write {shortened(file)}: {error.strerror or error}.") from error
