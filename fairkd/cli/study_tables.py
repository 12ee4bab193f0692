"""Studies as tables and as JSON documents, for `fairkd study`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from fairkd.cli.console import out, print_table

if TYPE_CHECKING:
    from fairkd.studies import Cell, StudyRecord

_STYLES = {"finished": "green", "failed": "red", "interrupted": "red", "running": "cyan"}
READING = (
    "Means over seeds with 95 % t intervals over seeds; verdicts of a paired t test against the baseline."
)
MOST_SEEDS = 20  # columns that a matrix has at a time


def print_studies(known: Sequence[StudyRecord]) -> None:
    """One row a study."""
    print_table(
        f"{len(known)} {'study' if len(known) == 1 else 'studies'}",
        {
            "id": "whole",
            "name": "left",
            "variants": "right",
            "seeds": "right",
            "state": "whole",
            "finished": "whole",
            "created": "whole",
        },
        [
            (
                record.id,
                record.study.name,
                len(record.study.variants),
                len(record.study.seeds),
                record.state,
                f"{record.counts.get('finished', 0)} of {len(record.cells)}",
                datetime.fromtimestamp(record.created).strftime("%Y-%m-%d %H:%M"),
            )
            for record in known
        ],
    )


def print_study(record: StudyRecord) -> None:
    """The study in short, its cells, and what went wrong."""
    from fairkd import studies

    facts = [f"{record.id}: {record.study.name}, {record.state}"]
    facts += [f"owner {record.owner}"] if record.owner else []
    facts += [f"on {record.on}"] if record.on else []
    out().print(Text(", ".join(facts) + "."), soft_wrap=True)
    if record.note:
        out().print(Text(record.note), soft_wrap=True)
    for note in studies.budget_notes(record.study):
        out().print(Text(note), soft_wrap=True)
    for table in matrix(record):
        out().print(table)
    for sentence in problems(record):
        out().print(Text(sentence), soft_wrap=True)
    if "finished" in record.counts:
        print_results(record)


def print_results(record: StudyRecord) -> None:
    """What the finished runs show: a finding, a row a measure with the verdicts, and what it rests on."""
    from fairkd import studies

    found = studies.results(record)
    if not found.cells:
        return
    table = studies.summary_table(found)
    headings = {name: "left" for name in table.columns}
    out().print()
    print_table(f"{found.finding}.", headings, [tuple(row) for row in table.itertuples(index=False)])
    out().print(Text(READING), soft_wrap=True)
    sentences = (
        [found.of(name, studies.HEADLINES[0]).sentence for name in found.variants]
        if found.column(studies.HEADLINES[0])
        else []
    )
    for sentence in filter(None, (*sentences, *found.notes, *found.missing)):
        out().print(Text(sentence), soft_wrap=True)


def problems(record: StudyRecord) -> list[str]:
    """What went wrong in which cell, and how it is mended."""
    found = [
        f"{cell.variant}, seed {cell.seed}: {cell.state}" + (f" ({cell.sentence})" if cell.sentence else "")
        for cell in record.cells
        if cell.state in ("failed", "interrupted", "cancelled", "missing")
    ]
    return [*found, f"`fairkd study resume {record.id}` queues what is missing."] if found else []


def matrix(record: StudyRecord) -> list[Table]:
    """The cells: a row a variant, a column a seed, at most `MOST_SEEDS` columns a table."""
    seeds = record.study.seeds
    return [_matrix(record, seeds[start : start + MOST_SEEDS]) for start in range(0, len(seeds), MOST_SEEDS)]


def _matrix(record: StudyRecord, seeds: Sequence[int]) -> Table:
    cells = {(cell.variant, cell.seed): cell for cell in record.cells}
    table = Table()
    table.add_column("variant", no_wrap=True)
    for number, seed in enumerate(seeds):
        table.add_column(f"seed {seed}" if number == 0 else str(seed), justify="center", no_wrap=True)
    for variant in record.study.variants:
        name = f"{variant} (baseline)" if variant == record.study.baseline else variant
        table.add_row(Text(name), *(_cell(cells[variant, seed]) for seed in seeds))
    return table


def _cell(cell: Cell) -> Text:
    text: str = cell.state
    if cell.run is not None and cell.run.active:
        text = f"{cell.run.progress:.0%}"
    elif cell.state == "missing":
        text = "–"
    style = _STYLES["running"] if cell.run is not None and cell.run.active else _STYLES.get(cell.state, "dim")
    return Text(text, style=style)


def study_document(record: StudyRecord) -> dict[str, Any]:
    """The study, its state and its cells, as JSON."""
    from fairkd import studies

    return {
        "id": record.id,
        "state": record.state,
        "progress": record.progress,
        "created": record.created,
        "owner": record.owner,
        "note": record.note,
        "on": record.on,
        "folder": str(record.folder),
        **record.study.model_dump(mode="json"),
        "budget": studies.budget_notes(record.study),
        "cells": [
            {
                "variant": cell.variant,
                "seed": cell.seed,
                "state": cell.state,
                "run": cell.run and cell.run.id,
                "progress": cell.run.progress if cell.run else 0.0,
                "sentence": cell.sentence,
            }
            for cell in record.cells
        ],
        "results": _results_document(record) if "finished" in record.counts else None,
    }


def _results_document(record: StudyRecord) -> dict[str, Any]:
    """The results as JSON: a row a variant and one a finished run, with the columns of their CSV files."""
    from fairkd import studies

    found = studies.results(record)
    return {
        "finding": found.finding,
        "front": found.front,
        "notes": [*found.notes, *found.missing],
        "sentences": {
            column.key: {
                name: one.sentence for name in found.variants if (one := found.of(name, column.key)).sentence
            }
            for column in found.columns
        },
        "variants": studies.variants_table(found).to_dict("records"),
        "runs": studies.cells_table(found).to_dict("records"),
    }
