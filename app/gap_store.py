"""Measured gaps, kept sentence by sentence: a new profession costs that profession, not the whole table again."""

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
        with self._lock:
            gaps = [
                (pattern, profession)
                for pattern in patterns
                for profession in professions
                if profession not in self._kept.get((question, pattern), {})
            ]
        lacking_patterns = {pattern for pattern, _ in gaps}
        lacking_professions = {profession for _, profession in gaps}
        return (
            [pattern for pattern in patterns if pattern in lacking_patterns],
            [profession for profession in professions if profession in lacking_professions],
        )

    def frame(
        self, question: Question, patterns: Sequence[Pattern], professions: Sequence[str], measure: Measure
    ) -> pd.DataFrame:
        """One row a pattern and profession, in that order; `measure` is called for what is missing alone."""
        lacking = self.missing(question, patterns, professions)
        fresh: dict[tuple[str, str, str], Row] = {}
        if lacking[0]:
            measured = measure(*lacking)
            self._columns = list(measured.columns)
            keys = zip(measured["pattern"], measured["slot"], measured["profession"], strict=True)
            fresh = dict(zip(keys, measured.itertuples(index=False, name=None), strict=True))
        rows: list[Row] = []
        with self._lock:
            for pattern in patterns:
                key = (question, pattern)
                kept = self._kept.setdefault(key, {})
                self._kept.move_to_end(key)
                for profession in professions:
                    name = (pattern.text, pattern.slot, profession)
                    if name in fresh:
                        kept[profession] = fresh[name]
                    rows.append(kept[profession])
            self._forget()
        return pd.DataFrame(rows, columns=self._columns)

    def _forget(self) -> None:
        """Let the longest unused patterns go until what is kept fits."""
        total = sum(len(rows) for rows in self._kept.values())
        while total > self._most_rows and len(self._kept) > 1:
            _, rows = self._kept.popitem(last=False)
            total -= len(rows)
