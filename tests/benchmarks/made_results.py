"""Results of CrowS-Pairs made of given scores, without a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from fairkd.benchmarks import BENCHMARKS, DataVersion, Result, Unscored
from fairkd.benchmarks.results import by_category, summarise

CROWS = BENCHMARKS["crows-pairs"]


def items(differences: Sequence[float], categories: Sequence[str] | None = None) -> pd.DataFrame:
    """Pairs with these differences of the scores; the stereotype is preferred where one is positive."""
    return pd.DataFrame(
        [
            {
                "id": str(number),
                "category": categories[number] if categories else "gender",
                "faulty": False,
                "faults": "",
                "text_more": f"more {number}",
                "text_less": f"less {number}",
                "score_more": difference - 20.0,
                "score_less": -20.0,
                "difference": difference,
                "stereotype": difference > 0,
                "tie": difference == 0,
                "direction": "stereo",
            }
            for number, difference in enumerate(differences)
        ]
    )


def result(model: str, table: pd.DataFrame, *, without: Sequence[str] = (), **changes: object) -> Result:
    """A result with these items; those `without` could not be scored."""
    scored = table[~table["id"].isin(without)].reset_index(drop=True)
    made = Result(
        benchmark="crows-pairs",
        model=model,
        model_hash="0" * 64,
        data=DataVersion("crows-pairs-en", "crows_pairs_anonymized.csv", "0123456789abcdef"),
        precision="strict",
        quick=False,
        overall=summarise(CROWS, scored),
        categories=by_category(CROWS, scored),
        without_faults=None,
        unscored=tuple(Unscored(name, "gender", "The sentences share no token.") for name in without),
        items=scored,
        seconds=1.0,
        version="0",
        date="2026-01-01T00:00:00+00:00",
    )
    return replace(made, **changes)  # type: ignore[arg-type]
