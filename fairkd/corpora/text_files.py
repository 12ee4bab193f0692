"""Text files and tables, streamed: lines of bounded length, undecodable ones counted, columns chosen.

A table is read twice: a sample to tell its columns, then the values of one column. Only the parts of a file
that are being looked at are in memory.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any, TypeAlias

from fairkd.corpora import csv_rows
from fairkd.corpora.corpus import SkipCounts
from fairkd.errors import InputError
from fairkd.utils import Progress, Throttle

TEXT = (".txt",)
TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
FORMATS = (*TEXT, *TABLES)
NAMED_FORMATS = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"  # in messages
SAMPLE = 200  # rows that tell what a column holds
SAMPLE_CELL = 1_000  # characters of a cell that are kept for that
LINE_PART = 2**15  # bytes of a line of plain text read at a time
LONGEST_RECORD = 2**20  # bytes of a table's line
BATCH = 2**24  # bytes of a Parquet table, unpacked, that are read at a time
CHECKED_AFTER = 10_000  # lines; a file that is mostly not UTF-8 is refused after so many, or at its end

UNDECODABLE = "not UTF-8 text"
TOO_LONG = f"longer than {LONGEST_RECORD:,} bytes"
NO_JSON = "not a JSON object"
NO_TEXT = "without text in the column"
SENTENCE_AS_NAME = "sentence in the header (the first line should name the columns)"

# Not a question: surveys name columns after their questions.
_SENTENCE = re.compile(r"(\S+\s+){3,}\S*[.!][\"'”’)]*")

Readable: TypeAlias = "io.BufferedReader[Any] | gzip.GzipFile"


@dataclass(frozen=True)
class Table:
    """A table's columns, its first rows, and the stream of one column's values from the first row on.

    `sample` holds the texts of the first rows only, cut by `sample_row`; `left_out` counts what could not be
    read among them.
    """

    columns: tuple[str, ...]
    sample: tuple[Mapping[str, Any], ...]
    values: Callable[[str], Iterator[Any]]
    left_out: Mapping[str, int] = field(default_factory=dict)

    def text_columns(self) -> tuple[str, ...]:
        """Columns whose sampled values are texts, mostly of two words and more."""
        return tuple(name for name in self.columns if _is_text([row.get(name) for row in self.sample]))

    def choose(self, column: str | None, source: str) -> str:
        """`column` if the table has it; if None, the only text column. Else InputError."""
        if not self.sample and self.left_out:
            why = ", ".join(f"{count:,} {reason}" for reason, count in self.left_out.items())
            raise InputError(
                f"{source} has no row that can be read (left out: {why}); expected rows that fit the header, "
                "or one JSON object a line."
            )
        if not self.sample:
            raise InputError(f"{source} is empty; expected a table of at least one row below its header.")
        every = ", ".join(self.columns)
        if column is not None:
            if column not in self.columns:
                raise InputError(f"{source} has no column '{column}'; its columns are: {every}.")
            return column
        texts = self.text_columns()
        if not texts:
            raise InputError(
                f"{source} has no column that looks like sentences; name the one to read, out of: {every}."
            )
        if len(texts) > 1:
            raise InputError(
                f"{source} has {len(texts)} columns of text; name the one to read, out of: "
                f"{', '.join(texts)}."
            )
        return texts[0]

    def texts(self, column: str, skipped: SkipCounts) -> Iterator[str]:
        """The texts of a column. Other values are counted, and so is a name that reads like a sentence."""
        skipped[SENTENCE_AS_NAME] += _SENTENCE.fullmatch(column) is not None
        for value in self.values(column):
            if isinstance(value, str) and value.strip():
                yield value
            else:
                skipped[f"{NO_TEXT} '{column}'"] += 1


def sample_row(row: Mapping[str, Any]) -> dict[str, str | None]:
    """A row of a sample: its texts cut at SAMPLE_CELL characters, None for anything else."""
    return {name: value[:SAMPLE_CELL] if isinstance(value, str) else None for name, value in row.items()}


def kind(path: Path) -> str:
    """The suffix that says the format (".csv" of "a.csv.gz"); InputError where it is none that is known."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = suffixes[-1:] == [".gz"]
    found = "".join(suffixes[-2:-1] if packed else suffixes[-1:])
    if found not in FORMATS or (packed and found == ".parquet"):
        raise InputError(
            f"{path.name} is not a kind of file that is read: expected {NAMED_FORMATS} (all but "
            ".parquet also with .gz behind)."
        )
    return found


def table(path: Path, skipped: SkipCounts, progress: Progress | None = None) -> Table:
    """The table in a file of one of the formats TABLES."""
    suffix = kind(path)
    if suffix == ".parquet":
        return _parquet(path, progress)
    rows = partial(_json_rows if suffix == ".jsonl" else _csv_records, path)
    left_out = SkipCounts()
    sample = tuple(sample_row(row) for row in islice(rows(left_out, None), SAMPLE))
    columns = tuple(dict.fromkeys(name for row in sample for name in row))
    return Table(
        columns, sample, lambda column: (row.get(column) for row in rows(skipped, progress)), left_out
    )


def lines(
    path: Path, skipped: SkipCounts, progress: Progress | None = None, *, whole: bool = False
) -> Iterator[str]:
    """The lines of a UTF-8 text file, packed or not.

    A line that is not UTF-8 is counted and left out. A very long line is read in parts that end with a
    sentence. With `whole`, a line of more than LONGEST_RECORD bytes is counted and left out instead.

    Raises
    ------
    InputError
        The file cannot be read, is damaged, or is mostly not UTF-8.
    """
    good = bad = 0
    try:
        with ExitStack() as stack:
            raw = stack.enter_context(path.open("rb"))
            packed = path.suffix.lower() == ".gz"
            stream: Readable = stack.enter_context(gzip.open(raw)) if packed else raw
            first = stream.peek(LINE_PART)
            if b"\r" in first and b"\n" not in first:
                stream = stack.enter_context(io.BufferedReader(_LineFeeds(stream)))
            report = _reporter(path, raw, progress)
            for line in _whole_lines(stream, skipped, report) if whole else _line_parts(stream):
                report(1)
                text = _decode(line, first=good + bad == 0)
                if text is None:
                    bad += 1
                    skipped[UNDECODABLE] += 1
                else:
                    good += 1
                    yield text
                if good + bad == CHECKED_AFTER:
                    _check_encoding(path, good, bad)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read ({error}); check that the file is complete.") from None
    _check_encoding(path, good, bad)


class _LineFeeds(io.RawIOBase):
    """A stream whose lines end with carriage returns, with line feeds in their place."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        found = self._stream.read(len(buffer)).replace(b"\r", b"\n")
        buffer[: len(found)] = found
        return len(found)


def _check_encoding(path: Path, good: int, bad: int) -> None:
    if bad > good:
        raise InputError(
            f"{path} is mostly not UTF-8 text ({bad:,} of {good + bad:,} lines); save it as UTF-8."
        )


def _decode(line: bytes, *, first: bool) -> str | None:
    if b"\0" in line:  # UTF-16, or no text at all
        return None
    try:
        return line.decode("utf-8-sig" if first else "utf-8")
    except UnicodeDecodeError:
        return None


def _line_parts(stream: Readable) -> Iterator[bytes]:
    rest = b""
    while line := stream.readline(LINE_PART):
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


def _whole_lines(stream: Readable, skipped: SkipCounts, report: Callable[[int], None]) -> Iterator[bytes]:
    while line := stream.readline(LONGEST_RECORD):
        if len(line) < LONGEST_RECORD or line.endswith(b"\n"):
            yield line
            continue
        skipped[TOO_LONG] += 1
        while (more := stream.readline(LONGEST_RECORD)) and not more.endswith(b"\n"):
            report(0)


def _reporter(path: Path, raw: IO[bytes], progress: Progress | None) -> Callable[[int], None]:
    """Called with the number of lines since the last call; reports progress now and then."""
    size = max(1, path.stat().st_size)
    count, throttle = 0, Throttle()

    def report(more: int) -> None:
        nonlocal count
        count += more
        if progress and throttle.due():
            progress(f"Reading {path.name}: {count:,} lines", min(1.0, raw.tell() / size))

    return report


def _json_rows(path: Path, skipped: SkipCounts, progress: Progress | None) -> Iterator[Mapping[str, Any]]:
    for line in lines(path, skipped, progress, whole=True):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            yield row
        else:
            skipped[NO_JSON] += 1


def _csv_records(path: Path, skipped: SkipCounts, progress: Progress | None) -> Iterator[Mapping[str, Any]]:
    text = lines(path, skipped, progress, whole=True)
    before = skipped.copy()
    table = csv_rows.csv_table(text, tabs=kind(path) == ".tsv", name=str(path))
    if unread := skipped - before:  # a header that was left out, so that a row passes for it
        deque(islice(text, CHECKED_AFTER), maxlen=0)  # a file that is mostly not UTF-8 is refused as that
        raise InputError(
            f"{path} has a header that is {next(iter(unread))}; save the file as UTF-8, with column names in "
            "its first line."
        )
    yield from csv_rows.records(table, skipped)


def _parquet(path: Path, progress: Progress | None) -> Table:
    try:
        import pyarrow as arrow  # not a dependency: only this format needs it
        import pyarrow.parquet
    except ImportError:
        raise InputError(
            f"Reading {path.name} needs the package pyarrow; install it, or save the table as .csv or .jsonl."
        ) from None

    @contextmanager
    def opened() -> Iterator[Any]:
        try:
            # A buffer, so that a column chunk of hundreds of megabytes is not read as a whole.
            with arrow.parquet.ParquetFile(path, buffer_size=2**20, pre_buffer=False) as file:
                yield file
        except (arrow.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0].rstrip(".")
            raise InputError(f"{path} cannot be read as Parquet ({reason}).") from None

    def rows(columns: list[str], progress: Progress | None) -> Iterator[Mapping[str, Any]]:
        with opened() as file:
            total, done = max(1, file.metadata.num_rows), 0
            for batch in file.iter_batches(batch_size=_batch_rows(file.metadata), columns=columns):
                cells = dict(zip(batch.schema.names, batch.columns, strict=True))
                for row in range(len(batch)):
                    yield {name: _plain(column[row]) for name, column in cells.items()}
                done += len(batch)
                if progress:
                    progress(f"Reading {path.name}: {done:,} rows", done / total)

    def can_be_text(type_: Any) -> bool:
        type_ = type_.value_type if arrow.types.is_dictionary(type_) else type_
        return str(type_) in ("string", "large_string", "string_view")

    with opened() as file:
        schema = file.schema_arrow
    # Image and nested columns can be large, and hold no text.
    texts = [column.name for column in schema if can_be_text(column.type)]
    sample = tuple(sample_row(row) for row in islice(rows(texts, None), SAMPLE))
    columns = tuple(schema.names)
    return Table(columns, sample, lambda column: (row.get(column) for row in rows([column], progress)))


def _batch_rows(metadata: Any) -> int:
    """How many rows of a Parquet table are some BATCH bytes, by its row group of the longest rows."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    longest = max((group.total_byte_size / group.num_rows for group in groups if group.num_rows), default=0)
    return max(1, min(1024, int(BATCH / max(1, longest))))


def _plain(value: Any) -> Any:
    """Arrow's value as Python's; None for what is none: text that is not UTF-8, a date after 9999."""
    try:
        return value.as_py()
    except (ValueError, OverflowError):
        return None


def _is_text(values: list[Any]) -> bool:
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    return 2 * sum(len(text.split()) > 1 for text in texts) > len(texts)
