"""Studies for tests of the pages: their runs are rows and events as workers write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fairkd import studies
from fairkd.runs import State
from fairkd.studies import StudyRecord
from tests.app.some_runs import training, update_run, write_events

STEPS = 400


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

    A variant's runs end with its gap, and a little more at each seed.
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
        gap = ends.get(cell.variant, 1.0) + 0.04 * cell.seed
        if state != "failed":
            write_events(cell.run.folder, training(done, gap=gap, quality=14 + 0.1 * cell.seed))
        update_run(
            cell.run.id,
            state,
            step=0 if state == "failed" else done,
            progress=0.0 if state == "failed" else done / STEPS,
            seconds_left=40.0,
            sentence="The text could not be read." if state == "failed" else None,
        )
    return studies.get(record.id)
