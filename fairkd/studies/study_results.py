"""What a study shows: per variant and column the seeds, their mean, and the difference to the baseline.

    found = results("1a2b3c4d")
    found.finding                                  # "The mean absolute gap of fair is lower than plain's"
    one = found.of("fair", "gap_absolute")
    one.mean.mean, one.comparison.verdict, one.sentence

A study that is not finished gives the results of its finished cells; `missing` says which are not there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fairkd.measures import MEASURES, are_paired, has_lost_mass, item_values
from fairkd.runs import fairness_front
from fairkd.studies import result_sentences
from fairkd.studies.cell_values import CellValues, read_cells
from fairkd.studies.seed_statistics import (
    CrossedInterval,
    Floats,
    SeedComparison,
    SeedMean,
    compare_variants,
    crossed_interval,
    mean_over_seeds,
)
from fairkd.studies.study_columns import StudyColumn, columns_of
from fairkd.studies.study_control import get
from fairkd.studies.study_record import StudyRecord

BIAS, QUALITY, MASS = "gap_absolute", "pseudo_perplexity_sampled", "gap_mass"
HEADLINES = (BIAS, QUALITY, "kl")  # the finding is about the first of them that was measured


@dataclass(frozen=True)
class SeedDot:
    """The value of one seed, with its 95 % interval over the items of this seed alone, if it has one."""

    seed: int
    value: float
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class VariantResult:
    """One variant in one column.

    Attributes
    ----------
    dots : tuple of SeedDot
        One a finished seed, in their order; none where the column was not measured.
    mean : SeedMean, optional
        With its t interval over seeds.
    crossed : CrossedInterval, optional
        Of the mean, over seeds and items; in a column of a perplexity in the unit of the values.
    comparison : SeedComparison, optional
        With the baseline, over seeds; None for the baseline itself, and without values. In a column with a
        target, of the distances from it; with `logs`, of logarithms.
    crossed_difference : CrossedInterval, optional
        Of that difference, over seeds and items.
    lost_mass : bool
        Whether so little of the teacher's probability mass is left that a gap says little.
    sentence : str
        What the comparison shows.
    """

    variant: str
    column: str
    dots: tuple[SeedDot, ...]
    mean: SeedMean | None
    crossed: CrossedInterval | None
    comparison: SeedComparison | None
    crossed_difference: CrossedInterval | None
    lost_mass: bool
    sentence: str


@dataclass(frozen=True)
class StudyResults:
    """The results of a study.

    Attributes
    ----------
    cells : tuple of CellValues
        The finished cells.
    columns : tuple of StudyColumn
        Those with a value in at least one cell.
    teacher : mapping
        The teacher's values by column, where all finished cells have one teacher.
    front : tuple of str
        The variants that no other one dominates in the means of bias and quality, the least biased first.
        Those that have lost their probability mass, or have another vocabulary, never are among them.
    missing : tuple of str
        A sentence on everything that is not there.
    notes : tuple of str
        What must be known to read the results.
    finding : str
        The result in one sentence without a full stop, as a title.
    """

    study: str
    id: str
    baseline: str
    variants: tuple[str, ...]
    seeds: tuple[int, ...]
    cells: tuple[CellValues, ...]
    columns: tuple[StudyColumn, ...]
    table: Mapping[tuple[str, str], VariantResult]
    teacher: Mapping[str, float]
    front: tuple[str, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    finding: str

    def of(self, variant: str, column: str) -> VariantResult:
        """A variant in a column; KeyError where there is no such column."""
        return self.table[variant, column]

    def column(self, key: str) -> StudyColumn | None:
        """The column with this key; None where no cell has a value of it."""
        return next((column for column in self.columns if column.key == key), None)

    def finding_of(self, column: str) -> str:
        """`finding` for one column."""
        known = self.column(column)
        return "" if known is None else _finding(known, self.baseline, self.variants, self.table)


def results(study: str | StudyRecord) -> StudyResults:
    """The results of a study, or of its finished cells so far.

    Parameters
    ----------
    study : str or StudyRecord
        A study, or its id.

    Raises
    ------
    InputError
        There is no such study, or its runs were measured in different ways and cannot be compared.
    """
    record = get(study) if isinstance(study, str) else study
    cells, missing = read_cells(record.cells)
    variants, baseline = tuple(record.study.variants), record.study.baseline
    columns = columns_of({key for cell in cells for key in cell.values})
    if not any("kl_constrained" in cell.items for cell in cells):  # equal to the KL to the teacher
        columns = tuple(column for column in columns if column.key != "kl_constrained")
    teachers = {str(cell.run.config.get("teacher")) for cell in cells}
    teacher = dict(cells[-1].teacher) if len(teachers) == 1 else {}
    lost, otherwise = _lost_mass(cells, variants), _tokenized_otherwise(cells, variants, baseline)
    table: dict[tuple[str, str], VariantResult] = {}
    for column in columns:
        compared = frozenset(variants)
        if not column.comparable or (column.family == "fidelity" and len(teachers) > 1):
            compared = frozenset()
        elif column.measure is not None and column.measure.sample != "professions":
            compared -= otherwise
        for one in _column(column, cells, variants, baseline, lost, compared):
            table[one.variant, column.key] = one
    by_key = {column.key: column for column in columns}
    headline = next((by_key[key] for key in HEADLINES if key in by_key), None)
    return StudyResults(
        study=record.study.name,
        id=record.id,
        baseline=baseline,
        variants=variants,
        seeds=tuple(record.study.seeds),
        cells=cells,
        columns=columns,
        table=table,
        teacher=teacher,
        front=_front(variants, table, lost | otherwise),
        missing=missing,
        notes=result_sentences.notes(
            seeds=max(len({cell.seed for cell in cells if cell.variant == one}) for one in variants),
            comparisons=max(
                (one.comparison.comparisons for one in table.values() if one.comparison), default=0
            ),
            columns=len(columns),
            one_teacher=len(teachers) <= 1,
            otherwise=tuple(name for name in variants if name in otherwise),
            lost=tuple(name for name in variants if name in lost),
        ),
        finding=_finding(headline, baseline, variants, table) if headline else "No cell is finished yet",
    )


def _column(
    column: StudyColumn,
    cells: Sequence[CellValues],
    variants: Sequence[str],
    baseline: str,
    lost: frozenset[str],
    compared: frozenset[str],
) -> list[VariantResult]:
    """All variants in one column, of which those in `compared` are compared with the baseline."""
    own = {name: [cell for cell in cells if cell.variant == name] for name in variants}
    by_seed = {
        name: {cell.seed: cell.values[column.key] for cell in found if column.key in cell.values}
        for name, found in own.items()
    }
    comparisons: Mapping[str, SeedComparison] = {}
    if by_seed[baseline]:
        distances = {
            name: {seed: column.compared(value) for seed, value in values.items()}
            for name, values in by_seed.items()
            if values and name in {baseline, *compared}
        }
        comparisons = compare_variants(
            distances, baseline=baseline, direction=column.direction, logs=column.logs, exact=column.exact
        )
    found = []
    for name in variants:
        values, comparison = by_seed[name], comparisons.get(name)
        crossed_difference = None
        if comparison is not None and comparison.n:
            one, other = (_items(column, own[each], comparison.seeds) for each in (name, baseline))
            if one is not None and other is not None and one.shape == other.shape:
                crossed_difference = crossed_interval(one, other, target=column.target)
        is_lost = column.needs_mass and name in lost
        found.append(
            VariantResult(
                variant=name,
                column=column.key,
                dots=tuple(
                    SeedDot(cell.seed, cell.values[column.key], *cell.intervals.get(column.key, ()))
                    for cell in own[name]
                    if column.key in cell.values
                ),
                mean=mean_over_seeds([*values.values()], logs=column.logs, bounds=column.bounds)
                if values
                else None,
                crossed=_crossed_mean(column, own[name], tuple(values)),
                comparison=comparison,
                crossed_difference=crossed_difference,
                lost_mass=is_lost,
                sentence=""
                if comparison is None
                else result_sentences.comparison_sentence(
                    column, name, baseline, comparison, crossed_difference, lost=is_lost
                ),
            )
        )
    return found


def _items(column: StudyColumn, cells: Sequence[CellValues], seeds: Sequence[int]) -> Floats | None:
    """The items of these seeds [S, I]; None where a seed has none, or other ones."""
    measure = column.measure
    chosen = {cell.seed: cell for cell in cells if cell.seed in seeds}
    if measure is None or not seeds or set(chosen) != set(seeds):
        return None
    ordered = [chosen[seed].items for seed in seeds]
    rows = [item_values(measure, items) for items in ordered]
    if not all(are_paired(measure, ordered[0], items) for items in ordered):
        return None
    return np.stack([row for row in rows if row is not None])


def _crossed_mean(
    column: StudyColumn, cells: Sequence[CellValues], seeds: tuple[int, ...]
) -> CrossedInterval | None:
    items = _items(column, cells, seeds)
    if items is None:
        return None
    if not column.logs:
        return crossed_interval(items, bounds=column.bounds)
    found = crossed_interval(items)
    return CrossedInterval(math.exp(found.low), math.exp(found.high), found.seeds, found.items)


def _lost_mass(cells: Sequence[CellValues], variants: Sequence[str]) -> frozenset[str]:
    """The variants that have on average lost most of their teacher's probability mass."""
    found = set()
    for name in variants:
        pairs = [
            (cell.values[MASS], cell.teacher[MASS])
            for cell in cells
            if cell.variant == name and MASS in cell.values and MASS in cell.teacher
        ]
        if pairs and has_lost_mass(*(float(np.mean(side)) for side in zip(*pairs, strict=True))):
            found.add(name)
    return frozenset(found)


def _tokenized_otherwise(
    cells: Sequence[CellValues], variants: Sequence[str], baseline: str
) -> frozenset[str]:
    """The variants that were measured on other held-out tokens than the baseline, with another vocabulary."""
    digests = {
        name: {
            cell.items["sentences"] for cell in cells if cell.variant == name and "sentences" in cell.items
        }
        for name in variants
    }
    own = digests[baseline]
    return frozenset(name for name, found in digests.items() if own and found and found != own)


def _front(
    variants: Sequence[str], table: Mapping[tuple[str, str], VariantResult], left_out: frozenset[str]
) -> tuple[str, ...]:
    """The variants on the Pareto front of the means of bias and quality."""
    costs = []
    for name in variants:
        means = [table[name, key].mean if (name, key) in table else None for key in (BIAS, QUALITY)]
        bias, quality = (
            math.nan if mean is None else MEASURES[key].cost(mean.mean)
            for key, mean in zip((BIAS, QUALITY), means, strict=True)
        )
        costs.append((bias, quality))
    return tuple(variants[i] for i in fairness_front(costs, [name in left_out for name in variants]))


def _finding(
    column: StudyColumn,
    baseline: str,
    variants: Sequence[str],
    table: Mapping[tuple[str, str], VariantResult],
) -> str:
    comparisons = {
        name: found
        for name in variants
        if name != baseline and (found := table[name, column.key].comparison) is not None
    }
    lost = [name for name in comparisons if table[name, column.key].lost_mass]
    return result_sentences.finding(column, baseline, comparisons, lost)
