"""The values of a study's finished cells, from the events and results in the folders of their runs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fairkd.benchmarks import Result, stored_results
from fairkd.errors import InputError, listed
from fairkd.measures import COSTS, MEASURES
from fairkd.runs import Run, evaluation_differences, event_tables, events
from fairkd.studies.study_record import Cell

Signature = tuple[object, ...]

# What is said of one cell, and of several.
_STATES = {
    "queued": ("is queued", "are queued"),
    "running": ("is running", "are running"),
    "cancelling": ("is being cancelled", "are being cancelled"),
    "cancelled": ("was cancelled", "were cancelled"),
    "failed": ("has failed", "have failed"),
    "interrupted": ("was interrupted", "were interrupted"),
    "missing": ("has no run", "have no run"),
    "unreadable": ("cannot be read", "cannot be read"),
}


@dataclass(frozen=True)
class CellValues:
    """What is known of one finished cell.

    Attributes
    ----------
    values : mapping
        Finite numbers by the key of their column.
    intervals : mapping
        The ends of the 95 % interval over items of this seed alone, by the key of their column.
    items : mapping
        Those of the last evaluation; see `fairkd.measures.item_values`.
    teacher : mapping
        The teacher's values by the key of a measure.
    """

    variant: str
    seed: int
    run: Run
    values: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    items: Mapping[str, Any] = field(default_factory=dict)
    teacher: Mapping[str, float] = field(default_factory=dict)


def read_cells(cells: Sequence[Cell]) -> tuple[tuple[CellValues, ...], tuple[str, ...]]:
    """The finished cells with their values, and a sentence on each thing that is missing.

    Raises
    ------
    InputError
        The cells were measured in different ways, so their values cannot be compared.
    """
    finished = [(cell, cell.run) for cell in cells if cell.run is not None and cell.state == "finished"]
    readable = [(cell, run) for cell, run in finished if run.config_error is None]
    _refuse_other_evaluations([run for _, run in readable])
    benchmarks, notes = _benchmark_results([run for _, run in readable])
    found, missing = [], []
    for cell, run in readable:
        known = events.read(run)[0]
        evaluation = event_tables.last_evaluation(known)
        if not evaluation:
            missing.append(f"{cell.variant} at seed {cell.seed} has no evaluation.")
        numbers = {**_numbers(evaluation, MEASURES), **_numbers(event_tables.costs(known), COSTS)}
        intervals = {
            key: ends
            for key, measure in MEASURES.items()
            if (ends := _ends(evaluation, measure.interval)) is not None
        }
        for key, (value, low, high) in benchmarks.get(run.id, {}).items():
            numbers[key] = value
            if not math.isnan(low):
                intervals[key] = low, high
        teacher = _numbers(event_tables.teacher(known) or {}, MEASURES)
        items = evaluation.get("items") or {}
        found.append(CellValues(cell.variant, cell.seed, run, numbers, intervals, items, teacher))
    return tuple(found), (*missing, *_unfinished(cells), *notes)


def _refuse_other_evaluations(runs: Sequence[Run]) -> None:
    """Raise InputError where runs were measured on other items. Only fidelity depends on the teacher."""
    different = [name for name in evaluation_differences([run.config for run in runs]) if name != "teacher"]
    if different:
        raise InputError(
            f"The runs of this study cannot be compared, since they differ in {listed(different)}: their "
            "values were not measured on the same items. Start a study in which they are equal."
        )


def _unfinished(cells: Sequence[Cell]) -> list[str]:
    """A sentence for each state other than finished, with the cells in it."""
    by_state: dict[str, list[str]] = {}
    for cell in cells:
        state: str = cell.state
        if state == "finished":
            if cell.run is None or cell.run.config_error is None:
                continue
            state = "unreadable"
        by_state.setdefault(state, []).append(f"{cell.variant} at seed {cell.seed}")
    return [
        f"{len(names)} of {len(cells)} cells {_STATES[state][len(names) > 1]}: {listed(names)}."
        for state, names in by_state.items()
    ]


def _benchmark_results(
    runs: Sequence[Run],
) -> tuple[dict[str, dict[str, tuple[float, float, float]]], list[str]]:
    """Value and interval of each benchmark's values by run id and column, and what does not fit together.

    Of a benchmark that was measured on different items (a sample or all, other data), only the runs with the
    most common way count.
    """
    known: dict[str, list[tuple[Run, Result]]] = {}
    notes = []
    for run in runs:
        results, refusals = stored_results.read(run.folder)
        own = [one for one in results if one.model == f"run/{run.id}"]
        for result in own:
            known.setdefault(result.benchmark, []).append((run, result))
        notes += [f"{one.benchmark} cannot be measured of {run.name}: {one.reason}" for one in refusals]
    values: dict[str, dict[str, tuple[float, float, float]]] = {}
    for benchmark, pairs in known.items():
        (usual, count), *others = Counter(_signature(result) for _, result in pairs).most_common()
        if others:
            notes.append(
                f"{benchmark} was measured on other items in {len(pairs) - count} of {len(pairs)} cells, "
                "which are left out of its columns."
            )
        for run, result in pairs:
            if _signature(result) == usual:
                row = values.setdefault(run.id, {})
                for key, one in result.overall.values.items():
                    if math.isfinite(one.value):
                        row[f"{benchmark}.{key}"] = one.value, one.low, one.high
    return values, notes


def _signature(result: Result) -> Signature:
    """What two results of a benchmark must share to be comparable."""
    return result.quick, result.data.sha256, result.overall.n + len(result.unscored)


def _numbers(event: Mapping[str, Any], keys: Mapping[str, object]) -> dict[str, float]:
    """The finite numbers of an event under these keys."""
    found = {key: event.get(key) for key in keys}
    return {key: float(value) for key, value in found.items() if value is not None and math.isfinite(value)}


def _ends(event: Mapping[str, Any], keys: tuple[str, str]) -> tuple[float, float] | None:
    low, high = (event.get(key) for key in keys)
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return None
    return float(low), float(high)
