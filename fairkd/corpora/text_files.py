"""The kinds of files that are read, and their lines: of bounded length, undecodable ones counted."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from fairkd.corpora.byte_streams import NAMED_PACKED, PACKED, opened
from fairkd.corpora.reading import ReadingState, RowTally
from fairkd.errors import InputError

TEXT = (".txt",)
TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
FORMATS = (*TEXT, *TABLES)
NAMED_FORMATS = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"  # in messages
_OTHER_NAMES = {".json": ".jsonl", ".ndjson": ".jsonl"}  # of the same format; Spark's JSON lines are .json
ENDINGS = (*FORMATS, *_OTHER_NAMES, *PACKED)
LINE_PART = 2**15  # bytes of a line of plain text read at a time
LONGEST_RECORD = 2**20  # bytes of a table's line

UNDECODABLE = "not UTF-8 text"
TOO_LONG = f"longer than {LONGEST_RECORD:,} bytes"


def kind(path: Path) -> str:
    """The suffix that says the format (".csv" of "a.csv.gz"); InputError where it is none that is known."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = suffixes[-1:] and suffixes[-1] in PACKED
    found = "".join(suffixes[-2:-1] if packed else suffixes[-1:])
    found = _OTHER_NAMES.get(found, found)
    if found not in FORMATS or (packed and found == ".parquet"):
        raise InputError(
            f"{path.name} is not a kind of file that is read: expected {NAMED_FORMATS} (all but .parquet "
            f"also packed, with {NAMED_PACKED} behind)."
        )
    return found


def texts(path: Path, reading: ReadingState) -> Iterator[str]:
    """The lines of a plain text file. A very long line is read in parts that end with a sentence.

    Raises
    ------
    InputError
        The file cannot be read, is damaged, or is mostly not UTF-8.
    """
    tally = RowTally(path.name, reading.skipped, expected="text in UTF-8, so save it as that", unit="line")
    for line in _lines(path, reading, tally, _line_parts):
        tally.fits()
        yield line
    tally.end()


def records(path: Path, reading: ReadingState, tally: RowTally) -> Iterator[str]:
    """The lines of a table, with their line ends. One of more than LONGEST_RECORD bytes is a misfit.

    Raises
    ------
    InputError
        The file cannot be read or is damaged.
    """
    return _lines(path, reading, tally, _whole_lines)


def _lines(
    path: Path,
    reading: ReadingState,
    tally: RowTally,
    split: Callable[[io.BufferedReader, ReadingState, RowTally], Iterator[bytes]],
) -> Iterator[str]:
    """The filled lines. A line that is not UTF-8 is a misfit."""
    with opened(path, reading) as (stream, raw):
        size = max(1, os.fstat(raw.fileno()).st_size)
        for line in split(stream, reading, tally):
            if reading.due():
                reading.report(f"Reading {path.name}: {reading.lines:,} lines", min(1.0, raw.tell() / size))
            try:
                text = None if b"\0" in line else line.decode()  # with a NUL it is no text
            except UnicodeDecodeError:
                text = None
            if text is None:
                tally.misfit(UNDECODABLE)
            elif text:
                yield text


def _line_parts(stream: io.BufferedReader, reading: ReadingState, _: RowTally) -> Iterator[bytes]:
    rest = b""
    while line := stream.readline(LINE_PART):
        reading.add(lines=1)
        if line.isspace():
            _pass_blank_lines(stream, reading)
            if not rest:
                yield b""
                continue
        line, rest = rest + line, b""
        if len(line) >= LINE_PART and not line.endswith(b"\n"):
            # Cut after an ASCII character, or before the first byte of a character, so that none is split.
            end = max(line.rfind(b". "), line.rfind(b"! "), line.rfind(b"? ")) + 1
            end = end or line.rfind(b" ") + 1 or _last_start(line)
            line, rest = line[:end], line[end:]
        yield line
    if rest:
        yield rest


def _last_start(line: bytes) -> int:
    """Where the last character of UTF-8 text begins."""
    end = len(line) - 1
    while end > max(1, len(line) - 4) and line[end] & 0xC0 == 0x80:
        end -= 1
    return max(1, end)


def _whole_lines(stream: io.BufferedReader, reading: ReadingState, tally: RowTally) -> Iterator[bytes]:
    while line := stream.readline(LONGEST_RECORD):
        reading.add(lines=1)
        if line in (b"\n", b"\r\n"):
            _pass_blank_lines(stream, reading)
            yield b""
        elif len(line) < LONGEST_RECORD or line.endswith(b"\n"):
            yield line
        else:
            tally.misfit(TOO_LONG)
            while (more := stream.readline(LONGEST_RECORD)) and not more.endswith(b"\n"):
                yield b""  # for the progress


def _pass_blank_lines(stream: io.BufferedReader, reading: ReadingState) -> None:
    """Pass over the blank lines in the buffer at once: there may be millions."""
    ahead = stream.peek()
    blank = len(ahead) - len(ahead.lstrip(b" \r\n"))
    end = ahead.rfind(b"\n", 0, blank) + 1
    reading.add(lines=ahead.count(b"\n", 0, end))
    stream.read(end)
