"""Reading Parquet tables: types of columns, batches, and what they unpack to."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.parquet
import pytest

from fairkd import corpora
from fairkd.corpora import table_files
from fairkd.corpora.reading import ReadingState
from fairkd.corpora.tables import NO_TEXT
from fairkd.errors import InputError
from fairkd.utils import throttle
from tests.corpora.reading import everything


def test_a_column_of_a_large_table_is_read_in_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "EVERY", 0.0)
    path = tmp_path / "large.parquet"
    frame = pd.DataFrame({"text": [f"Sentence number {n} is here." for n in range(10_000)], "n": 1})
    frame.to_parquet(path, row_group_size=10_000)
    reports: list[float | None] = []
    corpus = corpora.read(path, progress=lambda text, part: reports.append(part))
    assert len(corpus.training + corpus.held_out) == 10_000
    assert len(reports) > 10_000 / table_files.BATCH_ROWS and reports[-1] == 1.0


def test_long_rows_of_a_parquet_table_are_read_a_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "EVERY", 0.0)
    path = tmp_path / "long.parquet"
    texts = [f"{n} " + "word " * 400_000 for n in range(24)]  # of 2 MB
    pd.DataFrame({"text": texts}).to_parquet(path, row_group_size=12)
    reports: list[float | None] = []
    table = table_files.table(
        [path], ReadingState(progress=lambda text, part: reports.append(part)), "long.parquet"
    )
    assert list(table.values("text")) == texts
    assert len(reports) >= 4 and reports[-1] == 1.0


def test_a_parquet_column_that_python_cannot_hold_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "dates.parquet"
    columns = {
        "time": pyarrow.array([2**40, None], pyarrow.timestamp("s")),
        "day": pyarrow.array([1, 2**30], pyarrow.date32()),
        "text": pyarrow.array(["She is here.", "He is there."]).dictionary_encode(),
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    assert corpora.columns(path) == ("text",)
    assert everything(corpora.read(path)) == {"She is here.", "He is there."}
    with pytest.raises(InputError, match="no column 'hour'; its columns are: time, day, text"):
        corpora.read(path, column="hour")
    for column in ("time", "day"):
        with pytest.raises(InputError, match=f"left out: 2 {NO_TEXT} '{column}'"):
            corpora.read(path, column=column)


def test_a_parquet_table_without_text_names_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "numbers.parquet"
    pd.DataFrame({"a": [1, 2], "b": [b"x", b"y"]}).to_parquet(path)
    with pytest.raises(InputError, match="no column that looks like sentences.*a, b"):
        corpora.read(path)


def test_text_in_a_parquet_table_that_is_not_utf_8_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    texts = pyarrow.array([b"She is here.", b"He \xff is.", b"He is there."], pyarrow.binary())
    pyarrow.parquet.write_table(pyarrow.table({"text": texts.view(pyarrow.string())}), path)
    assert corpora.columns(path) == ("text",)
    corpus = corpora.read(path)
    assert everything(corpus) == {"She is here.", "He is there."}
    assert corpus.skipped == {f"{NO_TEXT} 'text'": 1}


def test_a_missing_parquet_reader_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "table.parquet"
    pd.DataFrame({"text": ["She is here."]}).to_parquet(path)
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(InputError, match="pyarrow"):
        corpora.read(path)


@pytest.mark.parametrize("type_", ["large_string", "string_view", "dictionary"])
def test_text_of_every_type_of_arrow_is_read(tmp_path: Path, type_: str) -> None:
    path = tmp_path / "table.parquet"
    texts = pyarrow.array(["She is here.", "He is there.", None])
    texts = texts.dictionary_encode() if type_ == "dictionary" else texts.cast(getattr(pyarrow, type_)())
    pyarrow.parquet.write_table(pyarrow.table({"text": texts}), path)
    corpus = corpora.read(path)
    assert everything(corpus) == {"She is here.", "He is there."}
    assert corpus.skipped == {f"{NO_TEXT} 'text'": 1}


def test_a_column_of_bytes_is_said_to_hold_them(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pd.DataFrame({"text": [b"She is here."]}).to_parquet(path)
    with pytest.raises(InputError, match=r"no column of text, but: text \(bytes\)"):
        corpora.read(path)


def test_a_parquet_column_that_unpacks_to_far_more_than_text_does_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_files, "BATCH", 2**18)
    monkeypatch.setattr(table_files, "MOST_RATIO", 50)
    path = tmp_path / "table.parquet"
    pd.DataFrame({"text": ["She says it again. " * 2**15], "n": 1}).to_parquet(path, compression="zstd")
    with pytest.raises(InputError, match="The column 'text' of table.parquet unpacks to more than 50 times"):
        corpora.read(path)


def test_a_parquet_table_whose_column_name_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"column": ["She is here."]}), path, store_schema=False)
    path.write_bytes(path.read_bytes().replace(b"column", b"col\x83mn"))
    for read in (corpora.read, corpora.columns):
        with pytest.raises(InputError, match=r"table.parquet cannot be read as Parquet \(.*0x83.*\); check"):
            read(path)
