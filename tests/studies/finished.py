"""Studies with finished cells, whose values a test gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from fairkd.runs.events import Writer
from fairkd.runs.run_record import Run, State
from fairkd.studies.study_file import make_study
from fairkd.studies.study_record import Cell, StudyRecord

TEACHER = {"gap_absolute": 1.6, "gap_mass": 0.8, "pseudo_perplexity_sampled": 9.0}
COSTS = {"parameters": 1000, "bytes": 4200, "milliseconds": 2.0, "threads": 1, "sentences": 20}


def finished_study(
    folder: Path, cells: Mapping[str, Mapping[int, Mapping[str, Any] | State]], **settings: Any
) -> StudyRecord:
    """A study of these variants and seeds: a cell has the values of its last evaluation, or a state.

    `config` among the values changes the settings of that run.
    """
    seeds = sorted({seed for row in cells.values() for seed in row})
    presets = {name: {"preset": "plain", "set": {"objective.mlm": 1.0 + i}} for i, name in enumerate(cells)}
    study = make_study({"name": "A study", "variants": presets, "seeds": seeds, **settings})
    made = tuple(
        Cell(
            name,
            seed,
            None if (own := row.get(seed, "missing")) == "missing" else _run(folder, name, seed, own),
        )
        for name, row in cells.items()
        for seed in seeds
    )
    return StudyRecord(
        id="1a2b3c4d", study=study, folder=folder / "study", created=0.0, cells=made, settings={}
    )


def _run(folder: Path, variant: str, seed: int, own: Mapping[str, Any] | State) -> Run:
    values = {} if isinstance(own, str) else dict(own)
    changes = values.pop("config", {})
    run = Run(
        id=f"{variant}-{seed}",
        place=1,
        name=f"{variant}, seed {seed}",
        state=own if isinstance(own, str) else "finished",
        config={"teacher": "embedded/teacher", "seed": seed, **changes},
        folder=folder / f"{variant}-{seed}",
        batch="1a2b3c4d",
        created=0.0,
        started=None,
        ended=None,
        step=4,
        progress=1.0,
        seconds_left=None,
        sentence=None,
        restarted=False,
    )
    if isinstance(own, str):
        return replace(run, sentence="Something failed.") if own == "failed" else run
    run.folder.mkdir(parents=True)
    costs = values.pop("costs", {**COSTS, "tokens": 4000 + seed, "minutes": 1.5})
    with Writer(run.folder) as events:
        events.write({"type": "teacher", **TEACHER})
        events.write({"type": "evaluation", "step": 0, "gap_absolute": 99.0})
        events.write({"type": "evaluation", "step": 4, **values})
        if costs:
            events.write({"type": "costs", "step": 4, **costs})
    return run
