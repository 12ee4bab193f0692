"""Reading files: encodings, damage, what is no corpus, and bounded memory."""

from __future__ import annotations

import gzip
import json
import os
import tracemalloc
from pathlib import Path

import pandas as pd
import pytest

from fairkd import corpora
from fairkd.corpora import text_files
from fairkd.corpora.corpus import LONG, REPEATED, SHORT, beyond
from fairkd.corpora.reading import CHECKED_EVERY
from fairkd.errors import InputError
from fairkd.utils import throttle
from tests.corpora.reading import everything


def test_a_text_file_gives_its_distinct_sentences(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("Milk is  white.\r\n\nmilk is white\nWord\nShe reads a book.", encoding="utf-8")
    corpus = corpora.read(str(path))
    assert everything(corpus) == {"Milk is white.", "She reads a book."}
    assert corpus.skipped == {REPEATED: 1, SHORT: 1}
    assert corpora.columns(path) == ()


def test_a_packed_text_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "text.txt.gz"
    path.write_bytes(gzip.compress(b"Milk is white.\nShe reads.\n"))
    assert everything(corpora.read(path)) == {"Milk is white.", "She reads."}


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.tsv", "a.jsonl", "a.txt.gz", "a.csv.gz"])
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_lines_may_end_as_on_any_system(tmp_path: Path, name: str, end: str) -> None:
    path = tmp_path / name
    expected = ["She is here.", "He is there.", *(f"Sentence number {n} is here." for n in range(3000))]
    texts = [json.dumps({"text": text}) for text in expected] if "jsonl" in name else ["text", *expected]
    content = "".join(text + end for text in texts).encode()
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert everything(corpora.read(path)) == set(expected)


def test_a_carriage_return_within_a_line_is_white_space(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"Milk is\rwhite.\nShe reads.\r\n")
    assert everything(corpora.read(path)) == {"Milk is white.", "She reads."}


def test_lines_that_are_not_utf8_are_counted_and_skipped(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes("Il boit du café.\nElle lit.\n".encode() + b"caf\xe9 au lait\nNul \0 byte\nHe is.\n")
    corpus = corpora.read(path)
    assert everything(corpus) == {"Il boit du café.", "Elle lit.", "He is."}
    assert corpus.skipped == {text_files.UNDECODABLE: 2}


@pytest.mark.parametrize(
    "content",
    [
        "caf\xe9 au lait\nd\xe9j\xe0 vu\nla vie\n".encode("cp1252"),
        "She is here.\n".encode("utf-16-le"),  # without a byte order mark
        b"\xff" * 99,
        b"\0" * 99,
    ],
)
@pytest.mark.parametrize("suffix", [".txt", ".csv", ".jsonl"])
def test_a_file_that_is_mostly_not_utf8_is_refused(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"text{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not UTF-8 text.*; expected (text in UTF-8|column names|one)"):
        corpora.read(path)


def test_a_large_binary_file_is_refused_before_its_end(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"\xff\n" * 2 * CHECKED_EVERY)
    with pytest.raises(InputError, match=f"of {CHECKED_EVERY:,} lines read, {CHECKED_EVERY:,} not UTF-8"):
        corpora.read(path)


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.tsv", "a.jsonl", "a.txt.gz", "a.jsonl.gz"])
def test_an_empty_file_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(b"") if name.endswith("gz") else b"")
    with pytest.raises(InputError, match=r"no usable sentence|is empty"):
        corpora.read(path)


@pytest.mark.parametrize("name", ["a.txt.gz", "a.csv.gz", "a.parquet"])
def test_a_damaged_file_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    whole = tmp_path / "whole.parquet"
    pd.DataFrame({"text": ["She is here."] * 3}).to_parquet(whole)
    content = gzip.compress(b"Milk is white.\n" * 1000) if name.endswith("gz") else whole.read_bytes()
    for broken in (content[: len(content) // 2], b"something else"):
        path.write_bytes(broken)
        with pytest.raises(InputError, match="cannot be read"):
            corpora.read(path)


def test_one_giant_line_is_cut_into_its_sentences(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    expected = [f"Sentence number {n} is about Zoë." for n in range(20_000)]
    path.write_text(" ".join(expected), encoding="utf-8")
    corpus = corpora.read(path)
    assert everything(corpus) == set(expected)
    assert corpus.skipped[LONG] > 10


@pytest.mark.parametrize("unit", ["x", "é", "☕", "word and "])
def test_a_giant_line_without_an_end_is_bounded(tmp_path: Path, unit: str) -> None:
    path = tmp_path / "text.txt"
    path.write_text("A first line.\n" + unit * 100_000, encoding="utf-8")
    corpus = corpora.read(path)
    assert "A first line." in everything(corpus)
    assert max(map(len, everything(corpus))) <= corpora.LONGEST
    assert text_files.UNDECODABLE not in corpus.skipped


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv"])
def test_a_giant_record_is_counted_and_skipped(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    giant = "word " * 500_000
    if name.endswith("csv"):
        lines = ["text", "She is here.", giant, "He is there."]
    else:
        lines = [json.dumps({"text": text}) for text in ("She is here.", giant, "He is there.")]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    corpus = corpora.read(path)
    assert everything(corpus) == {"She is here.", "He is there."}
    assert corpus.skipped == {text_files.TOO_LONG: 1}


MEGABYTES = 20


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text file of some 20 MB."""
    path = tmp_path_factory.mktemp("large") / "large.txt"
    filler = "and it goes on and on for a while, as text of this kind does, until it comes to its end"
    with path.open("w", encoding="utf-8") as handle:
        for n in range(MEGABYTES * 10_000):
            handle.write(f"{n} {filler}.\n")
    assert path.stat().st_size > MEGABYTES * 900_000
    return path


def test_the_rest_of_a_file_is_not_read_where_nobody_counts_it(large: Path) -> None:
    reports: list[float | None] = []
    corpus = corpora.read(large, most=2000, count_rest=False, progress=lambda _, part: reports.append(part))
    assert len(corpus.training + corpus.held_out) == 2000 and corpus.skipped == {}
    assert all(part is not None and part < 0.1 for part in reports)


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.jsonl", "a.txt.gz", "a.parquet"])
def test_an_exception_from_progress_ends_the_reading_and_closes_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(throttle, "EVERY", 0.0)
    path = tmp_path / name
    texts = [f"Sentence number {n} is here." for n in range(3000)]
    if name.endswith("parquet"):
        pd.DataFrame({"text": texts}).to_parquet(path)
    elif name.endswith("jsonl"):
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    else:
        content = "\n".join(["text", *texts]).encode()
        path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)

    def stop(text: str, fraction: float | None) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough") as caught:
        corpora.read(path, progress=stop)
    assert caught.value.__context__ is None
    open_files = {os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")}
    assert str(path) not in open_files
    assert os.listdir(tmp_path) == [name]


def test_progress_is_reported_while_a_giant_line_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "EVERY", 0.0)
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "She is here."}\n' + "x" * 5 * text_files.LONGEST_RECORD + "\n")
    reports: list[float | None] = []
    corpora.read(path, progress=lambda _, part: reports.append(part))
    assert len(reports) >= 4


def test_a_large_file_is_streamed_in_bounded_memory(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "EVERY", 0.02)
    reports: list[tuple[str, float | None]] = []
    tracemalloc.start()
    corpus = corpora.read(large, most=2000, progress=lambda text, part: reports.append((text, part)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3e6  # of 20 MB: the 2,000 sentences kept, and a buffer
    assert len(corpus.training + corpus.held_out) == 2000
    assert corpus.skipped == {beyond(2000): MEGABYTES * 10_000 - 2000}
    fractions = [part for _, part in reports if part is not None]
    assert fractions == sorted(fractions) and 0 < fractions[0] < fractions[-1] <= 1
    assert "large.txt" in reports[0][0]


def test_one_line_of_many_megabytes_is_streamed_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "line.txt"
    with path.open("w", encoding="utf-8") as handle:
        for n in range(50_000):
            handle.write(f"Sentence number {n} of one line without an end goes here and there and on. ")
    tracemalloc.start()
    corpus = corpora.read(path, most=2000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3e6
    assert 50 < corpus.skipped[beyond(2000)] < 200  # parts of the line


@pytest.mark.parametrize("name", ["nowhere.txt", "nowhere.parquet", "nowhere", "x" * 5000, "null\0byte.txt"])
def test_a_missing_corpus_is_named(tmp_path: Path, name: str) -> None:
    for read in (corpora.read, corpora.columns):
        with pytest.raises(InputError, match=f"no corpus .*{name[-50:]}") as caught:
            read(tmp_path / name)
        assert len(str(caught.value)) < 400


def test_an_empty_source_is_no_folder() -> None:
    with pytest.raises(InputError, match="There is no corpus without a name: expected"):
        corpora.read("")


@pytest.mark.parametrize("name", ["book.pdf", "book", "book.gz", "book.parquet.gz", "book.feather"])
def test_an_unknown_kind_of_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"Milk is white.\n")
    with pytest.raises(InputError, match="not a kind of file"):
        corpora.read(tmp_path / name)


def test_a_column_or_split_where_there_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("Milk is white.\n", encoding="utf-8")
    with pytest.raises(InputError, match="has no columns"):
        corpora.read(path, column="text")
    with pytest.raises(InputError, match="has no columns"):
        corpora.read("bug", column="text")
    with pytest.raises(InputError, match="splits"):
        corpora.read(path, split="train")
