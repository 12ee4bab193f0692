"""Tables of text: which of their columns hold sentences, and the values of one.

A table is read twice: a sample to tell its columns, then the values of one column. Only the parts that are
being looked at are in memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeAlias

from fairkd.corpora.corpus import LimitReached, SkipCounts
from fairkd.corpora.reading import ReadingState
from fairkd.errors import InputError, listed
from fairkd.utils import shortened

SAMPLE = 200  # rows that tell what a column holds
SAMPLE_CELL = 1_000  # characters of a cell that are kept for that

NO_TEXT = "without text in the column"
ROW_AS_HEADER = "row in place of a header (the first line should name the columns)"

# Not a question: surveys name columns after their questions.
_SENTENCE = re.compile(r"(\S+\s+){3,}\S*[.!][\"'”’)]*")

Row: TypeAlias = Mapping[str, Any]
# The rows of a source from the first one on, all columns or at least the named one.
Rows: TypeAlias = Callable[[ReadingState, str | None], Iterator[Row]]


@dataclass(frozen=True)
class Table:
    """A table's columns, its first rows, and the stream of one column's values from the first row on.

    `sample` holds the texts of the first rows, cut at SAMPLE_CELL characters, and None for anything else.
    `no_text` says what columns without text hold: "lists", "objects" or "bytes".
    """

    columns: tuple[str, ...]
    sample: tuple[Mapping[str, str | None], ...]
    values: Callable[[str], Iterator[Any]]
    no_text: Mapping[str, str] = field(default_factory=dict)

    def text_columns(self) -> tuple[str, ...]:
        """Columns whose sampled values are texts, mostly of two words and more."""
        return tuple(name for name in self.columns if _is_text([row.get(name) for row in self.sample]))

    def choose(self, column: str | None, source: str) -> str:
        """`column` if the table has it; if None, the only text column. Else InputError."""
        if not self.sample:
            raise InputError(f"{source} is empty; expected a table of at least one row below its header.")
        held = {name: f" ({self.no_text[name]})" if name in self.no_text else "" for name in self.columns}
        every = listed([f"{shortened(name)}{held[name]}" for name in self.columns])
        if column is not None:
            if column not in self.columns:
                raise InputError(f"{source} has no column '{shortened(column)}'; its columns are: {every}.")
            if column in self.no_text:
                raise InputError(
                    f"The column '{shortened(column)}' of {source} holds {self.no_text[column]}; expected "
                    "one text a row. Write each text into a row of its own, in a column of strings."
                )
            return column
        texts = self.text_columns()
        if not texts and set(self.columns) <= set(self.no_text):
            raise InputError(
                f"{source} has no column of text, but: {every}; expected one text a row. Write each text "
                "into a row of its own, in a column of strings."
            )
        if not texts:
            raise InputError(
                f"{source} has no column that looks like sentences; name the one to read, out of: {every}."
            )
        if len(texts) > 1:
            raise InputError(
                f"{source} has {len(texts)} columns of text; name the one to read, out of: "
                f"{listed([shortened(name) for name in texts])}."
            )
        return texts[0]

    def texts(self, column: str, skipped: SkipCounts) -> Iterator[str]:
        """The texts of a column. Other values are counted, and so is a name that looks like a text."""
        skipped[ROW_AS_HEADER] += self._header_is_row(column)
        for value in self.values(column):
            if isinstance(value, str) and value.strip():
                yield value
            else:
                skipped[f"{NO_TEXT} '{shortened(column)}'"] += 1

    def _header_is_row(self, column: str) -> bool:
        """Whether the name is a sentence, or a few words beside another column's last word or value."""
        if _SENTENCE.fullmatch(column) is not None:
            return True
        others = [name for name in self.columns if name != column]
        return len(column.split()) > 2 and any(
            name.endswith((".", "!")) or any(row.get(name) == name for row in self.sample) for name in others
        )


def make_table(
    rows: Rows,
    reading: ReadingState,
    name: str,
    *,
    columns: tuple[str, ...] = (),
    no_text: Mapping[str, str] | None = None,
) -> Table:
    """The table of rows, whose columns are those of its first rows unless they are known.

    Raises
    ------
    InputError
        The limits leave no row; or from the rows.
    """
    sample: list[dict[str, str | None]] = []
    found = dict(no_text or {})
    try:
        for row in islice(rows(reading.again(), None), SAMPLE):
            for key, value in row.items():
                if isinstance(value, list | dict):
                    found.setdefault(key, "lists" if isinstance(value, list) else "objects")
            sample.append(
                {key: value[:SAMPLE_CELL] if isinstance(value, str) else None for key, value in row.items()}
            )
    except LimitReached as limit:
        if not sample:
            raise InputError(
                f"{name} has no row in {limit.part}; expected rows of text from its beginning on."
            ) from None
    texts = {key for row in sample for key, value in row.items() if value}
    return Table(
        columns=columns or tuple(dict.fromkeys(key for row in sample for key in row)),
        sample=tuple(sample),
        values=lambda column: (row.get(column) for row in rows(reading, column)),
        no_text={key: kind for key, kind in found.items() if key not in texts},
    )


def _is_text(values: list[str | None]) -> bool:
    texts = [value for value in values if value and value.strip()]
    return 2 * sum(len(text.split()) > 1 for text in texts) > len(texts)
