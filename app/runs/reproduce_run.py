"""The commands that work on runs again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

from app.runs.actions import has_model
from app.shared.reproduce import reproduce
from app.shared.run_texts import UNFINISHED
from app.shared.widgets import literal
from fairkd import runs
from fairkd.runs import EXAMPLE_SETTINGS, Run, examples


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
        command(run, file),
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
    commands += [command(run, settings_file(run)) for run in own]
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


def settings_file(run: Run) -> str:
    """The name of the file with the run's settings, as it is downloaded."""
    return f"fairkd-{run.id}.json"


def settings_text(run: Run) -> str:
    """The file with the run's settings."""
    return json.dumps(runs.with_kind(run.kind, run.config), indent=2) + "\n"


def _models(run: Run) -> list[str]:
    """The run's teacher, and its student where there is one; of a measurement, all of its models."""
    if run.kind == "measure":
        return [str(model) for model in run.config.get("models") or ()]
    return [str(run.config.get("teacher")), *([f"run/{run.id}"] if has_model(run) else [])]


def command(run: Run, file: str) -> list[str]:
    """Queues a run with the settings in `file`."""
    return ["fairkd", "runs", "submit", file, "--name", run.name]


def example_command(names: Sequence[str] | None = None) -> list[str]:
    """Queues the runs that these examples show, by default all."""
    chosen = [run.folder.name for run in examples()] if names is None else names
    presets = [word for name in chosen for word in ("--preset", name)]
    return ["fairkd", "runs", "submit", *presets, *(w for one in EXAMPLE_SETTINGS for w in ("--set", one))]


def steps_note(run: Run) -> str:
    """What a budget in minutes means for another run."""
    minutes = (run.config.get("budget") or {}).get("minutes")
    if not minutes or not run.step or run.state in UNFINISHED:
        return ""
    return (
        f"Its budget is in minutes, so the number of steps varies. This one made {run.step:,}: "
        f"`--set budget.minutes=null --set budget.steps={run.step}` repeats that."
    )
