"""Rows of CSV files whose quotes close, and of those where they do not."""

from __future__ import annotations

import csv
import io
import tracemalloc

import pytest
from hypothesis import given, strategies as st

from fairkd.corpora.csv_rows import FEWER_CELLS, MORE_CELLS, UNREADABLE, csv_table, records


def rows(text: str, header: str = "a,b,c\n", *, tabs: bool = False) -> tuple[list[list[str]], int]:
    """The rows below a header that are not blank, and how many cannot be read."""
    table = csv_table((header + text).splitlines(keepends=True), tabs=tabs)
    found = list(table.rows)
    numbers = [number for number, _ in found]
    assert numbers == sorted(set(numbers)) and set(numbers) <= set(range(2, text.count("\n") + 3))
    return [cells for _, cells in found if cells], sum(cells is None for _, cells in found)


@given(st.lists(st.lists(st.text('a ",\n', max_size=9), min_size=2, max_size=3), max_size=6))
def test_what_csv_writes_is_read_as_it_was(table: list[list[str]]) -> None:
    for quoting in (csv.QUOTE_ALL, csv.QUOTE_MINIMAL):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n", quoting=quoting).writerows(table)
        found, bad = rows(text.getvalue())
        if quoting == csv.QUOTE_MINIMAL:  # spaces before a cell are text only within quotes
            found, table = [[[cell.lstrip(" ") for cell in row] for row in each] for each in (found, table)]
        assert (found, bad) == (table, 0)


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


@given(st.text('a",\n', max_size=60))
def test_every_line_is_read_or_counted(text: str) -> None:
    found, bad = rows(text)
    lines = [line for line in text.splitlines() if line]
    assert bad <= len(lines)
    assert sum(map(len, lines)) == 0 or found or bad


def test_many_open_quotes_need_neither_time_nor_memory() -> None:
    lines = (f'{n},"Sentence number {n} is open.\n' for n in range(50_000))
    closed = (f"{n},Sentence number {n} is here.\n" for n in range(50_000))
    misfits: list[str] = []
    tracemalloc.start()
    table = csv_table(line for each in (["n,text\n"], lines, closed) for line in each)
    count = sum(1 for _ in records(table, misfits.append))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (count, misfits) == (50_000, [UNREADABLE] * 50_000)
    assert peak < 3e6


def test_rows_have_the_number_of_their_first_line() -> None:
    text = 'sep=;\n\na;b\n1;"two\nlines"\n2;"open\n\n3;he is\n'
    assert list(csv_table(text.splitlines(keepends=True)).rows) == [
        (4, ["1", "two\nlines"]),
        (6, None),
        (7, []),
        (8, ["3", "he is"]),
    ]


@pytest.mark.parametrize(
    ("text", "names", "separator"),
    [
        ("a,b\n", ("a", "b"), ","),
        ("a;b, c;d\n", ("a", "b, c", "d"), ";"),
        ("a\tb\n", ("a", "b"), "\t"),
        ('"sep=|"\r\na| "b"\r\n', ("a", "b"), "|"),
        ("text\n", ("text",), ","),
        ("", (), ","),
    ],
)
def test_the_header_says_what_separates_the_cells(text: str, names: tuple[str, ...], separator: str) -> None:
    table = csv_table(text.splitlines(keepends=True))
    assert (table.names, table.separator, list(table.rows)) == (names, separator, [])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('1\t"two\nlines"\n2\tone\n', [["1", "two\nlines"], ["2", "one"]]),
        ('1\t"a ""tab""\there"\n', [["1", 'a "tab"\there']]),
        ('"He never ends\t1\n2\the is\n', [['"He never ends', "1"], ["2", "he is"]]),
        ('1\t"so" it is\n', [["1", '"so" it is']]),
        # A quotation whose sentences are rows.
        ('1\t"Milk is white.\n2\tShe drinks it."\n', [["1", '"Milk is white.'], ["2", 'She drinks it."']]),
        ('"Milk is white.\t1\nShe drinks it."\t2\n', [['"Milk is white.', "1"], ['She drinks it."', "2"]]),
    ],
)
def test_a_quote_in_a_tab_separated_file_counts_where_it_frames_a_field(
    text: str, found: list[list[str]]
) -> None:
    assert rows(text, "a\tb\n", tabs=True) == (found, 0)


def test_lines_of_a_tab_separated_file_of_one_column_stay_apart() -> None:
    text = '"Milk is white.\nShe drinks it."\n"He said ""no""."\n'
    found = [['"Milk is white.'], ['She drinks it."'], ['He said "no".']]
    assert rows(text, "text\n", tabs=True) == (found, 0)


@given(st.text('a"\t\n', max_size=60))
def test_no_row_of_a_tab_separated_file_is_left_out(text: str) -> None:
    found, bad = rows(text, "a\tb\n", tabs=True)
    assert bad == 0 and bool(found) == bool(text.strip("\n"))


def test_records_name_the_cells_and_tell_what_does_not_fit() -> None:
    text = 'id,text\n1,she is\n2\n3,he is,, \n4,he came home,and left\n5,"open\n\n'
    short = {"id": "2", "text": None}
    fitting = [{"id": "1", "text": "she is"}, {"id": "3", "text": "he is"}]
    for column, found, why in [
        (None, [fitting[0], short, fitting[1]], [MORE_CELLS, UNREADABLE]),
        ("id", [fitting[0], short, fitting[1]], [MORE_CELLS, UNREADABLE]),
        ("text", fitting, [FEWER_CELLS, MORE_CELLS, UNREADABLE]),
    ]:
        misfits: list[str] = []
        rows = records(csv_table(text.splitlines(keepends=True)), misfits.append, column)
        assert (list(rows), misfits) == (found, why)


def test_columns_without_a_name_or_of_the_same_one_are_told_apart() -> None:
    table = csv_table(["text,,text,\n", "a,b,c,d\n"])
    assert list(records(table, print)) == [{"text": "a", "column 2": "b", "text (3)": "c", "column 4": "d"}]
