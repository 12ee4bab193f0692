"""Measured gaps, kept sentence by sentence: a new profession costs that profession, not the whole table."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from threading import Lock

import pandas as pd

from fairkd.lexicon import Pattern

MOST_ROWS = 150_000  # about 100 MB at the very most
AT_ONCE = 450  # sentences measured in one go; fewer would waste the larger batches

# What besides pattern and profession decides a row: the model, the word groups, with or without prior.
Question = tuple[object, ...]
Row = tuple[object, ...]
Measure = Callable[[Sequence[Pattern], Sequence[str]], pd.DataFrame]


class GapStore:
    """Rows of `fairkd.measures.word_gaps.gaps` by question, pattern and profession; the longest unused
    patterns go first.

    Shared by all visitors, so guarded by a lock; nothing is measured while it is held.
    """

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        self._most_rows = most_rows
        self._kept: OrderedDict[tuple[Question, Pattern], dict[str, Row]] = OrderedDict()
        self._columns: list[str] = []
        self._lock = Lock()

    def missing(self, question: Question, patterns: Sequence[Pattern], professions: Sequence[str]) -> int:
        """How many of the sentences have not been measured yet."""
        return sum(len(_lacking(self._known(question, pattern), professions)) for pattern in patterns)

    def frame(
        self, question: Question, patterns: Sequence[Pattern], professions: Sequence[str], measure: Measure
    ) -> pd.DataFrame:
        """One row a pattern and profession, in that order.

        `measure` is called for what is missing alone, a few patterns at a time, and its rows are kept at
        once: a visitor who changes something meanwhile does not start from nothing.
        """
        known = {pattern: self._known(question, pattern) for pattern in patterns}
        for several, lacking in _portions(known, professions):
            measured = measure(several, lacking)
            self._columns = list(measured.columns)
            keys = zip(measured["pattern"], measured["slot"], measured["profession"], strict=True)
            rows = measured.itertuples(index=False, name=None)
            for (text, slot, profession), row in zip(keys, rows, strict=True):
                known[Pattern(text, slot)][profession] = row
            for pattern in several:
                self._keep(question, pattern, known[pattern])
        for pattern in patterns:
            self._keep(question, pattern, known[pattern])  # used again, so not the first to be forgotten
        found = [
            known[pattern][profession]
            for pattern in patterns
            for profession in professions
            if profession in known[pattern]  # of patterns that ask the same, the first alone is measured
        ]
        return pd.DataFrame(found, columns=self._columns)

    def _known(self, question: Question, pattern: Pattern) -> dict[str, Row]:
        """A copy of what is kept for the pattern, which nobody else can let go of."""
        with self._lock:
            return dict(self._kept.get((question, pattern), {}))

    def _keep(self, question: Question, pattern: Pattern, rows: dict[str, Row]) -> None:
        """Add rows, and let the longest unused patterns go until what is kept fits."""
        key = (question, pattern)
        with self._lock:
            self._kept.setdefault(key, {}).update(rows)
            self._kept.move_to_end(key)
            total = sum(len(kept) for kept in self._kept.values())
            while total > self._most_rows and len(self._kept) > 1:
                _, forgotten = self._kept.popitem(last=False)
                total -= len(forgotten)


def _lacking(known: dict[str, Row], professions: Sequence[str]) -> list[str]:
    """The professions without a row."""
    return [profession for profession in professions if profession not in known]


def _portions(
    known: dict[Pattern, dict[str, Row]], professions: Sequence[str]
) -> Iterator[tuple[list[Pattern], list[str]]]:
    """Patterns that lack the same professions, with these, about AT_ONCE sentences at a time."""
    lacking = {pattern: tuple(_lacking(rows, professions)) for pattern, rows in known.items()}
    for names in dict.fromkeys(names for names in lacking.values() if names):
        alike = [pattern for pattern, lacks in lacking.items() if lacks == names]
        step = max(1, AT_ONCE // len(names))
        for start in range(0, len(alike), step):
            yield alike[start : start + step], list(names)
