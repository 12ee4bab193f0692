"""The bytes of a text file: unpacked, as UTF-8, with line feeds; refused where they are something else."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import json
import lzma
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Any

from fairkd.corpora.reading import ReadingState
from fairkd.errors import InputError

PACKED: tuple[str, ...] = (".gz", ".xz", ".bz2", ".zst")
NAMED_PACKED = f"{', '.join(PACKED[:-1])} or {PACKED[-1]}"  # in messages
BLOCK = 2**16  # bytes read at a time
MOST_RATIO = 500  # of unpacked to packed bytes; packed text is some 3 to 20 times smaller
ANY_RATIO = 64_000_000  # unpacked bytes from which on the ratio counts

_BYTE_ORDER_MARKS = {  # UTF-32 first: its mark begins with the one of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

# What a file begins with, what it is then, and what to do.
_NOT_PACKED = (
    (
        rb"version https://git-lfs\.github\.com/spec/",
        "a Git LFS pointer, not the data itself",
        "fetch the data with git lfs pull, and use that file",
    ),
    (rb"\s*<(!doctype\s+html|html)[\s>]", "a web page (HTML)", "save its text, or download the data itself"),
)
_NOT_TEXT = (
    *_NOT_PACKED,
    (rb"PAR1[\x00-\x1f]", "a Parquet file", "give it the ending .parquet"),
    (rb"ARROW1\0", "an Arrow file", "save the table as .parquet"),
    (rb"\x1f\x8b", "packed with gzip", "unpack it, or add the ending .gz"),
    (rb"\xfd7zXZ\0", "packed with xz", "unpack it, or add the ending .xz"),
    (rb"BZh[1-9]1AY&SY", "packed with bzip2", "unpack it, or add the ending .bz2"),
    (rb"\x28\xb5\x2f\xfd", "packed with Zstandard", "unpack it, or add the ending .zst"),
    (rb"PK\x03\x04", "a ZIP archive or an office document", "unpack it, or save the table as .csv"),
    (rb"%PDF-", "a PDF document", "save its text as .txt"),
    (rb"SQLite format 3\0", "an SQLite database", "save the table as .csv"),
)


@contextmanager
def opened(path: Path, reading: ReadingState) -> Iterator[tuple[io.BufferedReader, IO[bytes]]]:
    """A text file's lines as UTF-8 bytes that end with line feeds, and the file itself, for its position.

    Raises
    ------
    InputError
        The file cannot be read, is damaged, is no text, or unpacks to far more than text does. Reading the
        stream raises it too.
    """
    with ExitStack() as stack:
        with _one_sentence(path):
            raw = stack.enter_context(path.open("rb"))
            size = path.stat().st_size
            if path.suffix.lower() in PACKED:
                check_content(path, raw.peek(BLOCK), _NOT_PACKED)
            unpacked = stack.enter_context(_unpacked(path, raw))
        blocks = _measured(path, size, unpacked, reading)
        head = next(blocks, b"")
        check_content(path, head)
        _check_json(path, head)
        blocks = _utf8(path, chain([head], blocks))
        head = next(blocks, b"")
        blocks = chain([head], blocks)
        if b"\r" in head and b"\n" not in head:
            blocks = (block.replace(b"\r", b"\n") for block in blocks)
        yield stack.enter_context(io.BufferedReader(_BlockStream(blocks), BLOCK)), raw


@contextmanager
def _one_sentence(path: Path) -> Iterator[None]:
    """Turn the errors of files and unpackers into an InputError; only their code runs inside."""
    try:
        yield
    except (OSError, EOFError, UnicodeDecodeError, zlib.error, lzma.LZMAError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        packed = ", and packed as its ending says" if path.suffix.lower() in PACKED else ""
        raise InputError(
            f"{path.name} cannot be read ({reason}); check that the file is complete{packed}."
        ) from None


def check_content(path: Path, head: bytes, contents: Sequence[tuple[bytes, str, str]] = _NOT_TEXT) -> None:
    """Raise InputError if a file begins like something else than its name says."""
    for pattern, what, advice in contents:
        if re.match(pattern, head, re.IGNORECASE):
            raise InputError(f"{path.name} is {what}: {advice}.")


def _check_json(path: Path, head: bytes) -> None:
    line = head.removeprefix(codecs.BOM_UTF8).lstrip().partition(b"\n")[0]
    if line.startswith(b'{"') and not re.search(r"\.(jsonl|json|ndjson)(\.|$)", path.name.lower()):
        try:
            json.loads(line)
        except (ValueError, RecursionError):
            return
        raise InputError(f"{path.name} holds JSON objects: give it the ending .jsonl.")


def _unpacked(path: Path, raw: IO[bytes]) -> Any:
    suffix = path.suffix.lower()
    if suffix == ".zst":
        try:
            import pyarrow  # not a dependency, but with the dashboard, and with the extra `parquet`
        except ImportError:
            raise InputError(
                f"Reading {path.name} needs the package pyarrow; install it, or pack the file with gzip."
            ) from None
        # Buffered, because one read may give less than is asked for.
        return io.BufferedReader(pyarrow.CompressedInputStream(pyarrow.PythonFile(raw, mode="r"), "zstd"))
    unpackers: dict[str, Any] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}
    return unpackers[suffix](raw) if suffix in unpackers else raw


def _measured(path: Path, size: int, stream: IO[bytes], reading: ReadingState) -> Iterator[bytes]:
    """The blocks of a stream, within the limits."""
    most = max(ANY_RATIO, MOST_RATIO * size)
    count = 0
    while True:
        with _one_sentence(path):
            block = stream.read(BLOCK)
        if not block:
            return
        count += len(block)
        if count > most:
            raise InputError(
                f"{path.name} unpacks to more than {MOST_RATIO} times its size, as text never does; expected "
                "a packed file of text. Unpack it to see what it holds."
            )
        reading.add(unpacked=len(block))
        yield block


def _utf8(path: Path, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks as UTF-8 without a byte order mark; lone surrogates of UTF-16 become invalid UTF-8."""
    head = next(blocks, b"")
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS.items() if head.startswith(mark)), None)
    if encoding is None:
        yield head.removeprefix(codecs.BOM_UTF8)
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    for block in chain([head], blocks):
        with _one_sentence(path):
            text = decoder.decode(block)
        yield text.encode("utf-8", "surrogatepass")
    with _one_sentence(path):
        decoder.decode(b"", final=True)


class _BlockStream(io.RawIOBase):
    """A stream of the bytes of blocks."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
