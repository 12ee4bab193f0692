"""A cache of measured gaps by sentence: a new profession is measured alone, not the whole table again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from threading import Lock

import pandas as pd

from fairkd.lexicon import Profession, Template

MOST_ROWS = 150_000  # at most about 100 MB
PORTION = 450  # sentences measured per call; fewer would not fill the batches

# What determines a row besides template and profession: model, word groups, and with or without prior.
QuestionKey = tuple[object, ...]
Row = tuple[object, ...]
Measure = Callable[[Sequence[Template], Sequence[Profession]], pd.DataFrame]


class GapStore:
    """Rows of `fairkd.measures.gaps` by question, template and profession.

    When the cache is full, the least recently used templates are dropped. All visitors share it, so a lock
    guards it; nothing is measured while the lock is held.
    """

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        self._most_rows = most_rows
        self._stored: OrderedDict[tuple[QuestionKey, Template], dict[Profession, Row]] = OrderedDict()
        self._columns: list[str] = []
        self._lock = Lock()

    def missing(
        self, question: QuestionKey, templates: Sequence[Template], professions: Sequence[Profession]
    ) -> int:
        """The number of sentences that are not in the cache."""
        return sum(len(_missing(self._known(question, template), professions)) for template in templates)

    def frame(
        self,
        question: QuestionKey,
        templates: Sequence[Template],
        professions: Sequence[Profession],
        measure: Measure,
    ) -> pd.DataFrame:
        """One row per template and profession, in that order.

        `measure` is called for missing sentences only, a few templates at a time. Its rows are stored after
        each call, so that an interrupted measurement continues where it stopped.
        """
        known = {template: self._known(question, template) for template in templates}
        for several, names in _portions(known, professions):
            measured = measure(several, names)
            self._columns = list(measured.columns)
            template_of = {(one.text, one.role): one for one in several}
            profession_of = {one.name: one for one in names}
            keys = zip(measured["template"], measured["role"], measured["profession"], strict=True)
            rows = measured.itertuples(index=False, name=None)
            for (text, role, profession), row in zip(keys, rows, strict=True):
                known[template_of[text, role]][profession_of[profession]] = row
            for template in several:
                self._store(question, template, known[template])
        for template in templates:
            self._store(question, template, known[template])  # marks it as recently used
        found = [
            known[template][profession]
            for template in templates
            for profession in professions
            if profession in known[template]  # `measure` skips a template that renders to the same sentence
        ]
        return pd.DataFrame(found, columns=self._columns)

    def _known(self, question: QuestionKey, template: Template) -> dict[Profession, Row]:
        """A copy of the stored rows of a template, which other threads cannot drop."""
        with self._lock:
            return dict(self._stored.get((question, template), {}))

    def _store(self, question: QuestionKey, template: Template, rows: dict[Profession, Row]) -> None:
        """Add rows, and drop the least recently used templates until the rest fits."""
        key = (question, template)
        with self._lock:
            self._stored.setdefault(key, {}).update(rows)
            self._stored.move_to_end(key)
            total = sum(len(stored) for stored in self._stored.values())
            while total > self._most_rows and len(self._stored) > 1:
                _, dropped = self._stored.popitem(last=False)
                total -= len(dropped)


def _missing(known: dict[Profession, Row], professions: Sequence[Profession]) -> list[Profession]:
    """The professions without a row."""
    return [profession for profession in professions if profession not in known]


def _portions(
    known: dict[Template, dict[Profession, Row]], professions: Sequence[Profession]
) -> Iterator[tuple[list[Template], list[Profession]]]:
    """Templates that miss the same professions, with these, about PORTION sentences at a time."""
    missing = {template: tuple(_missing(rows, professions)) for template, rows in known.items()}
    for names in dict.fromkeys(names for names in missing.values() if names):
        same = [template for template, professions_missing in missing.items() if professions_missing == names]
        step = max(1, PORTION // len(names))
        for start in range(0, len(same), step):
            yield same[start : start + step], list(names)
