"""The one reader of CSV and tab-separated text: its header, its separator, and its rows.

table = csv_table(lines, name="letters.csv")
for number, cells in table.rows: ...      # the page's uploads, which are refused at the first bad row
for record in records(table, misfit): ...     # corpora, which count bad rows and go on
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, NamedTuple

from fairkd.errors import InputError

LONGEST_ROW = 2**17  # characters that an open quote may take from the lines below it

UNREADABLE = f"with a quote that does not close or a field of more than {LONGEST_ROW:,} characters"
MORE_CELLS = "with more cells than the header"
FEWER_CELLS = "with fewer cells than the header"

_NAMED_SEPARATOR = re.compile(r'"?sep=([^\w\s"]|\t)"?', re.IGNORECASE)  # as Excel writes it above the header


class CsvRow(NamedTuple):
    """A row below the header; `cells` is None where it cannot be read, and empty for a blank line."""

    number: int  # of its first line in the text, from 1 on
    cells: list[str] | None


@dataclass(frozen=True)
class CsvTable:
    """The names of a table's columns, and its rows, which are read as they are asked for."""

    names: tuple[str, ...]
    separator: str
    rows: Iterator[CsvRow]


def csv_table(lines: Iterable[str], *, tabs: bool = False, name: str = "The file") -> CsvTable:
    """Read a header and then, one by one, the rows below it.

    Parameters
    ----------
    lines
        The text's lines with their line ends. Blank ones above the header are passed over.
    tabs
        Whether this is a tab-separated file (.tsv), where a quote is a character like any other unless it
        frames a field. Otherwise the separator is the one that a line `sep=;` above the header names, or
        else the most frequent of comma, semicolon and tab in the header.
    name
        What messages call the text.

    Raises
    ------
    InputError
        The header is not a proper line of CSV.

    Notes
    -----
    A quoted field may hold line breaks. A row whose quote does not close is one unreadable row of one line,
    and the lines below it are read on their own; in a tab-separated file it is taken literally instead. So is
    a quoted field there that would hold both a line break and a tab: those are two rows of a quotation. A
    misplaced quote in a line whose quotes close ('"so" it is') is accepted.
    """
    lines = iter(lines)
    number = 0

    def next_filled() -> str:
        nonlocal number
        for line in lines:
            number += 1
            if line.strip():
                return line
        return ""

    header, separator = next_filled(), "\t" if tabs else ""
    if not tabs and (named := _NAMED_SEPARATOR.fullmatch(header.rstrip("\r\n"))):
        header, separator = next_filled(), named[1]
    separator = separator or max(",;\t", key=header.count)  # a comma, unless the header has more of another
    try:
        cells = _literal(header) if tabs else next(csv.reader([header], **_dialect(separator)), [])
    except csv.Error as error:
        raise InputError(
            f"{name} has no proper CSV header ({error}); expected column names in a first line that ends "
            "with a line feed."
        ) from None
    if tabs and len(cells) == 1:  # nothing would tell a field of two lines from two rows of a quotation
        rows: Iterator[CsvRow] = (CsvRow(at, _literal(line)) for at, line in enumerate(lines, number + 1))
    else:
        # Below a single name, spaces belong to the text: its commas do not separate.
        rows = _rows(lines, number + 1, separator, tabs=tabs, spaced=not tabs and len(cells) > 1)
    return CsvTable(tuple(cell.strip() for cell in cells), separator, rows)


def records(
    table: CsvTable, misfit: Callable[[str], object], column: str | None = None
) -> Iterator[dict[str, str | None]]:
    """The rows by column name; the last cells of a short row are None.

    `misfit` is called with the reason for each row that is left out: it cannot be read, has more cells than
    the header, or ends before `column`. Below a header of one column, separators are text. An empty name is
    "column 2" for the second one, and a "text" that is named twice is "text (2)" the second time.
    """
    names = _distinct(table.names)
    plain = len(names) == 1 and table.separator != "\t"
    for _, cells in table.rows:
        if cells is None:
            misfit(UNREADABLE)
        elif cells and plain:
            yield {names[0]: table.separator.join(cells)}
        elif any(cell.strip() for cell in cells[len(names) :]):
            misfit(MORE_CELLS)  # which cell belongs to which column is unknown
        elif cells:
            row = dict(zip_longest(names, cells[: len(names)]))
            if column is None or row.get(column) is not None:
                yield row
            else:
                misfit(FEWER_CELLS)


def _distinct(names: Sequence[str]) -> list[str]:
    found: dict[str, None] = {}
    for number, name in enumerate(names, 1):
        name = name or f"column {number}"
        found[name if name not in found else f"{name} ({number})"] = None
    return list(found)


def _rows(lines: Iterator[str], number: int, separator: str, *, tabs: bool, spaced: bool) -> Iterator[CsvRow]:
    """The rows of `lines`, numbered from `number` on; with `spaced`, spaces before a cell are no text."""
    again: deque[str] = deque()  # lines below one whose quote does not close
    taken: list[str] = []  # lines of the row at hand
    below = 0  # characters of its lines but the first

    def feed() -> Iterator[str]:
        nonlocal below
        while (line := again.popleft() if again else next(lines, None)) is not None:
            below = below + len(line) if taken else 0
            taken.append(line)
            if below > LONGEST_ROW:
                raise csv.Error("a quote that does not close")
            yield line

    while True:
        try:
            for cells in csv.reader(feed(), strict=True, **_dialect(separator, spaced)):
                if tabs and len(taken) > 1 and any("\t" in cell for cell in cells):
                    raise csv.Error("a quotation over two rows")
                yield CsvRow(number, cells)
                number += len(taken)
                taken.clear()
            return
        except csv.Error:
            first, *others = taken
            again.extendleft(reversed(others))
            taken.clear()
        yield CsvRow(number, _literal(first) if tabs else _alone(first, separator, spaced))
        number += 1


def _dialect(separator: str, spaced: bool = True) -> dict[str, Any]:
    return {"delimiter": separator, "skipinitialspace": spaced}


def _alone(line: str, separator: str, spaced: bool) -> list[str] | None:
    """The row of one line; None if it continues on the next line or cannot be read."""
    lines = iter([line, ""])
    try:
        row = next(csv.reader(lines, **_dialect(separator, spaced)))
    except csv.Error:
        return None
    return None if next(lines, None) is None else row


def _literal(line: str) -> list[str]:
    """The fields between the tabs of a line; quotes at both ends of a field frame it."""
    line = line.rstrip("\r\n")
    return [_unquote(field) for field in line.split("\t")] if line else []


def _unquote(field: str) -> str:
    quoted = len(field) > 1 and field[0] == field[-1] == '"'
    return field[1:-1].replace('""', '"') if quoted else field
