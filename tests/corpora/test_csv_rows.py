"""Rows of CSV files whose quotes close, and of those where they do not."""

from __future__ import annotations

import csv
import io
import tracemalloc

import pytest
from hypothesis import given, settings, strategies as st

from fairkd.corpora import Tally, csv_rows


def rows(text: str) -> tuple[list[list[str]], int]:
    """The rows that are not empty, and how many lines are counted as left out."""
    tally = Tally()
    found = list(csv_rows.rows(iter(text.splitlines(keepends=True)), ",", tally))
    assert set(tally) <= {csv_rows.BAD_ROW}
    return [row for row in found if row], tally[csv_rows.BAD_ROW]


@settings(deadline=None)
@given(st.lists(st.lists(st.text('a ",\n', max_size=9), min_size=2, max_size=3), max_size=6))
def test_what_csv_writes_is_read_as_it_was(table: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    assert rows(text.getvalue()) == (table, 0)


@pytest.mark.parametrize(
    ("text", "found", "bad"),
    [
        ('1,"He never ends\n2,she is\n', [["2", "she is"]], 1),
        ('1,"He never ends\n2,"she is"\n3,he is\n', [["2", "she is"], ["3", "he is"]], 1),
        ('1,"open\n2,"open\n3,"open\n', [], 3),
        ('1,"open\n2,"two\nlines"\n', [["2", "two\nlines"]], 1),
        ('1,"so" it is\n2,5" of it\n', [["1", "so it is"], ["2", '5" of it']], 0),
        ('1,he is\n2,"', [["1", "he is"]], 1),
    ],
)
def test_a_line_whose_quote_does_not_close_is_left_out_alone(
    text: str, found: list[list[str]], bad: int
) -> None:
    assert rows(text) == (found, bad)


@settings(deadline=None)
@given(st.text('a",\n', max_size=60))
def test_every_line_is_read_or_counted(text: str) -> None:
    found, bad = rows(text)
    lines = [line for line in text.splitlines() if line]
    assert bad <= len(lines)
    assert sum(map(len, lines)) == 0 or found or bad


def test_many_open_quotes_need_neither_time_nor_memory() -> None:
    lines = (f'{n},"Sentence number {n} is open.\n' for n in range(50_000))
    closed = (f"{n},Sentence number {n} is here.\n" for n in range(50_000))
    tally = Tally()
    tracemalloc.start()
    count = sum(1 for _ in csv_rows.rows((line for each in (lines, closed) for line in each), ",", tally))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (count, tally[csv_rows.BAD_ROW]) == (50_000, 50_000)
    assert peak < 3e6
