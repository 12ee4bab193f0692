"""Limits: a preview ends after so many bytes, lines or seconds, and says so."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest

from fairkd import corpora
from fairkd.corpora import ReadingLimits
from fairkd.errors import InputError
from tests.corpora.reading import everything

LINES = [f"Sentence number {n} is here." for n in range(20_000)]  # 0.6 MB


def write(path: Path, lines: list[str]) -> None:
    """A text file or table of the kind that the name says."""
    if path.name.endswith("parquet"):
        pd.DataFrame({"text": lines}).to_parquet(path)
        return
    if "jsonl" in path.name:
        lines = [json.dumps({"text": line}) for line in lines]
    elif "csv" in path.name:
        lines = ["text", *lines]
    content = "\n".join(lines).encode()
    path.write_bytes(gzip.compress(content) if path.name.endswith("gz") else content)


NAMES = ["a.txt", "a.txt.gz", "a.csv", "a.jsonl.gz", "a.parquet"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("limits", "part"),
    [
        (ReadingLimits(unpacked_bytes=125_000), "the first 0.125 MB"),
        (ReadingLimits(lines=4000), "the first 4,000 lines"),
    ],
)
def test_a_preview_ends_at_its_limit_and_says_so(
    tmp_path: Path, name: str, limits: ReadingLimits, part: str
) -> None:
    write(tmp_path / name, LINES)
    corpus = corpora.read(tmp_path / name, limits=limits)
    found = everything(corpus)
    assert corpus.read_part == part
    assert 1000 < len(found) < 6000 and found < set(LINES) and LINES[999] in found
    if "txt" not in name:
        assert corpora.columns(tmp_path / name, limits=limits) == ("text",)


@pytest.mark.parametrize("name", NAMES)
def test_time_ends_a_preview(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    write(tmp_path / name, LINES)
    clock = iter(range(10**9))
    monkeypatch.setattr("fairkd.corpora.reading.time.monotonic", lambda: next(clock) / 100)
    corpus = corpora.read(tmp_path / name, limits=ReadingLimits(seconds=30))
    assert corpus.read_part == "what could be read in 30 seconds"
    assert 1000 < len(everything(corpus)) < 4000


def test_a_whole_text_within_the_limits_is_read_whole(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", LINES[:99])
    corpus = corpora.read(
        tmp_path / "a.txt", limits=ReadingLimits(unpacked_bytes=2**20, lines=99, seconds=600)
    )
    assert len(everything(corpus)) == 99 and corpus.read_part is None


@pytest.mark.parametrize(
    ("name", "blank"),
    [("a.txt.gz", "\n"), ("a.txt.gz", "  \r\n"), ("a.csv.gz", "\n"), ("a.jsonl.gz", "\r\n")],
)
def test_blank_lines_count_and_need_no_time(tmp_path: Path, name: str, blank: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(blank.encode() * 2_000_000))
    for read in (corpora.read, corpora.columns) if "txt" not in name else (corpora.read,):
        with pytest.raises(InputError, match="in the first 1,000,000 lines"):
            read(path, limits=corpora.PREVIEW_LIMITS)
    last = {"a.csv.gz": "text\nShe is here.\n", "a.jsonl.gz": '{"text": "She is here."}\n'}
    text = blank * 2_000_000 + last.get(name, "She is here.\n")
    path.write_bytes(gzip.compress(text.encode()))
    assert everything(corpora.read(path)) == {"She is here."}


def test_the_limits_hold_for_a_folder_as_a_whole(tmp_path: Path) -> None:
    for part in range(4):
        write(tmp_path / f"{part}.txt", LINES[5000 * part : 5000 * part + 5000])
    corpus = corpora.read(tmp_path, limits=ReadingLimits(lines=12_000))
    assert corpus.read_part == "the first 12,000 lines"
    assert everything(corpus) == set(LINES[:12_000])


def test_a_sample_does_not_count_towards_the_limits(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", LINES[:200])
    corpus = corpora.read(tmp_path / "a.csv", limits=ReadingLimits(lines=201))
    assert everything(corpus) == set(LINES[:200]) and corpus.read_part is None
