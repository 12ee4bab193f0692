"""Bad texts and tables, for `benchmarks.bad_inputs`: every content under every ending."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.bad_cases import Case
from fairkd.corpora import columns, read

SENTENCE = b"The nurse said that she was tired after a long day.\n"
CONTENTS: dict[str, bytes] = {
    "nothing": b"",
    "blank lines": b"\n\n \n",
    "zero bytes": bytes(1000),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
    "a web page": b"<!DOCTYPE html><html><body>404</body></html>",
    "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:"
    + b"0" * 64
    + b"\nsize 9\n",
    "Latin-1": "Die Ärztin grüßte die Krankenpfleger.\n".encode("latin-1") * 50,
    "UTF-16": (SENTENCE.decode() * 50).encode("utf-16"),
    "one endless line": b"word " * 500_000,
    "one endless word": b"x" * 2_000_000,
    "a quote that does not end": b'text,label\n"The nurse said,1\nHe left,2\n',
    "rows of other lengths": b"a,b,c\n1\n1,2,3,4,5\n",
    "a header alone": b"text,label\n",
    "a column twice": b"text,text\na b c,d e f\n",
    "numbers alone": b"a,b\n1,2\n3,4\n" * 30,
    "JSON that is cut off": b'{"text": "The nurse said',
    "JSON that is a list": b'[{"text": "The nurse said that she left."}]\n',
    "JSON that is a number": b"5\n" * 20,
    "deep JSON": b'{"text": ' + b"[" * 5000 + b"]" * 5000 + b"}\n",
    "JSON with huge numbers": b'{"text": ' + b"9" * 5000 + b"}\n",
    "JSON with half characters": b'{"text": "\\ud800 is half a character of a sentence"}\n',
    "lists as text": b'{"text": ["a", "b"]}\n' * 20,
    "the magic of Parquet": b"PAR1" + bytes(100) + b"PAR1",
    "the magic of gzip": b"\x1f\x8b\x08\x00" + bytes(50),
}
ENDINGS = (".txt", ".csv", ".tsv", ".jsonl", ".parquet", ".txt.gz", ".jsonl.xz", ".csv.bz2", ".doc", "")
PATHS = (
    "",
    ".",
    "..",
    "/",
    "none.txt",
    "a\0b.txt",
    "x" * 5000 + ".txt",
    "hub:",
    "hub:a b",
    "hub:x/y:z",
    "~x/y.txt",
)


def corpora(folder: Path) -> Iterator[Case]:
    """Files of every content and ending, packed ones that are cut off, and sources that are no file."""
    for what, content in CONTENTS.items():
        for ending in ENDINGS:
            path = Path(f"corpus{ending}")
            yield Case(
                "corpora", f"{what} as {ending or 'no ending'}", partial(_read, folder / path, content, path)
            )
    whole = gzip.compress(SENTENCE * 1000)
    for what, content in {"cut off": whole[:-20], "damaged": whole[:50] + b"\0" * 50 + whole[100:]}.items():
        path = Path("packed.txt.gz")
        yield Case(
            "corpora", f"gzip that is {what}", partial(_read, folder / path, content, path), ("packed",)
        )
    (folder / "a folder").mkdir(exist_ok=True)
    for source in (*PATHS, "a folder"):
        yield Case("corpora", f"the source {source[:20]!r}", partial(read, source))
        yield Case("corpora", f"columns of {source[:20]!r}", partial(columns, source))
    good = Path("good.csv")
    (folder / good).write_bytes(b"text,label\n" + b"".join(b'"%s",1\n' % SENTENCE.strip() for _ in range(30)))
    for column in ("", "none", "label", "x" * 10_000, "a\nb"):
        yield Case(
            "corpora", f"the column {column[:20]!r}", partial(read, good, column=column), ("column", "good")
        )
    for most in (0, -1):
        yield Case("corpora", f"at most {most}", partial(read, good, most=most))


def _read(place: Path, content: bytes, path: Path) -> None:
    place.write_bytes(content)
    try:
        columns(path)
        read(path)
    finally:
        place.unlink()
