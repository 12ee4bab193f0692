"""`fairkd learn`: measure the experiments of the lessons anew."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from fairkd.cli.console import JsonOption, out, print_json, print_table, progress
from fairkd.errors import InputError

if TYPE_CHECKING:
    from fairkd.lessons import ExperimentResult

STOPPED = 130  # the exit code after Ctrl-C

learn_app = typer.Typer(help="The lessons: measure their experiments anew.", no_args_is_help=True)


@learn_app.callback()
def _group() -> None:
    """Keeps `experiment` a command of its own: typer would merge a single one into the group."""


@learn_app.command()
def experiment(
    name: Annotated[
        str, typer.Argument(help="labels (hard or soft targets) or grid (alpha and temperature).")
    ],
    output: Annotated[Path | None, typer.Option("--out", help="Write the result there, as JSON.")] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, max=100, help="Number of seeds, counted from 0. Default: six.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="One seed and three steps a student, to see that all works.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Train and measure the students of an experiment, in the foreground, on one core.

    Every student leaves a file in FAIRKD_HOME, so after Ctrl-C the same command goes on. For example: fairkd
    learn experiment labels --out labels.json
    """
    from fairkd import lessons
    from fairkd.cli import foreground
    from fairkd.utils import home

    one = lessons.experiment(name)
    if quick:
        one = one.quick()
    if seeds is not None:
        one = replace(one, seeds=seeds)
    if output is not None and not output.absolute().parent.is_dir():
        raise InputError(f"There is no folder {output.absolute().parent} for the result: make it first.")
    folder = home() / "experiments"
    with foreground.interruptible() as stop, progress() as report:
        result = lessons.run_experiment(
            one, folder, command=lessons.command_of(one), progress=report, stop=stop
        )
    if result is None:
        out().print(Text(f"Stopped. {folder} has what is done; the same command goes on."), soft_wrap=True)
        raise typer.Exit(STOPPED)
    if output is not None:
        _write(output, lessons.as_text(result))
    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        _print(result)


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f"{path.name}.writing")
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)
    except OSError as error:
        raise InputError(f"Cannot write to {path} ({error.strerror}): choose another file.") from error


def _print(result: ExperimentResult) -> None:
    """Means over seeds, with intervals where there are enough seeds."""
    from fairkd.lessons import value_label, value_text

    names = ("top1_accuracy", "pseudo_perplexity_sampled", "kl", "ece")
    factors = list(dict.fromkeys(name for cell in result.cells for name in cell.factors))
    steps, tokens = result.runs[0].steps, max(run.tokens for run in result.runs)
    print_table(
        f"{result.question} Seeds: {result.seeds}; steps: {steps}; tokens: at most {tokens:,}.",
        {**dict.fromkeys(factors, "right"), **{value_label(name): "right" for name in names}},
        [
            (
                *(cell.factors.get(name, "–") for name in factors),
                *(value_text(result, cell.key, name) for name in names),
            )
            for cell in result.cells
        ],
    )
