"""A stored study: what it compares, and its cells with their runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from fairkd.runs import Run, State
from fairkd.studies.study import Study

# A cell is missing until it is queued, and again once somebody has deleted its run.
CellState = State | Literal["missing"]
StudyState = Literal["running", "queued", "finished", "incomplete"]


@dataclass(frozen=True)
class Cell:
    """One variant at one seed, and its run."""

    variant: str
    seed: int
    run: Run | None

    @property
    def state(self) -> CellState:
        return "missing" if self.run is None else self.run.state

    @property
    def sentence(self) -> str | None:
        """Why the run failed or stopped."""
        return None if self.run is None else self.run.sentence


@dataclass(frozen=True)
class StudyRecord:
    """A study in the home folder.

    `cells` are in the order of the queue: the first seed of every variant, then the second. `settings` has
    the whole settings of each variant as they were when the study was created, without the seed: seeds
    that are added later run with the same. `on` is the launcher of its runs; None for the default.
    """

    id: str
    study: Study
    folder: Path
    created: float
    cells: tuple[Cell, ...]
    settings: Mapping[str, Mapping[str, Any]] = field(repr=False)
    note: str = ""
    owner: str = ""
    on: str | None = None

    def cell(self, variant: str, seed: int) -> Cell:
        """The cell of a variant and a seed; KeyError if the study has none."""
        for cell in self.cells:
            if (cell.variant, cell.seed) == (variant, seed):
                return cell
        raise KeyError((variant, seed))

    @property
    def counts(self) -> dict[CellState, int]:
        """How many cells are in each state."""
        return dict(Counter(cell.state for cell in self.cells))

    @property
    def state(self) -> StudyState:
        """Running or queued while a run is; finished when all are; else incomplete."""
        states = set(self.counts)
        if states & {"running", "cancelling"}:
            return "running"
        if "queued" in states:
            return "queued"
        return "finished" if states == {"finished"} else "incomplete"

    @property
    def progress(self) -> float:
        """How much of the study is done, from 0 to 1."""
        return sum(cell.run.progress if cell.run else 0.0 for cell in self.cells) / len(self.cells)
