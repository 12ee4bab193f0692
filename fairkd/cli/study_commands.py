"""`fairkd study`: variants over seeds, queued as background runs. `fairkd.studies` does the work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from fairkd.cli.console import JsonOption, out, print_json
from fairkd.cli.model_options import hint
from fairkd.cli.run_commands import SUGGESTIONS, check_distillations
from fairkd.cli.study_tables import print_studies, print_study, study_document
from fairkd.errors import InputError
from fairkd.utils import did_you_mean, nearest, quoted, read_change, shortened

if TYPE_CHECKING:
    from fairkd.studies import Study, StudyRecord

study_app = typer.Typer(
    help="Compare variants of a distillation over several seeds, with equal budgets. The runs work in the "
    "background, and the dashboard shows them, too.",
    no_args_is_help=True,
)

StudyArgument = Annotated[
    str, typer.Argument(metavar="STUDY", help="The study's id, enough of its beginning, or its name.")
]
LONGEST_TITLE = 60  # characters of a name made of those of the variants


@study_app.command()
def run(
    file: Annotated[
        Path | None,
        typer.Argument(help="A YAML or JSON file with `variants`, `seeds`, `base` settings and `baseline`."),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            help="A variant, instead of a file: PRESET, NAME=PRESET or NAME=PRESET,KEY=VALUE,... May be "
            "repeated; the first one is the baseline."
        ),
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(help="The seeds, such as 0-4 or 0,2,7. Default: 0-2, or the file's.")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="The budget of every run in steps.")] = None,
    minutes: Annotated[
        float | None, typer.Option(help="The budget of every run in minutes of training.")
    ] = None,
    teacher: Annotated[str | None, typer.Option(help="The teacher of all variants.")] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Change a setting of all variants: KEY=VALUE, such as corpus.source=small."
        ),
    ] = None,
    benchmark: Annotated[
        list[str] | None,
        typer.Option(help="A benchmark to measure every student with at the end. May be repeated."),
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="The variant that the others are compared with.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The study's name in lists.")] = None,
    note: Annotated[str, typer.Option(help="What else people shall know about it.")] = "",
    owner: Annotated[
        str | None, typer.Option(help="Whose study it is. Default: the operating system's user.")
    ] = None,
    on: Annotated[
        str | None, typer.Option(help="Where the runs work. Default: FAIRKD_LAUNCHER, or this machine.")
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Queue the runs, and do not wait.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Run every variant at every seed, and watch the cells fill. Ctrl-C stops watching, but not the study.

    The models are loaded first, so that what cannot work is said at once. The exit code is 1 unless every run
    finished.

    For example: fairkd study run --variant plain --variant fair --seeds 0-4 --steps 600
    """
    from fairkd import studies

    if steps is not None and minutes is not None:
        raise InputError("Give either --steps or --minutes: a study has one budget.")
    if (file is None) == (not variant):
        raise InputError("Give either a file or at least one --variant, for example --variant plain.")
    options = {
        "budget.steps": steps,
        "budget.minutes": minutes,
        "teacher": teacher,
        "evaluation.benchmarks": benchmark,
    }
    changes = _given(options) | dict(map(read_change, change or ()))
    fields = _given({"name": name, "seeds": seeds, "baseline": baseline})
    study = (
        studies.read_study(file, changes=changes, fields=fields)
        if file is not None
        else _of_variants(variant or [], changes, fields)
    )
    check_distillations(list(studies.variant_configs(study).values()))
    record = studies.create(study, on=on, note=note, owner=owner)
    if not as_json:
        cells = f"{len(study.variants)} × {len(study.seeds)} runs"
        out().print(Text(f"{record.id}: {study.name}, {cells}."), soft_wrap=True)
        for sentence in studies.budget_notes(study):
            hint(sentence)
    if detach:
        if as_json:
            print_json(study_document(record))
        else:
            out().print(Text(f"Follow it with `fairkd study watch {record.id}`."), soft_wrap=True)
        return
    _watch(record.id, as_json=as_json)


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given."""
    return {key: value for key, value in options.items() if value is not None}


def _of_variants(variants: Sequence[str], base: Mapping[str, Any], fields: Mapping[str, Any]) -> Study:
    """The study of the variants that `--variant` names."""
    from fairkd import studies

    named = [studies.parse_variant(text) for text in variants]
    if twice := [name for number, (name, _) in enumerate(named) if name in dict(named[:number])]:
        raise InputError(f"There are two variants {quoted(twice[0])}: name them apart, as in NAME=PRESET.")
    title = shortened(", ".join(name for name, _ in named), LONGEST_TITLE)
    return studies.make_study({"name": title, "base": base, "variants": dict(named), **fields})


@study_app.command("list")
def list_studies(as_json: JsonOption = False) -> None:
    """List all studies, the newest first."""
    from fairkd import studies

    for sentence in studies.damaged_studies().values():
        hint(sentence)
    known = studies.all_studies()
    if as_json:
        print_json([study_document(record) for record in known])
    else:
        print_studies(known)


@study_app.command()
def show(study: StudyArgument, as_json: JsonOption = False) -> None:
    """Show a study's cells, what is wrong with those that failed, and what the finished ones show."""
    record = find_study(study)
    if as_json:
        print_json(study_document(record))
    else:
        print_study(record)


@study_app.command()
def watch(study: StudyArgument, as_json: JsonOption = False) -> None:
    """Follow a study until no run is queued or at work. Ctrl-C stops watching, but not the study.

    The exit code is 1 unless every run finished.
    """
    _watch(find_study(study).id, as_json=as_json)


@study_app.command()
def resume(study: StudyArgument, as_json: JsonOption = False) -> None:
    """Queue what is missing of a study, has failed, or was cancelled or interrupted, and nothing else.

    A run that has stopped continues from its last checkpoint. One that was deleted starts anew.
    """
    from fairkd import studies

    _report(studies.resume(find_study(study).id), as_json)


@study_app.command("add-seeds")
def add_seeds(
    study: StudyArgument,
    seeds: Annotated[str, typer.Argument(help="The seeds to add, such as 5-9 or 5,7.")],
    as_json: JsonOption = False,
) -> None:
    """Run every variant at more seeds, with the settings that it had at first."""
    from fairkd import studies

    _report(studies.add_seeds(find_study(study).id, studies.parse_seeds(seeds)), as_json)


@study_app.command()
def cancel(study: StudyArgument, as_json: JsonOption = False) -> None:
    """Cancel what is queued or at work. Runs at work finish their step; cancel again to end them at once."""
    from fairkd import studies

    _report(studies.cancel(find_study(study).id), as_json)


@study_app.command()
def export(
    study: StudyArgument,
    target: Annotated[Path, typer.Argument(help="The folder for the files. It is made if it is missing.")],
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
) -> None:
    """Write a study to a folder: its file, which runs it again, and its results.

    These are study.yaml, study.json, and once runs have finished cells.csv (a row a run), variants.csv,
    results.md and results.tex (means over seeds with intervals and verdicts).
    """
    from fairkd.cli.study_export import write_files

    record = find_study(study)
    names = write_files(record, target, force=force)
    out().print(Text(f"The study {record.id} was exported to {target}: {', '.join(names)}."), soft_wrap=True)


@study_app.command()
def delete(
    study: StudyArgument,
    keep_runs: Annotated[
        bool, typer.Option("--keep-runs", help="Delete what groups the runs, and keep the runs.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Delete a study and all its runs. A damaged study is named by its whole id."""
    from fairkd import studies

    damaged = study in studies.damaged_studies()
    record = None if damaged else find_study(study)
    id = study if record is None else record.id
    if not yes:
        what = f"the study {id if record is None else _label(record)}"
        typer.confirm(f"Delete {what}{'' if keep_runs else ' and all its runs'}?", abort=True)
    studies.delete(id, keep_runs=keep_runs)
    out().print(Text(f"The study {id} was deleted."))


def has_study(given: str) -> StudyRecord | None:
    """The study with this id or name, or the beginning of its id, if there is one and it is no run's."""
    from fairkd import runs, studies

    if any(run.id.startswith(given) or run.name == given for run in runs.all_runs()):
        return None
    known = studies.all_studies()
    fits = [record for record in known if record.id.startswith(given) or record.study.name == given]
    return fits[0] if given and len(fits) == 1 else None


def find_study(given: str) -> StudyRecord:
    """The study with this id, the only one whose id begins so, or the only one of this name.

    If there is none, the error names the studies with the nearest ids and names.
    """
    from fairkd import studies

    known = studies.all_studies()
    exact = [record for record in known if record.id == given]
    beginning = exact or [record for record in known if given and record.id.startswith(given)]
    named = beginning or [record for record in known if record.study.name == given]
    if len(named) > 1:
        how = "begin with" if beginning else "are called"
        shown = ", ".join(map(_label, named[:SUGGESTIONS])) + (", ..." if len(named) > SUGGESTIONS else "")
        raise InputError(f"{len(named)} studies {how} {quoted(given)}: {shown}. Give more of the id.")
    if named:
        return named[0]
    if (problem := studies.damaged_studies().get(given)) is not None:
        raise InputError(problem)
    spellings = {text.casefold() for record in known for text in (record.id, record.study.name)}
    near = nearest(given.casefold(), spellings)
    similar = [record for record in known if {record.id, record.study.name.casefold()} & set(near)]
    raise InputError(
        f"There is no study {quoted(given)}: `fairkd study list` shows all studies."
        + did_you_mean(list(map(_label, similar[:SUGGESTIONS])))
    )


def _label(record: StudyRecord) -> str:
    return f"{record.id} ({record.study.name})"


def _report(record: StudyRecord, as_json: bool) -> None:
    if as_json:
        print_json(study_document(record))
        return
    counts = ", ".join(f"{count} {state}" for state, count in record.counts.items())
    followed = f"{record.id}: {counts}. Follow it with `fairkd study watch {record.id}`."
    out().print(Text(followed), soft_wrap=True)


def _watch(id: str, *, as_json: bool) -> None:
    from fairkd.cli.study_watch import STOPPED, watch_study

    record = watch_study(id)
    if record is None:  # Ctrl-C
        hint(
            f"The study {id} goes on in the background. `fairkd study watch {id}` follows it again, "
            f"`fairkd study cancel {id}` cancels it."
        )
        raise typer.Exit(STOPPED)
    if as_json:
        print_json(study_document(record))
    else:
        print_study(record)
    if record.state != "finished":
        raise typer.Exit(1)
