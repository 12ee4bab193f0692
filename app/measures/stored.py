"""The results of a measurement, read from its folder once for all visitors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from app.shared.model_options import short_name
from fairkd.benchmarks import BENCHMARKS, Refusal, Result, stored_results
from fairkd.runs import Run

LONGEST = 30  # characters of a model's name in titles, legends and tables
Version = tuple[tuple[str, int], ...]  # each file of results, and when it was written


@dataclass(frozen=True, eq=False)
class Measured:
    """What a measurement has found so far, in the order of its settings.

    `damaged` is the number of files that cannot be read. Results of benchmarks that this version does not
    know are left out.
    """

    folder: Path
    results: tuple[Result, ...]
    refusals: tuple[Refusal, ...]
    damaged: int

    @property
    def models(self) -> list[str]:
        return list(dict.fromkeys(result.model for result in self.results))

    @property
    def benchmarks(self) -> list[str]:
        return list(dict.fromkeys(result.benchmark for result in self.results))

    @property
    def done(self) -> int:
        return len(self.results) + len(self.refusals)

    def of(self, benchmark: str) -> dict[str, Result]:
        """The results of a benchmark by model."""
        return {result.model: result for result in self.results if result.benchmark == benchmark}


def measured(run: Run) -> Measured:
    """The results of a measurement up to now; cheap if there are no new ones."""
    order = tuple(run.config.get("models") or ()), tuple(run.config.get("benchmarks") or ())
    return _measured(run.folder, _version(run.folder), order)


def display_names(models: Sequence[str]) -> dict[str, str]:
    """A short name for each model by reference; the reference where two would have one name.

    Of a long name the middle is left out: variants of a model often differ at the end.

    >>> list(display_names(["embedded/teacher", "bert-base-distilled-with-group-constraint"]).values())
    ['teacher', 'bert-base-dist…roup-constraint']
    """
    short = [_without_middle(short_name(model)) for model in models]
    return {
        model: name if short.count(name) == 1 else model for model, name in zip(models, short, strict=True)
    }


def _without_middle(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST // 2 - 1]}…{name[-LONGEST // 2 :]}"


@st.cache_resource(max_entries=16, show_spinner=False)
def _measured(folder: Path, version: Version, order: tuple[tuple[str, ...], tuple[str, ...]]) -> Measured:
    results, refusals = stored_results.read(folder)

    def place(one: Result | Refusal) -> tuple[int, int]:
        models, benchmarks = order
        return _index(models, one.model), _index(benchmarks, one.benchmark)

    return Measured(
        folder=folder,
        results=tuple(sorted((one for one in results if one.benchmark in BENCHMARKS), key=place)),
        refusals=tuple(sorted(refusals, key=place)),
        damaged=len(version) - len(results) - len(refusals),
    )


def _version(folder: Path) -> Version:
    found = []
    for path in sorted((folder / stored_results.FOLDER).glob("*/*.json")):
        try:
            found.append((str(path), path.stat().st_mtime_ns))
        except OSError:  # replaced at this moment
            continue
    return tuple(found)


def _index(names: Sequence[str], name: str) -> int:
    return names.index(name) if name in names else len(names)
