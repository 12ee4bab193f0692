"""The commands that start a run once more, and the file of settings that they read."""

from __future__ import annotations

import json
from collections.abc import Sequence

from fairkd.runs import EXAMPLE_SETTINGS, Run, examples, with_kind


def settings_file(run: Run) -> str:
    """The name of the file with the run's settings, as it is downloaded."""
    return f"fairkd-{run.id}.json"


def settings_text(run: Run) -> str:
    """The file with the run's settings."""
    return json.dumps(with_kind(run.kind, run.config), indent=2) + "\n"


def submit_command(run: Run, file: str) -> list[str]:
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
    if not minutes or not run.step or run.active or run.state == "queued":
        return ""
    return (
        f"Its budget is in minutes, so the number of steps varies. This one made {run.step:,}: "
        f"`--set budget.minutes=null --set budget.steps={run.step}` repeats that."
    )
