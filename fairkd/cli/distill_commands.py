"""`fairkd distill`: a distillation in the foreground.

With --output the run is stored in that folder, and the same command resumes it. Without, it is a run in
FAIRKD_HOME, which the dashboard shows. Under `accelerate launch -m fairkd distill ...` every process runs
this command. Only the first one registers the run, writes and prints.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from fairkd.cli.console import JsonOption, out, print_json, print_table
from fairkd.distill.config import PRESETS
from fairkd.errors import InputError

STOPPED = 130  # the exit code after Ctrl-C


def distill(
    config: Annotated[
        Path | None, typer.Argument(help="A YAML or JSON file of settings. All others keep their defaults.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help=f"A preset instead of a file: {', '.join(PRESETS)}.")
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Change a setting, for example budget.minutes=10. Can be repeated; see `fairkd settings`.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="The folder of the run. If it holds this run already, the run is resumed."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Distill a student from a teacher in the foreground.

    The folder gets config.json, events.jsonl, checkpoints/ and, at the end, model/. Ctrl-C finishes the step
    and writes a checkpoint. For example: fairkd distill --preset fair --set budget.minutes=5 --output fair
    """
    from fairkd.cli import foreground
    from fairkd.distill.config import preset as settings_of, read_config
    from fairkd.measures import MEASURES

    if config is not None and preset is not None:
        raise InputError("Expected a configuration file or a preset, not both.")
    start = None if preset is None else settings_of(preset)
    settings = read_config(config, change or (), start=start)
    folder, outcome = foreground.train(settings, output)
    if outcome is None:  # not the first process
        return
    document = {**asdict(outcome), "folder": str(folder), "model": outcome.model and str(outcome.model)}
    if as_json:
        print_json(document)
    elif outcome.state == "finished":
        print_table(
            f"{outcome.model}: {outcome.steps} steps, {outcome.tokens:,} tokens, "
            f"{outcome.seconds / 60:.1f} minutes",
            {"measure": "left", "student": "right", "measured on": "left"},
            [
                (
                    measure.label,
                    measure.format_with_interval(outcome.held_out),
                    measure.sample_size(outcome.held_out),
                )
                for measure in MEASURES.values()
                if outcome.held_out.get(measure.key) is not None
            ],
        )
    else:
        out().print(Text(f"Stopped after step {outcome.steps}; {folder} can be resumed."), soft_wrap=True)
    if outcome.state == "cancelled":
        raise typer.Exit(STOPPED)
