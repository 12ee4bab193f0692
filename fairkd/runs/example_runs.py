"""The example runs in the package: finished trainings to replay, without weights.

`tools/example_runs.py` makes them by training. Each is a folder with config.json, description.json and
events.jsonl, like the folder of a run. They can only be read.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from fairkd.distill.config import readable_settings
from fairkd.runs import description, events
from fairkd.runs.description import RunDescription
from fairkd.runs.run_record import Run

EXAMPLES = Path(__file__).resolve().parents[1] / "assets" / "examples"
# What distinguishes them from the presets of their names, as --set takes it.
EXAMPLE_SETTINGS = ("budget.steps=300", "evaluation.every_steps=30", "threads=1")
PREFIX = "example-"  # of their ids, which no run's id has
BATCH = "examples"
NAMES = ("plain", "paper", "fair")  # in the order of the page


@lru_cache(maxsize=1)
def examples() -> tuple[Run, ...]:
    """All example runs, in a fixed order; a damaged one says so."""
    return tuple(_example(EXAMPLES / name) for name in NAMES)


def find(id: str) -> Run | None:
    """The example with this id, or None."""
    return next((run for run in examples() if run.id == id), None) if id.startswith(PREFIX) else None


def _example(folder: Path) -> Run:
    told = description.read(folder) or RunDescription(name=folder.name)
    config, config_error = readable_settings(folder)
    found = events.scan(folder)
    last = found.events[-1] if found.events else {"step": 0}
    return Run(
        id=f"{PREFIX}{folder.name}",
        place=0,
        name=told.name,
        state="finished",
        config=config,
        folder=folder,
        batch=BATCH,
        created=found.events[0]["time"] if found.events else 0.0,
        started=None,  # how long it took elsewhere says nothing about this machine
        ended=None,
        step=last["step"],
        progress=1.0,
        seconds_left=None,
        sentence=found.damage,
        restarted=False,
        config_error=config_error,
        note=told.note,
        example=True,
    )
