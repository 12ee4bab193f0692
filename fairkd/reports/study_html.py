"""A study as one HTML document: what it compares, what its results show, and how to run it again.

Everything that the report says and draws is computed here; `resources/study_report.html` lays it out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fairkd import __version__
from fairkd.distill.config import LABELS, flat
from fairkd.errors import InputError
from fairkd.studies import (
    StudyColumn,
    StudyRecord,
    StudyResults,
    VariantResult,
    budget_notes,
    results,
    seeds_text,
    study_yaml,
    summary_text,
)
from fairkd.utils import Tick, axis_for, citation, html_page

FILE = "study.yaml"
# What is drawn, besides the columns of benchmarks; all others are in the table.
_DRAWN = ("gap_absolute", "pseudo_perplexity_sampled", "kl", "gap_mass", "calibration_error")


@dataclass(frozen=True)
class SeedMark:
    """The value of one seed, in per cent of the width, and what it says."""

    at: float
    text: str


@dataclass(frozen=True)
class StudyPlotRow:
    """A variant: its seeds, their mean with the ends of its t interval, and the verdict."""

    label: str
    number: int
    seeds: tuple[SeedMark, ...]
    mean: float | None
    low: float | None
    high: float | None
    text: str
    spoken: str


@dataclass(frozen=True)
class StudyPlot:
    """A column of the results: a row a variant, and the place of the teacher; None where it is not drawn."""

    title: str
    better: str
    rows: tuple[StudyPlotRow, ...]
    ticks: tuple[Tick, ...]
    teacher: float | None
    teacher_text: str
    sentences: tuple[str, ...]


def study_report(record: StudyRecord) -> str:
    """The document of a study, of its finished cells so far.

    Raises
    ------
    InputError
        When no run of it has finished yet, or its runs cannot be compared.
    """
    found = results(record)
    if not found.cells:
        raise InputError(
            f"No run of the study {record.study.name} ({record.id}) has finished yet, so there is nothing to "
            "report."
        )
    drawn = sorted(
        (column for column in found.columns if column.key in _DRAWN or "." in column.key),
        key=lambda column: _DRAWN.index(column.key) if column.key in _DRAWN else len(_DRAWN),
    )
    return html_page(
        "study_report.html",
        title=record.study.name,
        version=__version__,
        date=datetime.now(UTC).date().isoformat(),
        note=record.note,
        finding=found.finding,
        facts=_facts(record, found),
        warnings=[*found.missing],
        reading=[*budget_notes(record.study), *found.notes],
        plots=[plot for column in drawn if (plot := study_plot(column, found)) is not None],
        front=found.front,
        summary=_summary(found),
        cells=_cells(found),
        variants=_variants(record),
        command=f"fairkd study run {FILE}",
        files={FILE: study_yaml(record.study)},
        citation=citation(),
    )


def study_plot(column: StudyColumn, found: StudyResults) -> StudyPlot | None:
    """A column of the results, drawn; None where no variant has a value."""
    rows = {name: found.of(name, column.key) for name in found.variants}
    numbers = [dot.value for one in rows.values() for dot in one.dots]
    if not numbers:
        return None
    teacher = found.teacher.get(column.key)
    ends = [
        end
        for one in rows.values()
        if one.mean is not None
        for end in (one.mean.mean, one.mean.low, one.mean.high)
    ]
    # An interval over two or three seeds can be far wider than all values, and a teacher far from them: the
    # interval ends where the plot does, and the teacher is then only told.
    spread = max(numbers) - min(numbers) or abs(numbers[0]) or 1.0
    low, high = min(numbers) - 2 * spread, max(numbers) + 2 * spread
    is_near = teacher is not None and low <= teacher <= high
    axis = axis_for([*numbers, *(end for end in (*ends, teacher) if end is not None and low <= end <= high)])

    def place(value: float | None) -> float | None:
        if value is None or not math.isfinite(value):
            return None
        return min(max(axis.at(value), 0.0), 100.0)

    drawn = []
    for number, (name, one) in enumerate(rows.items()):
        text = summary_text(column, one)
        drawn.append(
            StudyPlotRow(
                label=f"{name} (baseline)" if name == found.baseline else name,
                number=number,
                seeds=tuple(
                    SeedMark(axis.at(dot.value), f"{name}, seed {dot.seed}: {column.format(dot.value)}")
                    for dot in one.dots
                ),
                mean=place(one.mean.mean if one.mean else None),
                low=place(one.mean.low if one.mean else None),
                high=place(one.mean.high if one.mean else None),
                text=text,
                spoken=f"{name}: {text}. "
                + "; ".join(f"seed {dot.seed}: {column.format(dot.value)}" for dot in one.dots),
            )
        )
    return StudyPlot(
        title=found.finding_of(column.key) or column.label,
        better=column.better,
        rows=tuple(drawn),
        ticks=axis.ticks,
        teacher=place(teacher) if is_near else None,
        teacher_text="" if teacher is None else f"teacher: {column.format(teacher)}",
        sentences=tuple(one.sentence for one in rows.values() if one.sentence),
    )


def _facts(record: StudyRecord, found: StudyResults) -> dict[str, str]:
    """What the study is, in short."""
    configs = [flat(cell.run.config) for cell in found.cells]
    used = {
        key: ", ".join(dict.fromkeys(str(one[key]) for one in configs if one.get(key)))
        for key in ("teacher", "corpus.source")
    }
    facts = {
        "study": record.id,
        "variants": ", ".join(record.study.variants),
        "baseline": found.baseline,
        "seeds": seeds_text(found.seeds),
        "finished runs": f"{len(found.cells)} of {len(record.cells)}",
        "teacher": used["teacher"],
        "text": used["corpus.source"],
        "started": datetime.fromtimestamp(record.created, UTC).date().isoformat(),
        "owner": record.owner,
    }
    return {key: value for key, value in facts.items() if value}


def _summary(found: StudyResults) -> dict[str, Any]:
    """All columns: the mean over seeds with its interval, and the verdict below it."""
    rows = []
    for column in found.columns:
        cells = [_summary_cell(column, found.of(name, column.key)) for name in found.variants]
        teacher = found.teacher.get(column.key)
        better = f" ({column.better} is better)" if column.better else ""
        rows.append([f"{column.label}{better}", *cells, "–" if teacher is None else column.format(teacher)])
    headings = [f"{name} (baseline)" if name == found.baseline else name for name in found.variants]
    return {"headings": ["Measure", *headings, "teacher"], "rows": rows, "texts": 1}


def _summary_cell(column: StudyColumn, one: VariantResult) -> dict[str, Any]:
    """The mean, and below it what `summary_text` says besides: interval and verdict."""
    if one.mean is None:
        return {"text": "–", "more": "", "clear": False}
    value = column.format(one.mean.mean)
    more = summary_text(column, one).removeprefix(value).lstrip(", ")
    shown = one.comparison is not None and one.comparison.is_shown
    return {"text": value, "more": more, "clear": shown}


def _cells(found: StudyResults) -> dict[str, Any]:
    """Every finished run: its values in all columns."""
    rows = [
        [
            f"{cell.variant}, seed {cell.seed}",
            *(column.format(cell.values.get(column.key)) for column in found.columns),
        ]
        for cell in found.cells
    ]
    return {"headings": ["Run", *(column.label for column in found.columns)], "rows": rows, "texts": 1}


def _variants(record: StudyRecord) -> Sequence[tuple[str, str]]:
    """Every variant: its preset, and what it changes."""
    told = []
    for name, variant in record.study.variants.items():
        changes = ", ".join(f"{key} = {value}" for key, value in flat(variant.set).items())
        told.append((name, LABELS[variant.preset] + (f"; {changes}" if changes else "")))
    return told
