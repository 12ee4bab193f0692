"""The commands that work on runs again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from app.runs.actions import has_model
from app.shared.reproduce import reproduce
from app.shared.widgets import literal
from fairkd.reports import example_command, settings_file, settings_text, steps_note, submit_command
from fairkd.runs import Run


def reproduce_run(run: Run) -> None:
    """The element “Reproduce and cite” of one run; nothing where its settings cannot be read."""
    if run.config_error is not None:
        return
    if run.example:
        reproduce(
            example_command(),
            f"reproduce_{run.id}",
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
    )


def reproduce_runs(compared: Sequence[Run]) -> None:
    """The element “Reproduce and cite” of compared runs. All of their settings can be read."""
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
    )


def _models(run: Run) -> list[str]:
    """The run's teacher, and its student where there is one; of a measurement, all of its models."""
    if run.kind == "measure":
        return [str(model) for model in run.config.get("models") or ()]
    return [str(run.config.get("teacher")), *([f"run/{run.id}"] if has_model(run) else [])]
