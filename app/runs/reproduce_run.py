"""The command that trains a run again."""

from __future__ import annotations

import json

from app.runs.actions import has_model
from app.shared.reproduce import reproduce
from app.shared.run_texts import UNFINISHED
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
    file = f"fairkd-{run.id}.json"
    models = [str(run.config.get("teacher"))]
    if has_model(run):
        models.append(f"run/{run.id}")
    reproduce(
        command(run, file),
        f"reproduce_{run.id}",
        models=models,
        files={file: lambda: json.dumps(run.config, indent=2) + "\n"},
        note=steps_note(run),
    )


def command(run: Run, file: str) -> list[str]:
    """Queues a run with the settings in `file`."""
    return ["fairkd", "runs", "submit", file, "--name", run.name]


def example_command() -> list[str]:
    """Queues the runs that the examples show."""
    names = [run.folder.name for run in examples()]
    presets = [word for name in names for word in ("--preset", name)]
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
