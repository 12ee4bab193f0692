"""Studies for tests of the pages: their runs are rows and events as workers write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fairkd import studies
from fairkd.runs import State
from fairkd.studies import StudyRecord
from tests.app.some_runs import training, update_run, write_events

STEPS = 400
PROFESSIONS = [f"profession {number}" for number in range(20)]


def add_study(
    cells: Mapping[tuple[str, int], State] | None = None,
    *,
    variants: tuple[str, ...] = ("plain", "fair"),
    seeds: tuple[int, ...] = (0, 1, 2),
    gaps: Mapping[str, float] | None = None,
    note: str = "",
    owner: str = "",
    **settings: Any,
) -> StudyRecord:
    """Add a study whose cells are in these states, by default all finished.

    A variant's runs end near its gap, each with gaps of the same 20 professions.
    """
    values = {"name": "A study", "base": {"budget": {"steps": STEPS}}, **settings}
    record = studies.create(
        studies.make_study({**values, "variants": dict.fromkeys(variants), "seeds": seeds}),
        note=note,
        owner=owner,
    )
    ends = {"plain": 1.5, "fair": 0.3} | dict(gaps or {})
    for cell in record.cells:
        state: State = (cells or {}).get((cell.variant, cell.seed), "finished" if cells is None else "queued")
        assert cell.run is not None
        if state == "queued":
            continue
        done = STEPS if state == "finished" else STEPS // 2
        if state != "failed":
            gap = ends.get(cell.variant, 1.0)
            write_events(cell.run.folder, _events(done, gap, variants.index(cell.variant), cell.seed))
        update_run(
            cell.run.id,
            state,
            step=0 if state == "failed" else done,
            progress=0.0 if state == "failed" else done / STEPS,
            seconds_left=40.0,
            sentence="The text could not be read." if state == "failed" else None,
        )
    return studies.get(record.id)


def _events(steps: int, gap: float, variant: int, seed: int) -> list[dict[str, Any]]:
    """The events of a run whose last evaluation has the gaps of all professions."""
    noise = np.random.default_rng([variant, seed])
    own = gap + noise.normal(0, 0.06) + np.random.default_rng(7).normal(0, 0.25 * gap, 20)
    gaps = np.abs(own + noise.normal(0, 0.05, 20))
    quality = 14 + variant + noise.normal(0, 0.25)
    found = training(steps, gap=gap, quality=quality, mass=0.6)
    last = [event for event in found if event["type"] == "evaluation"][-1]
    last |= {"gap_absolute": float(gaps.mean()), "pseudo_perplexity_sampled": quality}
    for key in ("gap_absolute", "pseudo_perplexity_sampled"):
        last |= {f"{key}_low": 0.95 * last[key], f"{key}_high": 1.05 * last[key]}
    last["items"] = {"professions": PROFESSIONS, "gap_absolute": gaps.round(4).tolist()}
    return found
