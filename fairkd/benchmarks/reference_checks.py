"""Against what each benchmark was checked, and how close it came: what a badge says.

    reference_check("crows-pairs").sentence    # "200 items of embedded/teacher, largest difference 3e-06"

`python -m tests.benchmarks.check NAME` compares a benchmark item by item with a plain, slow implementation
and writes `resources/benchmark_checks.json`. Loads no torch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True)
class ReferenceCheck:
    """One comparison with the plain reference.

    Attributes
    ----------
    items : int
        How many items of the real data were compared.
    largest_difference : float
        Of their scores, in the scores' own unit.
    model : str
        The model that both measured.
    date : str
        ISO 8601.
    """

    items: int
    largest_difference: float
    model: str
    date: str

    @property
    def sentence(self) -> str:
        """What was compared, and the largest difference of the scores.

        >>> ReferenceCheck(items=200, largest_difference=3.2e-6, model="a", date="2026-11-28").sentence
        '200 items of a, largest difference 3e-06'
        >>> ReferenceCheck(items=29, largest_difference=0.0, model="a", date="2026-11-28").sentence
        '29 items of a, no difference'
        """
        difference = (
            f"largest difference {self.largest_difference:.0e}"
            if self.largest_difference
            else "no difference"
        )
        return f"{self.items:,} items of {self.model}, {difference}"


def reference_check(benchmark: str) -> ReferenceCheck | None:
    """The last check of a benchmark; None for one that was not checked."""
    return _all().get(benchmark)


@lru_cache(maxsize=1)
def _all() -> Mapping[str, ReferenceCheck]:
    text = (files("fairkd") / "resources" / "benchmark_checks.json").read_text(encoding="utf-8")
    return MappingProxyType({name: ReferenceCheck(**values) for name, values in json.loads(text).items()})
