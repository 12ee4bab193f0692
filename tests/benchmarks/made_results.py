"""Results made of given scores, without a model: of CrowS-Pairs, of BEC-Pro, or of a given table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from fairkd.benchmarks import BENCHMARKS, Benchmark, DataVersion, Result, Unscored
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


def result(
    model: str,
    table: pd.DataFrame,
    *,
    without: Sequence[str] = (),
    of: Benchmark = CROWS,
    **changes: object,
) -> Result:
    """A result with these items; those `without` could not be scored."""
    scored = table[~table["id"].isin(without)].reset_index(drop=True)
    made = Result(
        benchmark=of.key,
        model=model,
        model_hash="0" * 64,
        data=DataVersion("crows-pairs-en", "crows_pairs_anonymized.csv", "0123456789abcdef"),
        precision="strict",
        quick=False,
        overall=summarise(of, scored),
        categories=by_category(of, scored),
        without_faults=None,
        unscored=tuple(Unscored(name, "gender", "The sentences share no token.") for name in without),
        items=scored,
        seconds=1.0,
        version="0",
        date="2026-01-01T00:00:00+00:00",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def associations(model: str, *, shift: float = 0.0, copies: int = 1) -> Result:
    """A result of BEC-Pro: five pairs of sentences for each profession, or several times the same.

    `shift` is added to the difference of every pair.
    """
    random = np.random.default_rng(7)
    rows: list[dict[str, object]] = []
    for group, mean, professions in (("female", 0.6, 8), ("male", -0.4, 8), ("balanced", 0.05, 3)):
        for profession in range(professions):
            tendency = mean + shift + random.normal(scale=0.5)
            for _ in range(5):
                male = random.normal()
                female = male + tendency + random.normal(scale=0.2)
                row = {"category": group, "profession": f"{group} {profession}"}
                row |= {"association_female": female, "association_male": male, "difference": female - male}
                rows += [row] * copies
    table = pd.DataFrame(rows)
    table.insert(0, "id", [str(number) for number in range(len(table))])
    return result(model, table, of=BENCHMARKS["bec-pro"])
