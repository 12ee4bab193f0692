"""The rows of a CSV file, also of one whose quotes do not all close."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator

from fairkd.corpora.corpus import Tally

BAD_ROW = "not a proper CSV row"
LONGEST_ROW = 2**17  # characters that an open quote may take from the lines below


def rows(lines: Iterator[str], mark: str, tally: Tally, *, spaced: bool = False) -> Iterator[list[str]]:
    """Rows of one line, or of several where a quote says so and closes as it should.

    A line whose quote does not is counted and left out, and the lines below it are read again. A slip in a
    line whose quotes close ('"so" it is') is let pass. With `spaced`, spaces behind a mark are no text, so
    that a quote behind them opens.
    """
    row_lines: list[str] = []
    again: deque[str] = deque()
    taken = 0

    def feed() -> Iterator[str]:
        nonlocal taken
        while (line := again.popleft() if again else next(lines, None)) is not None:
            taken = taken + len(line) if row_lines else 0
            row_lines.append(line)
            if taken > LONGEST_ROW:
                raise csv.Error("a quote that does not close")
            yield line

    while True:
        try:
            for row in csv.reader(feed(), delimiter=mark, skipinitialspace=spaced, strict=True):
                row_lines.clear()
                yield row
            return
        except csv.Error:
            first, *below = row_lines
            again.extendleft(reversed(below))
            row_lines.clear()
        alone = _alone(first, mark, spaced)
        if alone is None:
            tally[BAD_ROW] += 1
        else:
            yield alone


def _alone(line: str, mark: str, spaced: bool) -> list[str] | None:
    """The row of one line; None where it asks for a second one, or cannot be read."""
    lines = iter([line, ""])
    try:
        row = next(csv.reader(lines, delimiter=mark, skipinitialspace=spaced))
    except csv.Error:
        return None
    return None if next(lines, None) is None else row
