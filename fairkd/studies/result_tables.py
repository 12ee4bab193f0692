"""The results of a study as tables: CSV with all digits, Markdown and LaTeX for a paper.

found = studies.results("1a2b3c4d")
studies.result_files(found)["results.md"]
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

import pandas as pd

from fairkd import __version__
from fairkd.studies.study_columns import StudyColumn
from fairkd.studies.study_results import StudyResults, VariantResult
from fairkd.utils import latex_table, markdown_table, markdown_text, provenance_line


def about_study(results: StudyResults) -> dict[str, object]:
    """What the numbers of a table are about: columns with one value in all rows."""
    teachers = dict.fromkeys(str(cell.run.config.get("teacher", "")) for cell in results.cells)
    return {
        "study": results.study,
        "study_id": results.id,
        "baseline": results.baseline,
        "teacher": "; ".join(teachers),
        "fairkd_version": __version__,
        "date": datetime.now(UTC).date().isoformat(),
    }


def cells_table(results: StudyResults) -> pd.DataFrame:
    """One row a finished cell: variant, seed, run, and every column of the results; NaN where it has none."""
    keys = [column.key for column in results.columns]
    rows = [
        {"variant": cell.variant, "seed": cell.seed, "run": cell.run.id}
        | {key: cell.values.get(key, math.nan) for key in keys}
        for cell in results.cells
    ]
    frame = pd.DataFrame(rows, columns=["variant", "seed", "run", *keys])
    place = frame["variant"].map(list(results.variants).index)
    return frame.assign(place=place).sort_values(["place", "seed"], ignore_index=True).drop(columns="place")


def variants_table(results: StudyResults) -> pd.DataFrame:
    """One row a variant: for each column KEY of the results, NaN or None where there is none,

    * KEY, KEY_low, KEY_high, KEY_deviation, KEY_seeds: the mean over seeds with its t interval
    * KEY_crossed_low, KEY_crossed_high: its interval over seeds and items
    * KEY_difference, ..._low, ..._high, ..._crossed_low, ..._crossed_high, ..._seeds: to the baseline, paired
      by seed; of a perplexity, the difference of the logarithms
    * KEY_p, KEY_p_holm, KEY_smallest, KEY_verdict: as in `SeedComparison`
    """
    rows = []
    for name in results.variants:
        row: dict[str, object] = {"variant": name}
        for column in results.columns:
            row |= _numbers(column.key, results.of(name, column.key))
        rows.append(row)
    return pd.DataFrame(rows)


def measures_table(results: StudyResults) -> pd.DataFrame:
    """One row a column of the results and a variant, with numbers; NaN or "" where there is none.

    Returns
    -------
    DataFrame
        key, measure: of the column; variant; mean, low, high: over seeds, with the t interval; difference:
        to the baseline, of a perplexity that of the logarithms; p_holm, verdict: as in `SeedComparison`;
        better: which values of the column are.
    """
    rows = []
    for column in results.columns:
        for name in results.variants:
            one = results.of(name, column.key)
            found = _numbers("", one)
            numbers = {key: found[f"_{key}"] for key in ("low", "high", "difference", "p_holm")}
            verdict = found["_verdict"] or ""
            own = {"key": column.key, "measure": column.label, "variant": name, "mean": found[""]}
            rows.append({**own, **numbers, "verdict": verdict, "better": column.better})
    return pd.DataFrame(rows)


def summary_table(results: StudyResults) -> pd.DataFrame:
    """The results as text: a row a column; each variant's mean with its t interval over seeds, verdict."""
    rows = [
        {"measure": _heading(column)}
        | {name: summary_text(column, results.of(name, column.key)) for name in results.variants}
        for column in results.columns
    ]
    return pd.DataFrame(rows, columns=["measure", *results.variants])


def summary_text(column: StudyColumn, one: VariantResult) -> str:
    """A variant in a column as the cell of a table: "0.50 nats (0.25 to 0.75), better"."""
    if one.mean is None:
        return "–"
    text = column.format(one.mean.mean)
    if not math.isnan(one.mean.low) and one.mean.deviation:
        text += f" ({column.interval(one.mean.low, one.mean.high)})"
    if one.comparison is None or one.comparison.is_equal:
        return text
    return f"{text}, {one.comparison.verdict}"


def result_files(results: StudyResults) -> dict[str, str]:
    """The text of each file of an export, by name: cells.csv, variants.csv, results.md, results.tex."""
    about, summary = about_study(results), summary_table(results)
    line = provenance_line(pd.DataFrame([about]))
    notes = [_READING.format(baseline=results.baseline), *results.notes, *results.missing]
    markdown = [
        f"# {markdown_text(results.study)}",
        f"{markdown_text(results.finding)}.",
        markdown_table(summary),
        *map(markdown_text, notes),
        markdown_text(line),
    ]
    latex = [latex_table(summary), *(f"% {text}" for text in (f"{results.finding}.", *notes, line))]
    return {
        "cells.csv": cells_table(results).assign(**about).to_csv(index=False),
        "variants.csv": variants_table(results).assign(**about).to_csv(index=False),
        "results.md": "\n\n".join(markdown) + "\n",
        "results.tex": "\n".join(latex) + "\n",
    }


_READING = (
    "Means over seeds with 95 % t intervals over seeds, and the verdict of a paired t test against "
    "{baseline}; not shown is no proof of equality."
)


def _heading(column: StudyColumn) -> str:
    return f"{column.label} ({column.better} is better)" if column.better else column.label


def _numbers(key: str, one: VariantResult) -> Mapping[str, object]:
    """The numbers of `variants_table` for one column."""
    nan = math.nan
    mean, found = one.mean, one.comparison
    row: dict[str, object] = {
        key: nan if mean is None else mean.mean,
        f"{key}_low": nan if mean is None else mean.low,
        f"{key}_high": nan if mean is None else mean.high,
        f"{key}_deviation": nan if mean is None else mean.deviation,
        f"{key}_seeds": 0 if mean is None else mean.n,
        f"{key}_crossed_low": nan if one.crossed is None else one.crossed.low,
        f"{key}_crossed_high": nan if one.crossed is None else one.crossed.high,
    }
    crossed = one.crossed_difference
    return row | {
        f"{key}_difference": nan if found is None else found.difference,
        f"{key}_difference_low": nan if found is None else found.low,
        f"{key}_difference_high": nan if found is None else found.high,
        f"{key}_difference_crossed_low": nan if crossed is None else crossed.low,
        f"{key}_difference_crossed_high": nan if crossed is None else crossed.high,
        f"{key}_difference_seeds": 0 if found is None else found.n,
        f"{key}_p": nan if found is None else found.p_value,
        f"{key}_p_holm": nan if found is None else found.p_adjusted,
        f"{key}_smallest": nan if found is None else found.smallest,
        f"{key}_verdict": None if found is None else found.verdict,
    }
