"""The commands that work on runs again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from app.runs.actions import has_model
from app.runs.follow import follow
from app.runs.notebook import comparison_cells, run_cells
from app.runs.watched_sentences import shown_sentence
from app.shared.export_control import Export
from app.shared.reproduce import reproduce
from app.shared.widgets import literal
from fairkd.measures import Measure
from fairkd.reports import (
    example_command,
    report,
    settings_file,
    settings_text,
    steps_note,
    submit_command,
)
from fairkd.runs import Run


def reproduce_run(run: Run) -> None:
    """The element “Reproduce and cite” of one run; nothing where its settings cannot be read."""
    if run.config_error is not None:
        return
    if run.example:
        reproduce(
            example_command(),
            f"reproduce_{run.id}",
            export=_export(run),
            note="This command trains all examples, one after the other.",
        )
        return
    file = settings_file(run)
    reproduce(
        submit_command(run, file),
        f"reproduce_{run.id}",
        models=_models(run),
        files={file: partial(settings_text, run)},
        note=steps_note(run),
        export=_export(run),
    )


def _export(run: Run) -> Export | None:
    """The export of a run's page; None before there is anything to show."""
    if run.kind == "measure":  # the page Measures has it
        return None
    found = follow(run)
    if found.evaluations.empty:
        return None
    text, step = shown_sentence(run.id)
    return Export(
        run.name,
        f"fairkd-{run.id}",
        partial(run_cells, run.id, text if text in found.texts else None, step),
        html=partial(report, [run]),
    )


def reproduce_runs(
    compared: Sequence[Run],
    names: Mapping[str, str],
    looks: Mapping[str, int],
    axes: tuple[Measure, str],
    *,
    comparable: bool,
) -> None:
    """The element “Reproduce and cite” of compared runs. All of their settings can be read.

    `names` are those displayed, by id; `looks` how each is drawn, by name; `axes` the measure of the first
    chart, and the column of its x axis.
    """
    shown = [run.folder.name for run in compared if run.example]
    own = [run for run in compared if not run.example]
    commands = [example_command(shown)] if shown else []
    commands += [submit_command(run, settings_file(run)) for run in own]
    subject = "These commands train" if len(commands) > 1 else "This command trains"
    notes = [f"{subject} the runs again, one after the other."]
    notes += [f"{literal(run.name)}: {note}" for run in own if (note := steps_note(run))]
    reproduce(
        commands[0],
        "reproduce_compared",
        further=commands[1:],
        models=[model for run in compared for model in _models(run)],
        files={settings_file(run): partial(settings_text, run) for run in own},
        note=" ".join(notes),
        export=Export(
            f"{len(compared)} runs compared",
            "fairkd-runs",
            partial(comparison_cells, names, looks, axes[0].key, axes[1], comparable=comparable),
            html=partial(report, compared),
        ),
    )


def _models(run: Run) -> list[str]:
    """The run's teacher, and its student where there is one; of a measurement, all of its models."""
    if run.kind == "measure":
        return [str(model) for model in run.config.get("models") or ()]
    return [str(run.config.get("teacher")), *([f"run/{run.id}"] if has_model(run) else [])]
