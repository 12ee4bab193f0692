"""Where several benchmarks contradict each other about the same pairs: CrowS-Pairs, AUL and AULA.

    found = disagreements([crows_result, aul_result, aula_result])   # of one model
    found.sentences        # ("CrowS-Pairs and AUL disagree on 612 of 1,508 items (40.6 %).", ...)
    found.items            # the items on which they disagree most come first

The scores of two benchmarks have different scales. So the items of each are ranked by the size of their
score, and an item's rank, divided by the number of items, gets the sign of its score: 1 is the strongest
preference for the stereotype, -1 the strongest against it. The disagreement about an item is the largest
such number minus the smallest, between 0 and 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pandas as pd

from fairkd.benchmarks.benchmark_registry import BENCHMARKS
from fairkd.benchmarks.results import Result
from fairkd.errors import InputError, listed


@dataclass(frozen=True, kw_only=True)
class Disagreements:
    """How far benchmarks contradict each other on the items that all of them scored.

    Attributes
    ----------
    model : str
    benchmarks : tuple of str
        Their keys.
    n : int
        The number of items.
    pairs : mapping of (str, str) to int
        On how many items two benchmarks choose differently.
    items : DataFrame
        One row an item: id, category, the sentences, `disagreement`, `agree` (whether all choose the same),
        and for each benchmark KEY its choice and its score as `KEY choice` and `KEY score`. Items on which
        the choices differ come first, by falling disagreement.
    """

    model: str
    benchmarks: tuple[str, ...]
    n: int
    pairs: Mapping[tuple[str, str], int]
    items: pd.DataFrame = field(repr=False, compare=False)

    @property
    def sentences(self) -> tuple[str, ...]:
        """How often each two of them disagree."""
        return tuple(
            f"{BENCHMARKS[one].label} and {BENCHMARKS[other].label} disagree on {count:,} of {self.n:,} "
            f"items ({100 * count / self.n:.1f} %)."
            for (one, other), count in self.pairs.items()
        )


def share_items(results: Sequence[Result]) -> list[Result]:
    """Those results of one model whose items are the same pairs, as far as they have choices and scores.

    They have the data of the first such result. Fewer than two are no ground for a comparison.
    """
    able = [result for result in results if BENCHMARKS[result.benchmark].choice]
    able = [result for result in able if BENCHMARKS[result.benchmark].score and result.model == able[0].model]
    by_data: dict[str, list[Result]] = {}
    for result in able:
        by_data.setdefault(result.data.sha256, []).append(result)
    return max(by_data.values(), key=len, default=[])


def disagreements(results: Sequence[Result]) -> Disagreements:
    """Compare what several benchmarks say of the same items.

    Parameters
    ----------
    results : sequence of Result
        Of one model, by benchmarks with `choice` and `score`, on the same data.

    Raises
    ------
    InputError
        For fewer than two results that fit together, and where no item was scored by all.
    """
    fitting = share_items(results)
    if len(fitting) < 2 or len(fitting) < len(results):
        raise InputError(
            "Benchmarks can contradict each other on the same items of the same model alone; expected two "
            f"results or more of that kind, but got {_named(results)}."
        )
    tables = {result.benchmark: result.items.set_index("id", drop=False) for result in fitting}
    first = next(iter(tables.values()))
    ids = [name for name in first["id"] if all(name in table.index for table in tables.values())]
    if not ids:
        raise InputError(f"No item was scored by all of {_named(results)}.")
    texts = [name for name in first.columns if name.startswith("text_")]
    items = first.loc[ids, ["id", "category", *texts]].reset_index(drop=True)
    sides = []
    for key, table in tables.items():
        choice, score = BENCHMARKS[key].choice, BENCHMARKS[key].score
        items[f"{key} choice"] = table.loc[ids, choice].to_numpy(dtype=bool)
        items[f"{key} score"] = table.loc[ids, score].to_numpy(dtype=float)
        sides.append(_signed_ranks(items[f"{key} score"]))
    choices = items[[f"{key} choice" for key in tables]].to_numpy()
    items.insert(2, "disagreement", np.ptp(np.stack(sides), axis=0))
    items.insert(3, "agree", (choices == choices[:, :1]).all(axis=1))
    return Disagreements(
        model=fitting[0].model,
        benchmarks=tuple(tables),
        n=len(items),
        pairs={
            (one, other): int((items[f"{one} choice"] != items[f"{other} choice"]).sum())
            for one, other in combinations(tables, 2)
        },
        items=items.sort_values(
            ["agree", "disagreement"], ascending=[True, False], kind="stable", ignore_index=True
        ),
    )


def _signed_ranks(scores: pd.Series) -> np.ndarray:
    """Ranks of the sizes between 0 and 1, with the signs of the scores; equal sizes share a rank."""
    return (np.sign(scores) * scores.abs().rank() / len(scores)).to_numpy()


def _named(results: Sequence[Result]) -> str:
    names = [f"{result.benchmark} of {result.model} on {result.data.file}" for result in results]
    return listed(names) if names else "none"
