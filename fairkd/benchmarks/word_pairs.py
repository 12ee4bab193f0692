"""One model's scores of two words, such as associations of female and of male ones, tested in each category.

    word_pair_tests(result)      # BEC-Pro: one row a group of professions

This is the test of Bartl et al. 2020 (see `bec_pro`), a Wilcoxon signed-rank test of all pairs of sentences.
Sentences of one profession are not independent, so their test finds differences too easily. The test of the
means of the professions stands beside it: with few professions it is conservative.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fairkd.benchmarks.benchmark_comparison import p_text
from fairkd.benchmarks.benchmark_registry import BENCHMARKS
from fairkd.benchmarks.results import Result
from fairkd.measures import FEWEST_ITEMS, holm, signed_rank
from fairkd.utils import signed, signed_correlation

WORD_PAIR_READING = (
    "Groups are named after the gender that mostly holds their professions. Above 0, the professions make "
    "female words more probable than male ones; below 0, male words. Sentences of one profession are not "
    "independent, so trust the test over professions; the one over sentence pairs is that of the paper. Both "
    "are Wilcoxon signed-rank tests, with p adjusted by Holm for the groups of a model; r is the "
    "rank-biserial correlation."
)


def word_pair_tests(result: Result) -> pd.DataFrame:
    """The mean scores of both words of each item's pair in every category, in nats, with two paired tests.

    Returns
    -------
    DataFrame
        One row a category: category, the two means (by the keys of their values), difference (first minus
        second), and for all pairs (`_items`) and for the means of the units (`_units`): n, p_value, p_holm
        and effect_size (rank-biserial). The numbers of a test are NaN with fewer than `FEWEST_ITEMS`. Empty
        for a benchmark without such pairs.
    """
    benchmark = BENCHMARKS[result.benchmark]
    if not benchmark.paired:
        return pd.DataFrame()
    first, second = benchmark.paired.values()
    rows = []
    for category, items in result.items.groupby("category", sort=True):
        differences = items[first].astype(float) - items[second].astype(float)
        rows.append(
            {
                "category": str(category),
                **{key: float(items[column].mean()) for key, column in benchmark.paired.items()},
                "difference": float(differences.mean()),
                **_tested("items", differences),
                **_tested("units", differences.groupby(items[benchmark.unit]).mean()),
            }
        )
    table = pd.DataFrame(rows)
    for of in ("items", "units") if rows else ():
        table.insert(table.columns.get_loc(f"p_value_{of}") + 1, f"p_holm_{of}", holm(table[f"p_value_{of}"]))
    return table


def _tested(of: str, differences: pd.Series) -> dict[str, float]:
    found = signed_rank(differences) if len(differences) >= FEWEST_ITEMS else None
    return {
        f"n_{of}": len(differences),
        f"p_value_{of}": found.p_value if found else np.nan,
        f"effect_size_{of}": found.effect_size if found else np.nan,
    }


def word_pair_rows(result: Result) -> list[dict[str, Any]]:
    """The same as plain values for JSON; NaN becomes None."""
    table = word_pair_tests(result).astype(object)
    rows: list[dict[str, Any]] = table.where(table.notna(), None).to_dict("records")
    return rows


def word_pair_table(results: Sequence[Result], names: Mapping[str, str] | None = None) -> pd.DataFrame:
    """The tests of several models as text, a row a category and model; empty without such pairs.

    `names` are what to call the models.
    """
    rows = []
    for result in results:
        benchmark = BENCHMARKS[result.benchmark]
        for row in word_pair_tests(result).to_dict("records"):
            rows.append(
                {
                    "category": f"{row['category']} ({row['n_units']:,} {benchmark.units})",
                    "model": (names or {}).get(result.model, result.model),
                    **{benchmark.value(key).label: signed(row[key], 3) for key in benchmark.paired},
                    "difference": signed(row["difference"], 3),
                    f"over {benchmark.units}": _cell(row, "units"),
                    "over sentence pairs": _cell(row, "items"),
                }
            )
    table = pd.DataFrame(rows)
    return table.sort_values("category", kind="stable", ignore_index=True) if rows else table


def _cell(row: Mapping[str, Any], of: str) -> str:
    if np.isnan(row[f"p_value_{of}"]):
        return f"too few ({row[f'n_{of}']:,})"
    return f"{p_text(row[f'p_holm_{of}'])}, r {signed_correlation(row[f'effect_size_{of}'])}"
