"""Runs as tables and as JSON documents, for `fairkd runs`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.text import Text

from fairkd.cli.console import out, print_table

if TYPE_CHECKING:
    from fairkd.benchmarks import ValueEstimate
    from fairkd.runs import Run


def print_runs(known: Sequence[Run]) -> None:
    """One row a run. Their kind, and where they work, are columns where there are several."""
    from fairkd import runs

    now, starts, usual = time.time(), expected_starts(known), runs.usual_phase_seconds(known)
    cells: dict[str, tuple[str, Callable[[Run], object]]] = {
        "id": ("whole", lambda run: run.id),
        "kind": ("left", lambda run: run.kind),
        "name": ("left", lambda run: run.name),
        "owner": ("left", lambda run: run.owner),
        "state": ("left", lambda run: run.state),
        "where": ("left", lambda run: run.launcher),
        "step": ("right", lambda run: run.step if run.kind == "distill" else ""),
        "done": ("right", lambda run: f"{run.progress:.0%}"),
        "time left": (
            "right",
            lambda run: (
                runs.duration(run.seconds_left) if run.active and run.seconds_left is not None else ""
            ),
        ),
        "created": (
            "left",
            lambda run: datetime.fromtimestamp(run.created).strftime("%Y-%m-%d %H:%M"),
        ),
        "what": ("left", lambda run: what_text(run, usual, starts, now)),
    }
    if len({run.kind for run in known}) < 2:
        del cells["kind"]
    if {run.launcher for run in known} <= {"local"}:
        del cells["where"]
    print_table(
        f"{len(known)} {'run' if len(known) == 1 else 'runs'}, {runs.slots()} at the same time",
        {title: column for title, (column, _) in cells.items()},
        [tuple(cell(run) for _, cell in cells.values()) for run in known],
    )


def print_results(run: Run) -> None:
    """What a measurement has found so far, with its intervals, and what it could not measure."""
    from fairkd import runs
    from fairkd.benchmarks import stored_results

    results, refusals = stored_results.read(run.folder)
    found: list[tuple[str, ...]] = [
        (one.benchmark, one.model, *_value(one.benchmark, key, value), f"{one.overall.n:,}")
        for one in results
        for key, value in one.overall.values.items()
    ]
    found += [(one.benchmark, one.model, "", one.reason, "") for one in refusals]
    if not found:
        return
    named = [(*runs.benchmark_labels([row[0]]), *runs.model_names([row[1]]), *row[2:]) for row in found]
    print_table(
        "Results, with 95 % intervals",
        {"measure": "left", "model": "left", "": "left", "value": "left", "items": "right"},
        named,
    )


def _value(benchmark: str, key: str, found: ValueEstimate) -> tuple[str, str]:
    """What a value is called, and the value with its interval."""
    from fairkd.benchmarks import BENCHMARKS

    known = {one.key: one for one in BENCHMARKS[benchmark].values} if benchmark in BENCHMARKS else {}
    form = known[key].format if key in known else "{:.4g}".format
    interval = "" if math.isnan(found.low) else f" ({form(found.low)} to {form(found.high)})"
    return known[key].label if key in known else key, f"{form(found.value)}{interval}"


def print_evaluation(run: Run) -> None:
    """The last evaluation beside the teacher's, with what each value was measured on; nothing before it."""
    from fairkd.measures import MEASURES, cost_sentence
    from fairkd.runs import event_tables, events

    found, _ = events.read(run)
    last, teacher = event_tables.last_evaluation(found), event_tables.teacher(found) or {}
    if not last:
        return
    print_table(
        f"At step {last['step']}, with 95 % intervals",
        {"measure": "left", "student": "right", "teacher": "right", "measured on": "left"},
        [
            (
                measure.label,
                measure.format_with_interval(last),
                measure.format_with_interval(teacher),
                measure.sample_size(last) or "not stored",
            )
            for measure in MEASURES.values()
            if last.get(measure.key) is not None
        ],
    )
    if size := cost_sentence(event_tables.costs(found)):
        out().print(Text(f"The student has {size}."), soft_wrap=True)


def expected_starts(known: Sequence[Run]) -> dict[str, float | None]:
    from fairkd import runs

    return runs.expected_starts(known, runs.slots(), time.time())


def what_text(run: Run, usual: Mapping[str, float], starts: Mapping[str, float | None], now: float) -> str:
    """What a run does, when it starts, or how it ended, in one line."""
    from fairkd import runs

    if run.config_error:
        return run.config_error
    if run.state == "queued":
        return run.sentence or runs.start_text(starts.get(run.id), now)
    if run.active:
        return runs.phase_text(run, usual, now)
    return run.sentence or run.warning or ""


def run_document(run: Run, starts: Mapping[str, float | None] | None = None) -> dict[str, Any]:
    return {
        "id": run.id,
        "kind": run.kind,
        "name": run.name,
        "note": run.note,
        "owner": run.owner,
        "state": run.state,
        "launcher": run.launcher,
        "phase": run.phase,
        "phase_since": run.phase_since,
        "expected_start": (starts or {}).get(run.id),
        "step": run.step,
        "progress": run.progress,
        "seconds_left": run.seconds_left,
        "sentence": run.sentence,
        "warning": run.warning,
        "batch": run.batch,
        "created": run.created,
        "started": run.started,
        "ended": run.ended,
        "folder": str(run.folder),
        "config": dict(run.config),
        "config_error": run.config_error,
    }
