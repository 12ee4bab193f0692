"""Data sets of the Hub: the real `datasets` on local folders of such names, where no network is needed."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet
import pytest

from fairkd import corpora
from fairkd.errors import InputError
from fairkd.utils import throttle

SENTENCES = [f"Sentence number {n} is here." for n in range(500)]


@pytest.fixture
def org_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set called org/name, as files: to `datasets` a folder of that name is one."""
    pytest.importorskip("datasets")
    folder = tmp_path / "org" / "name"
    folder.mkdir(parents=True)
    rows = [{"id": n, "text": text, "label": "word"} for n, text in enumerate(SENTENCES)]
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "test.jsonl").write_text(
        json.dumps({**rows[0], "text": "A test row."}) + "\n", encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    return folder


def test_a_data_set_is_streamed(org_name: Path) -> None:
    assert corpora.columns("hub:org/name") == ("text",)
    corpus = corpora.read("hub:org/name")
    assert set(corpus.training + corpus.held_out) == set(SENTENCES)
    assert corpus.name == "org/name" and corpus.skipped == {}


def test_a_split_can_be_chosen_and_an_unknown_one_is_refused(org_name: Path) -> None:
    assert corpora.read("hub:org/name", split="test").training == ("A test row.",)
    with pytest.raises(
        InputError, match=r"^hub:org/name has no split 'dev'; its splits are: (train, test|test, train)\.$"
    ):
        corpora.read("hub:org/name", split="dev")


def test_an_unknown_column_or_configuration_is_refused(org_name: Path) -> None:
    with pytest.raises(InputError, match="no column 'body'; its columns are: id, text, label"):
        corpora.read("hub:org/name", column="body")
    with pytest.raises(InputError, match="hub:org/name:german cannot be read.*german"):
        corpora.read("hub:org/name:german")


def test_pictures_are_not_unpacked(org_name: Path) -> None:
    """Else a damaged picture, or a missing package for sound, would end the reading of the text."""
    import datasets

    features = datasets.Features({"image": datasets.Image(), "text": datasets.Value("string")})
    rows = [{"image": {"bytes": b"no picture", "path": None}, "text": text} for text in SENTENCES]
    for path in org_name.iterdir():
        path.unlink()
    pyarrow.parquet.write_table(
        pyarrow.Table.from_pylist(rows, features.arrow_schema), org_name / "train.parquet"
    )
    assert corpora.columns("hub:org/name") == ("text",)
    corpus = corpora.read("hub:org/name")
    assert set(corpus.training + corpus.held_out) == set(SENTENCES)


def test_rows_that_are_not_as_the_card_says_are_refused(org_name: Path) -> None:
    """A TypeError to `datasets`."""
    card = "---\ndataset_info:\n  features:\n  - name: text\n    dtype: string\n---\n"
    (org_name / "README.md").write_text(card, encoding="utf-8")
    (org_name / "train.jsonl").write_text('{"text": [1, 2]}\n', encoding="utf-8")
    with pytest.raises(InputError, match="hub:org/name cannot be read: Couldn't cast"):
        corpora.read("hub:org/name")


def test_a_packed_file_that_breaks_off_is_refused(org_name: Path) -> None:
    """An EOFError to `datasets`."""
    path = org_name / "train.jsonl"
    content = gzip.compress(path.read_bytes())
    path.unlink()
    (org_name / "train.jsonl.gz").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="hub:org/name cannot be read: Compressed file ended"):
        corpora.read("hub:org/name")


def test_without_a_network_the_hub_cannot_be_reached(org_name: Path) -> None:
    with pytest.raises(InputError, match="hub:org/elsewhere cannot be reached; check the network"):
        corpora.read("hub:org/elsewhere")


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(
        InputError, match="needs the package datasets; install it with: pip install datasets.$"
    ):
        corpora.read("hub:org/name")


@pytest.mark.parametrize("source", ["hub:", "hub:a b", "hub:org/name/more", "hub:../name"])
def test_what_names_no_data_set_is_refused(source: str) -> None:
    with pytest.raises(InputError, match="names no data set"):
        corpora.read(source)


class Rows:
    """Stands in for a streamed data set: counts how many rows it was asked for, and may break off."""

    def __init__(self, breaks_at: int | None = None) -> None:
        self.asked, self.breaks_at = 0, breaks_at
        self.info = SimpleNamespace(license="cc0-1.0")

    def __iter__(self) -> Any:
        for n in range(10**9):
            if n == self.breaks_at:
                raise ConnectionError("the line is dead\nand so on")
            self.asked = n + 1
            yield {"text": f"Sentence number {n} is here."}


def stand_in(monkeypatch: pytest.MonkeyPatch, rows: Rows) -> dict[str, Any]:
    asked: dict[str, Any] = {}

    def load_dataset(name: str, configuration: str | None, **options: Any) -> Rows:
        asked.update(options, name=name, configuration=configuration)
        return rows

    module = SimpleNamespace(load_dataset=load_dataset, DownloadConfig=lambda **options: options)
    monkeypatch.setitem(sys.modules, "datasets", module)
    return asked


@pytest.fixture
def at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is reported at every opportunity."""
    monkeypatch.setattr(throttle, "EVERY", 0.0)


@pytest.mark.usefixtures("at_every_step")
def test_only_as_much_is_streamed_as_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, reports = Rows(), []
    asked = stand_in(monkeypatch, rows)
    corpus = corpora.read(
        "hub:org/name:big@v1.0", split="validation", most=2500, progress=lambda *each: reports.append(each)
    )
    assert len(corpus.training + corpus.held_out) == 2500
    assert rows.asked <= 2501
    assert corpus.licence == "cc0-1.0"
    assert asked["name"] == "org/name" and asked["configuration"] == "big"
    assert asked["revision"] == "v1.0" and asked["split"] == "validation" and asked["streaming"] is True
    assert reports[-1] == ("Streaming hub:org/name:big@v1.0: 2,500 rows", None)


def test_an_unknown_split_is_named_with_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, Rows())

    def refuse(*_: Any, split: str, **options: Any) -> Rows:
        raise ValueError(f"Bad split: {split}. Available splits: ['train', 'test']")

    monkeypatch.setattr(sys.modules["datasets"], "load_dataset", refuse)
    with pytest.raises(InputError) as caught:
        corpora.read("hub:org/name", split="dev")
    assert str(caught.value) == "hub:org/name has no split 'dev'; its splits are: train, test."


@pytest.mark.usefixtures("at_every_step")
@pytest.mark.parametrize("stops_at", ["1 rows", "700 rows"])
@pytest.mark.parametrize("error", [RuntimeError, ValueError, OSError, TypeError, EOFError])
def test_an_exception_from_progress_ends_the_stream_unchanged(
    monkeypatch: pytest.MonkeyPatch, stops_at: str, error: type[Exception]
) -> None:
    stand_in(monkeypatch, Rows())

    def stop(text: str, fraction: float | None) -> None:
        if text.endswith(f" {stops_at}"):
            raise error("enough")

    with pytest.raises(error, match="^enough$"):
        corpora.read("hub:org/name", progress=stop)


@pytest.mark.parametrize("breaks_at", [0, 1000])
def test_a_stream_that_breaks_off_is_reported_in_one_line(
    monkeypatch: pytest.MonkeyPatch, breaks_at: int
) -> None:
    stand_in(monkeypatch, Rows(breaks_at))
    with pytest.raises(InputError) as caught:
        corpora.read("hub:org/name")
    assert str(caught.value) == "hub:org/name cannot be reached; check the network: the line is dead."
