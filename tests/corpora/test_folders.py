"""Folders as a corpus: text files, the parts of a table, data sets of `save_to_disk`, and what is none."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from fairkd import corpora
from fairkd.corpora import folders, hub_datasets
from fairkd.errors import InputError
from tests.corpora.reading import everything

SENTENCES = [f"Sentence number {n} is here." for n in range(60)]


def test_the_text_files_of_a_folder_are_read_together(tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "b.txt").write_text("\n".join(SENTENCES[:20]))
    (folder / "a.txt.gz").write_bytes(gzip.compress("\n".join(SENTENCES[20:]).encode()))
    for name in (".hidden.txt", "_SUCCESS", "_other.csv", "picture.png"):
        (folder / name).write_text("This is not read.\n")
    (folder / "more.txt").mkdir()
    fractions: list[float | None] = []
    corpus = corpora.read(folder, progress=lambda _, part: fractions.append(part))
    assert everything(corpus) == set(SENTENCES)
    assert (corpus.name, corpus.licence, corpus.skipped) == ("letters", None, {})
    assert corpora.columns(folder) == ()
    assert corpora.read(folder / "more.txt" / "..").name == "letters"
    assert corpus.training[0] in SENTENCES[20:]  # by name
    with pytest.raises(InputError, match="letters has no columns"):
        corpora.read(folder, column="text")


@pytest.mark.parametrize("ending", ["parquet", "csv", "json"])
def test_a_folder_that_spark_wrote_is_one_table(tmp_path: Path, ending: str) -> None:
    folder = tmp_path / f"letters.{ending}"
    folder.mkdir()
    (folder / "_SUCCESS").touch()
    (folder / f".part-00000.{ending}.crc").touch()
    for part in range(3):
        path = folder / f"part-0000{part}-3f2a.{ending}"
        frame = pd.DataFrame({"id": range(20), "text": SENTENCES[20 * part : 20 * part + 20]})
        if ending == "parquet":
            frame.to_parquet(path)
        elif ending == "csv":
            frame.to_csv(path, index=False)
        else:
            frame.to_json(path, orient="records", lines=True)
    assert corpora.columns(folder) == ("text",)
    for column in (None, "text"):
        corpus = corpora.read(folder, column=column)
        assert everything(corpus) == set(SENTENCES) and corpus.skipped == {}


def test_a_part_that_lacks_the_column_is_counted(tmp_path: Path) -> None:
    pd.DataFrame({"text": SENTENCES}).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame({"body": SENTENCES[:3]}).to_parquet(tmp_path / "b.parquet")
    corpus = corpora.read(tmp_path, column="text")
    assert everything(corpus) == set(SENTENCES)
    assert corpus.skipped == {"without text in the column 'text'": 3}


def test_a_folder_that_is_no_corpus_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "notes.md").write_text("Not read.")
    with pytest.raises(
        InputError, match="The folder letters holds no file that is read; expected .txt, .csv"
    ):
        corpora.read(folder)
    (folder / "a.txt").write_text("She is here.\n")
    (folder / "b.csv").write_text("text\nHe is there.\n")
    with pytest.raises(InputError, match=r"holds files of several kinds \(.csv, .txt\); name one of them"):
        corpora.columns(folder)
    (folder / "b.csv").rename(folder / "b.txt")
    monkeypatch.setattr(folders, "MOST_FILES", 1)
    with pytest.raises(InputError, match="holds more than 1 files"):
        corpora.read(folder)


def test_a_broken_file_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "She is here."}\n')
    (tmp_path / "b.jsonl").write_text("no json\n")
    with pytest.raises(InputError, match="^b.jsonl is mostly unreadable"):
        corpora.read(tmp_path)


def test_a_link_in_a_folder_is_read_only_where_its_file_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, other = tmp_path / "allowed", tmp_path / "other.txt"
    folder.mkdir()
    (folder / "a.txt").write_text("She is here.\nHe is there.\n")
    other.write_text("This is elsewhere.\n")
    (folder / "link.txt").symlink_to(other)
    assert "This is elsewhere." in everything(corpora.read(folder))
    monkeypatch.setenv("FAIRKD_ALLOWED_TEXT", f"{folder.resolve()}*")
    with pytest.raises(InputError, match="link.txt does not exist, or is not among the texts allowed here"):
        corpora.read(folder)
    (folder / "link.txt").unlink()
    assert everything(corpora.read(folder)) == {"She is here.", "He is there."}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the data set "one", and "splits" with its splits train and test."""
    datasets = pytest.importorskip("datasets")
    folder = tmp_path_factory.mktemp("saved")
    rows = datasets.Dataset.from_dict({"id": list(range(60)), "text": SENTENCES, "words": [["a b"]] * 60})
    rows.save_to_disk(folder / "one")
    splits = datasets.DatasetDict({"train": rows, "test": rows.shuffle(seed=1).select(range(9))})
    splits.save_to_disk(folder / "splits")
    yield folder


def test_a_data_set_of_save_to_disk_is_read(saved: Path) -> None:
    assert corpora.columns(saved / "one", limits=corpora.PREVIEW_LIMITS) == ("text",)
    corpus = corpora.read(saved / "one", limits=corpora.PREVIEW_LIMITS)
    assert everything(corpus) == set(SENTENCES)
    assert (corpus.name, corpus.skipped, corpus.read_part) == ("one", {}, None)
    with pytest.raises(InputError, match="The column 'words' of one holds lists"):
        corpora.read(saved / "one", column="words")
    with pytest.raises(InputError, match="one has no splits; leave the split 'test' out"):
        corpora.read(saved / "one", split="test")


def test_a_split_of_save_to_disk_can_be_chosen(saved: Path) -> None:
    assert everything(corpora.read(saved / "splits")) == set(SENTENCES)  # train
    found = everything(corpora.read(saved / "splits", split="test"))
    assert len(found) == 9 and found < set(SENTENCES)
    with pytest.raises(InputError, match="splits has no split 'dev'; its splits are: train, test"):
        corpora.read(saved / "splits", split="dev")


def test_a_damaged_data_set_of_save_to_disk_is_refused(saved: Path, tmp_path: Path) -> None:
    for name in ("state.json", "dataset_info.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(InputError, match=f"^{tmp_path.name} cannot be read: "):
        corpora.read(tmp_path)


def test_save_to_disk_needs_the_package_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dataset_dict.json").write_text("{}")
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(InputError, match=f"Reading {tmp_path.name} needs the package datasets"):
        corpora.read(tmp_path)
    assert hub_datasets.is_saved(tmp_path)
