"""`fairkd runs`: start, watch and control background runs. `fairkd.runs` does the work."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from fairkd.cli.console import JsonOption, out, print_json, print_table, progress
from fairkd.cli.model_options import hint, load
from fairkd.cli.run_tables import (
    expected_starts,
    print_evaluation,
    print_results,
    print_runs,
    run_document,
    what_text,
)
from fairkd.errors import InputError
from fairkd.utils import did_you_mean, nearest, quoted

if TYPE_CHECKING:
    from fairkd.models import MaskedLM
    from fairkd.runs import Run, RunConfig

runs_app = typer.Typer(
    help="Distill and measure in the background: queue, watch, cancel and resume runs. The dashboard shows "
    "them, too.",
    no_args_is_help=True,
)

RunArgument = Annotated[str, typer.Argument(help="The run's id, or enough of its beginning to identify it.")]
OnOption = Annotated[
    str | None,
    typer.Option(
        "--on",
        help="The launcher that decides where it works, or local, this machine. Default: FAIRKD_LAUNCHER.",
    ),
]
ResumeOnOption = Annotated[
    str | None, typer.Option("--on", help="Another launcher. Default: the one that it was sent away with.")
]
POLL_SECONDS = 0.5  # between two updates of `watch`
SUGGESTIONS = 3  # the most runs that an error names


@runs_app.command()
def submit(
    config: Annotated[
        Path | None,
        typer.Argument(
            help="A YAML or JSON file of settings. Settings that are not in it keep their defaults. With "
            "`kind: measure` in it, they are those of a measurement."
        ),
    ] = None,
    preset: Annotated[
        list[str] | None,
        typer.Option(
            help="The name of a preset, instead of a file. Repeat it to compare several on the same seed."
        ),
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Change a setting: KEY=VALUE, such as budget.minutes=10. May be repeated."
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="The run's name in lists. Default: the preset's, or what is measured."),
    ] = None,
    note: Annotated[str, typer.Option(help="What else people shall know about the run.")] = "",
    owner: Annotated[
        str | None, typer.Option(help="Whose run it is. Default: the operating system's user.")
    ] = None,
    on: OnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Queue a distillation or a measurement.

    The models of a distillation are loaded first, so that what cannot work is said at once.

    For example: fairkd runs submit --preset plain --preset fair --set budget.minutes=5
    """
    from fairkd import runs
    from fairkd.distill.config import preset as settings_of, read_config

    if config is not None and preset:
        raise InputError("Give either a configuration file or a preset, not both.")
    if preset and len(preset) > 1 and name is not None:
        raise InputError("Several runs are named after their presets: give --name with one preset only.")
    changes = change or []
    variants: list[tuple[str, runs.RunConfig]]
    if preset:
        variants = [(known, read_config(None, changes, start=settings_of(known))) for known in preset]
    elif config is not None:
        variants = [(name or "", runs.read_run_config(config, changes))]
    else:
        variants = [(name or "", read_config(None, changes))]
    check_distillations([config for _, config in variants])
    made = (
        runs.submit_all(variants, note=note, owner=owner, on=on)
        if len(variants) > 1
        else [runs.submit(variants[0][1], name=name or variants[0][0], note=note, owner=owner, on=on)]
    )
    if as_json:
        ids = [{"id": run.id} for run in made]
        print_json(ids[0] if len(ids) == 1 else {"batch": made[0].batch, "runs": ids})
        return
    for run in made:
        out().print(Text(f"{run.id}: {run.name} is queued. Follow it with `fairkd runs watch {run.id}`."))


def check_distillations(configs: Sequence[RunConfig]) -> None:
    """Raise FairKDError for a distillation that cannot work, before it waits for its turn."""
    from fairkd import distill

    teachers: dict[str, MaskedLM] = {}
    for config in configs:
        if isinstance(config, distill.Config):
            if config.teacher not in teachers:
                teachers[config.teacher] = load(config.teacher)
            distill.check(config, teacher=teachers[config.teacher], notify=hint)


@runs_app.command("list")
def list_runs(as_json: JsonOption = False) -> None:
    """List all runs, the newest first."""
    from fairkd import runs

    known = runs.all_runs()
    if as_json:
        starts = expected_starts(known)
        print_json([run_document(run, starts) for run in known])
    else:
        print_runs(known)


@runs_app.command()
def show(id: RunArgument, as_json: JsonOption = False) -> None:
    """Show a run's state, progress and settings."""
    from fairkd import runs
    from fairkd.distill.config import flat

    run, known = find_run(id), runs.all_runs()
    starts = expected_starts(known)
    document = run_document(run, starts) | {"events_error": runs.events.scan(run).damage}
    if as_json:
        print_json(document)
        return
    if run.active or run.state == "queued":
        document["now"] = what_text(run, runs.usual_phase_seconds(known), starts, time.time())
    hidden = {"config", "phase", "phase_since", "expected_start"}  # the sentence says it
    if run.kind != "distill":
        hidden.add("step")  # it counts training steps
    rows: list[tuple[object, ...]] = [
        (name.replace("_", " "), value)
        for name, value in document.items()
        if name not in hidden and value not in (None, "")
    ]
    print_table(None, {"": "left", " ": "left"}, [*rows, *flat(run.config).items()])
    if run.kind == "measure":
        print_results(run)
    else:
        print_evaluation(run)


@runs_app.command()
def watch(id: RunArgument) -> None:
    """Follow a run until it ends. Ctrl-C stops watching, but not the run.

    The exit code is 1 unless the run finished.
    """
    from fairkd import runs
    from fairkd.runs import events

    run, position = find_run(id), 0
    with progress() as report:
        while True:
            run = runs.get(run.id)
            news, position = events.read(run, after=position)
            for event in news:
                line = events.as_line(event)
                if line:
                    out().print(Text(line), soft_wrap=True)
            if not run.active and run.state != "queued":
                break
            step = f", step {run.step}" if run.kind == "distill" else ""
            left = f", {runs.duration(run.seconds_left)} left" if run.seconds_left else ""
            doing = runs.phase_text(run, {}, time.time()) if run.active else run.state
            report(f"{run.name}: {doing}{step}{left}", run.progress)
            time.sleep(POLL_SECONDS)
    _report(run, as_json=False)
    if run.state != "finished":
        raise typer.Exit(1)


@runs_app.command()
def cancel(id: RunArgument, as_json: JsonOption = False) -> None:
    """Cancel a run: it finishes its current step, saves and ends. Cancel it again to end it at once."""
    from fairkd import runs

    _report(runs.cancel(find_run(id).id), as_json)


@runs_app.command()
def resume(id: RunArgument, on: ResumeOnOption = None, as_json: JsonOption = False) -> None:
    """Queue a cancelled, failed or interrupted run again. It continues from its last checkpoint.

    A measurement measures what is missing.
    """
    from fairkd import runs

    _report(runs.resume(find_run(id).id, on=on), as_json)


@runs_app.command()
def export(
    id: RunArgument,
    target: Annotated[Path, typer.Argument(help="The zip file to write, or its folder.")] = Path("."),
    model: Annotated[
        bool, typer.Option("--model/--no-model", help="Include the model, if the run has one.")
    ] = True,
    checkpoints: Annotated[
        bool, typer.Option("--checkpoints", help="Include the checkpoints, from which a run is resumed.")
    ] = False,
) -> None:
    """Export a run's settings, events, log, and model or results as one zip file."""
    from fairkd import runs

    run = find_run(id)
    path = runs.export(run.id, target, model=model, checkpoints=checkpoints)
    out().print(Text(f"The run {run.id} was exported to {path}."), soft_wrap=True)


@runs_app.command()
def edit(
    id: RunArgument,
    name: Annotated[str | None, typer.Option(help="The run's new name.")] = None,
    note: Annotated[str | None, typer.Option(help="Its new note; empty for none.")] = None,
    owner: Annotated[str | None, typer.Option(help="Whose run it is; empty for nobody's.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Change a run's name, note or owner. Whatever is not given stays as it is."""
    from fairkd import runs

    if name is None and note is None and owner is None:
        raise InputError("Give at least one of --name, --note and --owner.")
    run = runs.describe(find_run(id).id, name=name, note=note, owner=owner)
    if as_json:
        print_json(run_document(run))
        return
    told = [f"name {run.name}", f"owner {run.owner or 'nobody'}", *([f"note {run.note}"] if run.note else [])]
    out().print(Text(f"{run.id}: {', '.join(told)}."), soft_wrap=True)


@runs_app.command()
def delete(
    id: RunArgument, yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False
) -> None:
    """Delete a run and everything in its folder."""
    from fairkd import runs

    run = find_run(id)
    if not yes:
        typer.confirm(f"Delete the run {_label(run)} and everything in its folder?", abort=True)
    runs.delete(run.id)
    out().print(Text(f"The run {run.id} was deleted."))


def find_run(given: str, *, reading: bool = False) -> Run:
    """The run with this id, or the only one whose id begins so.

    If there is none, the error names the runs with the nearest ids and names. A command that only reads may
    also have the only run of this name, and the examples in the package.
    """
    from fairkd import runs

    known = [*runs.all_runs(), *(runs.examples() if reading else ())]
    exact = [run for run in known if run.id == given]
    beginning = exact or [run for run in known if given and run.id.startswith(given)]
    named = beginning or [run for run in known if reading and given and run.name == given]
    if len(named) > 1:
        listed = ", ".join(map(_label, named[:SUGGESTIONS])) + (", ..." if len(named) > SUGGESTIONS else "")
        how = "begin with" if beginning else "are called"
        raise InputError(f"{len(named)} runs {how} {quoted(given)}: {listed}. Give more of the id.")
    if named:
        return named[0]
    raise InputError(
        f"There is no run {quoted(given)}: `fairkd runs list` shows all runs."
        + did_you_mean([_label(run) for run in _nearest_runs(given, known)])
    )


def _nearest_runs(wrong: str, known: Sequence[Run]) -> list[Run]:
    """The runs with similar ids or names, the nearest first."""
    spellings = {text.casefold() for run in known for text in (run.id, run.name)}
    near = nearest(wrong.casefold(), spellings)
    found = [run for text in near for run in known if text in (run.id.casefold(), run.name.casefold())]
    return list({run.id: run for run in found}.values())[:SUGGESTIONS]


def _label(run: Run) -> str:
    return f"{run.id} ({run.name})"


def _report(run: Run, as_json: bool) -> None:
    if as_json:
        print_json(run_document(run))
    else:
        said = run.sentence or run.warning
        out().print(Text(f"{run.id} is {run.state}" + (f": {said}" if said else ".")), soft_wrap=True)
