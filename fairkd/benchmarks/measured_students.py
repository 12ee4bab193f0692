"""Results about the student of a run: kept in the run's folder, and told in its model card."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from fairkd.benchmarks import stored_results
from fairkd.benchmarks.benchmark_registry import BENCHMARKS
from fairkd.benchmarks.result_summary import value_text
from fairkd.benchmarks.results import Result
from fairkd.errors import ModelError
from fairkd.models import run_folder

_RUN = "run/"
_HEADING = "## Benchmarks"
_SECTION = re.compile(rf"^{_HEADING}\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_NEXT = re.compile(r"^## Intended use", re.MULTILINE)


def keep(result: Result) -> None:
    """Store a result with the run whose student it is about, and write it into the model card.

    Nothing happens for other models, and where the run's folder cannot be written. A result is not replaced
    by one on fewer items, such as a sample.
    """
    if not result.model.startswith(_RUN):
        return
    with suppress(ModelError, OSError):
        keep_with_run(result, run_folder(result.model.removeprefix(_RUN)).parent)


def keep_with_run(result: Result, folder: Path) -> None:
    """Store a result about the student of the run in `folder`, and write it into the model card.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    before = stored_results.read_one(stored_results.path_of(folder, result.model, result.benchmark))
    same_student = isinstance(before, Result) and before.model_hash == result.model_hash
    if isinstance(before, Result) and same_student and _items(result) < _items(before):
        return
    stored_results.store(result, folder)
    write_card(folder / "model" / "README.md", stored_results.read(folder)[0])


def _items(result: Result) -> int:
    """How many items a result is about, scored or not."""
    return result.overall.n + len(result.unscored)


def write_card(path: Path, results: list[Result]) -> None:
    """Write the results into a model card, in place of earlier ones. The file is whole at any moment."""
    text = path.read_text(encoding="utf-8")
    rest = _SECTION.sub("", text)
    place = _NEXT.search(rest)
    at = place.start() if place else len(rest)
    beside = path.with_suffix(".tmp")
    beside.write_text(f"{rest[:at]}{card_section(results)}{rest[at:]}", encoding="utf-8")
    os.replace(beside, path)


def card_section(results: list[Result]) -> str:
    """A table of the results in Markdown, with its heading."""
    rows = []
    for result in results:
        benchmark = BENCHMARKS[result.benchmark]
        for value in benchmark.values:
            best = "" if value.unbiased is None else value.format(value.unbiased)
            sample = f"{result.overall.n:,} items{' (a sample)' if result.quick else ''}"
            shown = value_text(value, result.overall)
            rows.append(
                f"| {benchmark.label} | {value.label} | {shown} | {best} | {sample}, {result.data.file} |"
            )
    head = "| measure | value | this model, 95 % interval | unbiased | measured on |\n|---|---|---|---|---|"
    return f"{_HEADING}\n\n{head}\n" + "\n".join(rows) + "\n\n"
