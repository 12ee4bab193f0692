"""Measured gaps, kept sentence by sentence: a new profession costs that profession, not the whole table."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock

import pandas as pd

from fairkd.patterns import Pattern

MOST_ROWS = 150_000  # about 100 MB at the very most

Question = tuple[
    object, ...
]  # what besides pattern and profession decides a row: model, word groups, prior or not
Row = tuple[object, ...]
Measure = Callable[[Sequence[Pattern], Sequence[str]], pd.DataFrame]


class GapStore:
    """Rows of `fairkd.gaps.gaps` by question, pattern and profession; the longest unused patterns go first.

    Shared by all visitors, so guarded by a lock; nothing is measured while it is held.
    """

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        self._most_rows = most_rows
        self._kept: OrderedDict[tuple[Question, Pattern], dict[str, Row]] = OrderedDict()
        self._columns: list[str] = []
        self._lock = Lock()

    def missing(
        self, question: Question, patterns: Sequence[Pattern], professions: Sequence[str]
    ) -> tuple[list[Pattern], list[str]]:
        """The patterns and the professions between which some row has not been measured yet."""
        return _lacking(self._known(question, patterns), professions)

    def frame(
        self, question: Question, patterns: Sequence[Pattern], professions: Sequence[str], measure: Measure
    ) -> pd.DataFrame:
        """One row a pattern and profession, in that order; `measure` is called for what is missing alone."""
        known = self._known(question, patterns)
        lacking = _lacking(known, professions)
        if lacking[0]:
            measured = measure(*lacking)
            self._columns = list(measured.columns)
            for row in measured.itertuples(index=False, name=None):
                at = dict(zip(self._columns, row, strict=True))
                known[Pattern(text=str(at["pattern"]), slot=str(at["slot"]))][str(at["profession"])] = row
        with self._lock:
            for pattern in patterns:
                key = (question, pattern)
                self._kept.setdefault(key, {}).update(known[pattern])
                self._kept.move_to_end(key)
            self._forget()
        rows = [
            known[pattern][profession]
            for pattern in patterns
            for profession in professions
            if profession in known[pattern]  # of patterns that ask the same, the first alone is measured
        ]
        return pd.DataFrame(rows, columns=self._columns)

    def _known(self, question: Question, patterns: Sequence[Pattern]) -> dict[Pattern, dict[str, Row]]:
        """A copy of what is kept for the patterns, which nobody else can let go of."""
        with self._lock:
            return {pattern: dict(self._kept.get((question, pattern), {})) for pattern in patterns}

    def _forget(self) -> None:
        """Let the longest unused patterns go until what is kept fits."""
        total = sum(len(rows) for rows in self._kept.values())
        while total > self._most_rows and len(self._kept) > 1:
            _, rows = self._kept.popitem(last=False)
            total -= len(rows)


def _lacking(
    known: dict[Pattern, dict[str, Row]], professions: Sequence[str]
) -> tuple[list[Pattern], list[str]]:
    """The patterns that lack some profession, and the professions that some pattern lacks."""
    patterns = [pattern for pattern, rows in known.items() if not rows.keys() >= set(professions)]
    return patterns, [name for name in professions if any(name not in known[pattern] for pattern in patterns)]
