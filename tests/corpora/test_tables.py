"""Reading tables: formats, columns, headers, quotes, and rows that are not like the others."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from fairkd import corpora
from fairkd.corpora import table_files, tables, text_files
from fairkd.corpora.csv_rows import FEWER_CELLS, MORE_CELLS, UNREADABLE
from fairkd.corpora.reading import CHECKED_EVERY, ReadingState
from fairkd.corpora.tables import NO_TEXT, ROW_AS_HEADER
from fairkd.errors import InputError
from tests.corpora.reading import everything

ROWS = [
    {"id": "1", "text": 'Milk, she said, is "white".', "label": "a"},
    {"id": "2", "text": "He reads\ta book.", "label": "b"},
    {"id": "3", "text": "Zoë drinks tea ☕ here.", "label": "c"},
]


EXPECTED = {" ".join(row["text"].split()) for row in ROWS}


def write_csv(path: Path) -> None:
    pd.DataFrame(ROWS).to_csv(path, index=False)


def write_semicolons(path: Path) -> None:
    pd.DataFrame(ROWS).to_csv(path, index=False, sep=";")


def write_tsv(path: Path) -> None:
    rows = ["\t".join(row.values()).replace("s\ta", "s a") for row in ROWS]
    path.write_text("\n".join(["id\ttext\tlabel", *rows]) + "\n", encoding="utf-8")


def write_jsonl(path: Path) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")


def write_parquet(path: Path) -> None:
    pd.DataFrame(ROWS).to_parquet(path)


def write_bom(path: Path) -> None:
    path.write_text(pd.DataFrame(ROWS).to_csv(index=False), encoding="utf-8-sig")


def packed(write: Callable[[Path], None]) -> Callable[[Path], None]:
    def write_packed(path: Path) -> None:
        plain = path.with_suffix("")
        write(plain)
        path.write_bytes(gzip.compress(plain.read_bytes()))

    return write_packed


TABLES = {
    "table.csv": write_csv,
    "semicolons.csv": write_semicolons,
    "marked.csv": write_bom,
    "table.tsv": write_tsv,
    "table.jsonl": write_jsonl,
    "table.parquet": write_parquet,
    "table.csv.gz": packed(write_csv),
    "TABLE.JSONL.GZ": packed(write_jsonl),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_text_column_of_a_table_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    TABLES[name](path)
    assert corpora.columns(path) == ("text",)
    for column in (None, "text"):
        corpus = corpora.read(path, column=column)
        assert everything(corpus) == EXPECTED
        assert corpus.skipped == {} and corpus.name == name and corpus.licence is None


@pytest.mark.parametrize("name", ["table.csv", "table.jsonl", "table.parquet"])
def test_a_column_is_guessed_only_where_one_holds_text(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    frame = pd.DataFrame({"question": ["Is it here?"], "answer": ["Yes it is."], "n": [3]})
    if name.endswith("csv"):
        frame.to_csv(path, index=False)
    elif name.endswith("jsonl"):
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_parquet(path)
    assert corpora.columns(path) == ("question", "answer")
    with pytest.raises(InputError, match="2 columns of text.*question, answer"):
        corpora.read(path)
    with pytest.raises(InputError, match="no column 'reply'; its columns are: question, answer, n"):
        corpora.read(path, column="reply")
    assert everything(corpora.read(path, column="answer")) == {"Yes it is."}


def test_a_table_without_text_names_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "numbers.csv"
    path.write_text("a,b\n1,word\n2,word\n", encoding="utf-8")
    with pytest.raises(InputError, match="no column that looks like sentences.*a, b"):
        corpora.read(path)


def test_rows_that_are_not_like_the_others_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    good = json.dumps({"text": "She is here."})
    bad = ["no json", "[1]", json.dumps({"other": 1}), json.dumps({"text": 3}), "[" * 100_000]
    path.write_text("\n".join([good, *bad, "", json.dumps({"text": "He is there."})]), encoding="utf-8")
    corpus = corpora.read(path)
    assert everything(corpus) == {"She is here.", "He is there."}
    assert corpus.skipped == {table_files.NO_JSON: 3, f"{NO_TEXT} 'text'": 2}


def test_short_and_unclosed_rows_of_a_csv_file_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    rest = "".join(f"{n},Sentence number {n} is here.\n" for n in range(9000))
    path.write_text(f'n,text\n1,She is here.\n2\n3,"He never ends\n{rest}', encoding="utf-8")
    corpus = corpora.read(path)
    assert corpus.skipped == {FEWER_CELLS: 1, UNREADABLE: 1}
    assert everything(corpus) == {"She is here.", *(f"Sentence number {n} is here." for n in range(9000))}


def test_a_csv_file_of_one_column_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    text = 'text\nHe came home, and she left, too.\n"Hello, she said to him."\n\nHe said, "no, thanks".\n'
    path.write_text(text, encoding="utf-8")
    corpus = corpora.read(path)
    assert everything(corpus) == {
        "He came home, and she left, too.",
        "Hello, she said to him.",
        'He said, "no, thanks".',
    }
    assert corpus.skipped == {}


def test_a_quote_after_a_comma_and_a_space_opens_a_field(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text('id, "text, in full"\n1, "Hello there, she said to him."\n2, He is.\n', encoding="utf-8")
    assert corpora.columns(path) == ("text, in full",)
    corpus = corpora.read(path)
    assert everything(corpus) == {"Hello there, she said to him.", "He is."}
    assert corpus.skipped == {}


@pytest.mark.parametrize(("name", "mark"), [("table.csv", ","), ("table.tsv", "\t")])
def test_a_row_of_more_cells_than_the_header_is_counted(tmp_path: Path, name: str, mark: str) -> None:
    path = tmp_path / name
    rows = ["id,text", "1,She is here.", "2,He came home,and she left.", "3,He is there.,, "]
    path.write_text("\n".join(rows).replace(",", mark), encoding="utf-8")
    corpus = corpora.read(path)
    assert everything(corpus) == {"She is here.", "He is there."}
    assert corpus.skipped == {MORE_CELLS: 1}


@pytest.mark.parametrize("name", ["table.csv", "table.tsv"])
@pytest.mark.parametrize(
    ("header", "reason"),
    [("caf\xe9".encode("latin-1"), "not UTF-8 text"), (b"x" * 2 * text_files.LONGEST_RECORD, "longer than")],
)
def test_a_row_is_not_taken_for_a_header_that_cannot_be_read(
    tmp_path: Path, name: str, header: bytes, reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(header + b"\n" + b"She is here.\nHe is there.\n")
    for read in (corpora.read, corpora.columns):
        with pytest.raises(
            InputError, match=f"{name} has a header that is {reason}.*; expected column names"
        ):
            read(path)


@pytest.mark.parametrize("name", ["table.csv", "table.tsv"])
def test_blank_lines_above_a_header_are_skipped(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    text = "\n  \r\nid,text\n1,She is here.\n"
    path.write_text(text.replace(",", "\t") if name.endswith("tsv") else text, encoding="utf-8-sig")
    assert corpora.columns(path) == ("text",)
    assert everything(corpora.read(path)) == {"She is here."}


@pytest.mark.parametrize("mark", [";", "|", "\t"])
def test_a_line_above_the_header_may_name_the_separator(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"sep={mark}\r\nid,or,so{mark}text\r\n1{mark}She, too, is here.\r\n", encoding="utf-8")
    assert corpora.columns(path) == ("text",)
    assert everything(corpora.read(path)) == {"She, too, is here."}


LIST = json.dumps([{"text": "She is here."}, {"text": "He is there."}])


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("list.jsonl", LIST, f"of 1 line read, 1 {table_files.NO_JSON}; expected one JSON object a line"),
        ("list.json", json.dumps(json.loads(LIST), indent=1), f"of 8 lines read, 8 {table_files.NO_JSON}; "),
        (
            "rows.csv",
            'id,text\n1,She,is\n2,He,is\n3,"open\n',
            f"of 3 rows read, 2 {MORE_CELLS}, 1 {UNREADABLE}; ",
        ),
        ("rows.csv", "id,text\n1\n2\n3,He is.\n", f"of 3 rows read, 2 {FEWER_CELLS}; expected rows that fit"),
        # A few odd lines of something else.
        (
            "odd.csv",
            "It was late, and she went.\n" + "So he, too, did, and she.\n" * 9 + "He, is.\n",
            "of 10 rows read, 9 ",
        ),
        (
            "odd.jsonl",
            "x\n" * 5 * CHECKED_EVERY + '{"text": "She is here."}\n' * 9,
            f"of {CHECKED_EVERY:,} lines read, ",
        ),
    ],
)
def test_a_table_most_of_whose_rows_do_not_fit_is_refused(
    tmp_path: Path, name: str, content: str, why: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    for column in (None, "text") if "odd" not in name else (None,):
        with pytest.raises(InputError) as caught:
            corpora.read(path, column=column)
        assert str(caught.value).startswith(f"{name} is mostly unreadable: {why}")


def test_a_table_is_read_where_as_many_rows_fit_as_do_not(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('x\n{"text": "She is here."}\n', encoding="utf-8")
    assert everything(corpora.read(path)) == {"She is here."}


def test_a_table_of_a_header_alone_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("id,text\n", encoding="utf-8")
    with pytest.raises(InputError, match="table.csv is empty; expected a table of at least one row"):
        corpora.read(path)


@pytest.mark.parametrize("name", ["table.csv", "table.jsonl", "table.parquet"])
def test_a_sample_keeps_the_beginnings_of_texts(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    row = {"text": "word " * 9_000, "n": 1}
    if name.endswith("parquet"):
        pd.DataFrame([row]).to_parquet(path)
    else:
        path.write_text(json.dumps(row) if name.endswith("jsonl") else f"text,n\n{row['text']},1\n")
    table = table_files.table([path], ReadingState(), name)
    assert table.columns == ("text", "n")
    assert [len(each["text"]) for each in table.sample] == [tables.SAMPLE_CELL]
    assert list(table.values("text")) == [row["text"]]


def test_quotes_in_a_tab_separated_file_are_text(tmp_path: Path) -> None:
    path = tmp_path / "quotes.tsv"
    path.write_text('text\tn\n"Hello there, she said.\t1\n"He said ""no"" to it."\t2\n', encoding="utf-8")
    assert everything(corpora.read(path)) == {'"Hello there, she said.', 'He said "no" to it.'}


def test_a_line_break_in_a_quoted_field_is_part_of_its_text(tmp_path: Path) -> None:
    for name, separator in (("table.csv", ","), ("table.tsv", "\t")):
        path = tmp_path / name
        text = 'id,text\n1,"The nurse said that she was late.\nShe came at nine."\n2,He is an engineer.\n'
        path.write_text(text.replace(",", separator), encoding="utf-8")
        corpus = corpora.read(path)
        expected = {"The nurse said that she was late. She came at nine.", "He is an engineer."}
        assert (everything(corpus), corpus.skipped) == (expected, {})


@pytest.mark.parametrize(
    ("header", "hint"),
    [
        ("The nurse said that she was late.,label", True),
        ("The nurse was late,1", True),  # a value of its column
        ("It was late,and so she went.", True),
        ("Does the nurse say that she is late?,label", False),
        ("the text in full,label", False),
        ("text no.,1", False),
        ("text,1", False),
    ],
)
def test_a_header_that_looks_like_a_row_is_counted(tmp_path: Path, header: str, hint: bool) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"{header}\nHe is an engineer.,0\nHer brother works here.,1\n", encoding="utf-8")
    corpus = corpora.read(path)
    assert everything(corpus) == {"He is an engineer.", "Her brother works here."}
    assert corpus.skipped == ({ROW_AS_HEADER: 1} if hint else {})


def test_a_csv_file_without_a_proper_header_is_refused(tmp_path: Path) -> None:
    """The first line is too long for one of names."""
    path = tmp_path / "table.csv"
    path.write_bytes(b"x" * 200_000 + b"\nShe is here.\n")
    for read in (corpora.read, corpora.columns):
        with pytest.raises(InputError, match="table.csv has no proper CSV header"):
            read(path)


NESTED = {"words": [["She", "is"], ["He", "is"]], "about": [{"a": "She is."}, {"a": "He is."}]}


@pytest.mark.parametrize("name", ["table.jsonl", "table.parquet"])
def test_nested_columns_are_said_to_hold_lists_or_objects(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    for more, error in (
        ({}, r"no column of text, but: words \(lists\), about \(objects\); expected one text a row"),
        ({"text": ["She is here.", "He is there."]}, None),
    ):
        frame = pd.DataFrame({**NESTED, **more})
        frame.to_parquet(path) if "parquet" in name else frame.to_json(path, orient="records", lines=True)
        if error:
            with pytest.raises(InputError, match=error):
                corpora.read(path)
        else:
            assert everything(corpora.read(path)) == {"She is here.", "He is there."}
        for column, held in (("words", "lists"), ("about", "objects")):
            with pytest.raises(
                InputError, match=f"column '{column}' of {name} holds {held}; expected one text"
            ):
                corpora.read(path, column=column)


def test_a_list_among_texts_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "table.jsonl"
    path.write_text('{"text": "She is here."}\n{"text": ["He", "is"]}\n{"text": "He is there."}\n')
    corpus = corpora.read(path)
    assert everything(corpus) == {"She is here.", "He is there."}
    assert corpus.skipped == {f"{NO_TEXT} 'text'": 1}


@pytest.mark.parametrize("ending", [".json", ".ndjson"])
def test_json_lines_may_have_another_ending(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"table{ending}"
    write_jsonl(path)
    assert everything(corpora.read(path)) == EXPECTED


def test_at_most_eight_columns_are_named_and_long_names_are_cut(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    names = [*(f"n{number}" for number in range(20)), "x" * 5000]
    path.write_text(f"{','.join(names)}\n{','.join('1' * len(names))}\n")
    with pytest.raises(InputError, match=r"out of: n0, n1, n2, n3, n4, n5, n6, n7 and 13 more\."):
        corpora.read(path)
    with pytest.raises(InputError) as caught:
        corpora.read(path, column="y" * 5000)
    assert len(str(caught.value)) < 400
