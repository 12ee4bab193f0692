"""The bytes of a file: packed in any way, in any Unicode encoding, and not what its name says."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pyarrow.feather
import pytest

from fairkd import corpora
from fairkd.corpora import byte_streams
from fairkd.errors import InputError
from tests.corpora.reading import everything

TEXT = "Zoë drinks tea ☕ here.\nHe is an engineer.\n"
SENTENCES = set(TEXT.splitlines())


def zstandard(content: bytes) -> bytes:
    packed = pyarrow.BufferOutputStream()
    with pyarrow.CompressedOutputStream(packed, "zstd") as stream:
        stream.write(content)
    return packed.getvalue().to_pybytes()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
    ".zst": zstandard,
}


def test_every_packed_ending_is_tested() -> None:
    assert tuple(PACKERS) == corpora.PACKED


@pytest.mark.parametrize("ending", PACKERS)
def test_a_packed_file_is_read(tmp_path: Path, ending: str) -> None:
    for name, content in (("a.txt", TEXT), ("A.CSV", f"text\n{TEXT}")):
        path = tmp_path / f"{name}{ending}"
        path.write_bytes(PACKERS[ending](content.encode()))
        assert everything(corpora.read(path)) == SENTENCES
        # Parts that were packed on their own, one behind the other.
        path.write_bytes(path.read_bytes() + PACKERS[ending](b"She is here.\n"))
        assert everything(corpora.read(path)) == SENTENCES | {"She is here."}


@pytest.mark.parametrize("ending", PACKERS)
def test_a_damaged_packed_file_is_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.txt{ending}"
    packed = PACKERS[ending](TEXT.encode() * 100)
    for broken in (packed[: len(packed) // 2], b"something else"):
        path.write_bytes(broken)
        with pytest.raises(
            InputError,
            match=rf"^a.txt{ending} cannot be read \(.*\); check that the file is complete, and packed",
        ):
            corpora.read(path)


def test_zstandard_needs_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt.zst"
    path.write_bytes(zstandard(TEXT.encode()))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match="a.txt.zst needs the package pyarrow; install it, or pack the file"):
        corpora.read(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.txt.gz"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path: Path, encoding: str, end: str, name: str) -> None:
    path = tmp_path / name
    text = TEXT if "txt" in name else f"id,text\n{TEXT.replace('Zoë', '1,Zoë').replace('He', '2,He')}"
    more = "".join(f"Sentence number {n} is here.\n" for n in range(4000)) if "txt" in name else ""
    content = (text + more).replace("\n", end).encode(encoding)
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    corpus = corpora.read(path)
    assert everything(corpus) == SENTENCES | set(more.splitlines()) and corpus.skipped == {}


def test_utf_16_of_the_other_byte_order_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xfe\xff" + TEXT.encode("utf-16-be"))
    assert everything(corpora.read(path)) == SENTENCES


def test_damaged_utf_16_is_refused_or_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT.encode("utf-16")[:-1])
    with pytest.raises(InputError, match=r"a.txt cannot be read \(.*truncated data\)"):
        corpora.read(path)
    path.write_bytes((TEXT + "half \ud800 a character\n").encode("utf-16", "surrogatepass"))
    corpus = corpora.read(path)
    assert everything(corpus) == SENTENCES and corpus.skipped == {corpora.UNDECODABLE: 1}


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935\nsize 12345\n"


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.jsonl", "a.parquet", "a.csv.gz", "a.txt.zst"])
def test_a_git_lfs_pointer_is_called_one(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(POINTER)
    for read in (corpora.read, corpora.columns) if "txt" not in name else (corpora.read,):
        with pytest.raises(InputError) as caught:
            read(tmp_path / name)
        assert str(caught.value) == (
            f"{name} is a Git LFS pointer, not the data itself: fetch the data with git lfs pull, and use "
            "that file."
        )


def test_a_text_about_git_lfs_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        "The version is here.\nversion https://git-lfs.github.com/spec/v1 is it.\n"
    )
    assert len(everything(corpora.read(tmp_path / "a.txt"))) == 2


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.txt", b"<!DOCTYPE html>\n<html><body>She is here.</body></html>\n", "a web page (HTML)"),
        ("a.csv", b"\n <HTML lang=en>\n<body>She is here.</body></html>\n", "a web page (HTML)"),
        ("a.csv", gzip.compress(b"text\nShe is here.\n", mtime=0), "packed with gzip"),
        ("a.csv", lzma.compress(b"text\nShe is here.\n"), "packed with xz"),
        ("a.csv", bz2.compress(b"text\nShe is here.\n"), "packed with bzip2"),
        ("a.csv", zstandard(b"text\nShe is here.\n"), "packed with Zstandard"),
        (
            "a.csv.gz",
            gzip.compress(gzip.compress(b"text\nShe is here.\n", mtime=0), mtime=0),
            "packed with gzip",
        ),
        ("a.csv", b"PK\x03\x04rest", "a ZIP archive or an office document"),
        ("a.txt", b"%PDF-1.7\n", "a PDF document"),
        ("a.csv", b"SQLite format 3\0", "an SQLite database"),
    ],
)
def test_a_file_that_is_something_else_is_called_that(
    tmp_path: Path, name: str, content: bytes, what: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        corpora.read(tmp_path / name)
    assert str(caught.value).startswith(f"{name} is {what}: ")


def test_a_table_of_pyarrow_with_another_ending_is_called_what_it_is(tmp_path: Path) -> None:
    table = pyarrow.table({"text": sorted(SENTENCES)})
    pyarrow.parquet.write_table(table, tmp_path / "a.csv")
    with pytest.raises(InputError, match=r"a.csv is a Parquet file: give it the ending .parquet\."):
        corpora.read(tmp_path / "a.csv")
    for name in ("a.txt", "a.parquet"):
        pyarrow.feather.write_feather(table, tmp_path / name)
        with pytest.raises(InputError, match=rf"{name} is an Arrow file: save the table as .parquet\."):
            corpora.read(tmp_path / name)


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.tsv", "a.txt.gz"])
def test_json_lines_with_another_ending_are_called_that(tmp_path: Path, name: str) -> None:
    content = b'{"text": "She is here."}\n{"text": "He is there."}\n'
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    with pytest.raises(InputError, match=f"{name} holds JSON objects: give it the ending .jsonl."):
        corpora.read(tmp_path / name)


def test_a_file_that_unpacks_to_far_more_than_text_does_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(byte_streams, "ANY_RATIO", 2**17)
    content = b"She says the same thing once again.\n" * 2**13  # 0.3 MB
    path = tmp_path / "a.txt.xz"
    path.write_bytes(lzma.compress(content))
    assert len(content) > byte_streams.MOST_RATIO * path.stat().st_size
    with pytest.raises(
        InputError, match="a.txt.xz unpacks to more than 500 times its size, as text never does"
    ):
        corpora.read(path)
    path = tmp_path / "a.txt.gz"  # 340 times
    path.write_bytes(gzip.compress(content))
    assert everything(corpora.read(path)) == {"She says the same thing once again."}
