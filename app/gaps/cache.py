"""Measured gaps, kept sentence by sentence: a new profession costs that profession, not the whole table."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from threading import Lock

import pandas as pd

from fairkd.lexicon import Template

MOST_ROWS = 150_000  # about 100 MB at the very most
AT_ONCE = 450  # sentences measured in one go; fewer would waste the larger batches

# What besides template and profession decides a row: the model, the word groups, with or without prior.
Question = tuple[object, ...]
Row = tuple[object, ...]
Measure = Callable[[Sequence[Template], Sequence[str]], pd.DataFrame]


class GapStore:
    """Rows of `fairkd.measures.word_gaps.gaps` by question, template and profession; the longest unused
    templates go first.

    Shared by all visitors, so guarded by a lock; nothing is measured while it is held.
    """

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        self._most_rows = most_rows
        self._kept: OrderedDict[tuple[Question, Template], dict[str, Row]] = OrderedDict()
        self._columns: list[str] = []
        self._lock = Lock()

    def missing(self, question: Question, templates: Sequence[Template], professions: Sequence[str]) -> int:
        """How many of the sentences have not been measured yet."""
        return sum(len(_lacking(self._known(question, template), professions)) for template in templates)

    def frame(
        self, question: Question, templates: Sequence[Template], professions: Sequence[str], measure: Measure
    ) -> pd.DataFrame:
        """One row a template and profession, in that order.

        `measure` is called for what is missing alone, a few templates at a time, and its rows are kept at
        once: a visitor who changes something meanwhile does not start from nothing.
        """
        known = {template: self._known(question, template) for template in templates}
        for several, lacking in _portions(known, professions):
            measured = measure(several, lacking)
            self._columns = list(measured.columns)
            keys = zip(measured["template"], measured["role"], measured["profession"], strict=True)
            rows = measured.itertuples(index=False, name=None)
            for (text, role, profession), row in zip(keys, rows, strict=True):
                known[Template(text, role)][profession] = row
            for template in several:
                self._keep(question, template, known[template])
        for template in templates:
            self._keep(question, template, known[template])  # used again, so not the first to be forgotten
        found = [
            known[template][profession]
            for template in templates
            for profession in professions
            if profession in known[template]  # of templates that ask the same, the first alone is measured
        ]
        return pd.DataFrame(found, columns=self._columns)

    def _known(self, question: Question, template: Template) -> dict[str, Row]:
        """A copy of what is kept for the template, which nobody else can let go of."""
        with self._lock:
            return dict(self._kept.get((question, template), {}))

    def _keep(self, question: Question, template: Template, rows: dict[str, Row]) -> None:
        """Add rows, and let the longest unused templates go until what is kept fits."""
        key = (question, template)
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
    known: dict[Template, dict[str, Row]], professions: Sequence[str]
) -> Iterator[tuple[list[Template], list[str]]]:
    """Templates that lack the same professions, with these, about AT_ONCE sentences at a time."""
    lacking = {template: tuple(_lacking(rows, professions)) for template, rows in known.items()}
    for names in dict.fromkeys(names for names in lacking.values() if names):
        alike = [template for template, lacks in lacking.items() if lacks == names]
        step = max(1, AT_ONCE // len(names))
        for start in range(0, len(alike), step):
            yield alike[start : start + step], list(names)
