"""The rows of files that hold tables: .csv, .tsv, .jsonl and .parquet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fairkd.corpora import csv_rows, text_files
from fairkd.corpora.byte_streams import MOST_RATIO, check_content
from fairkd.corpora.reading import ReadingState, RowTally
from fairkd.corpora.tables import Row, Table, make_table
from fairkd.errors import InputError

BATCH = 2**24  # bytes of a Parquet table, unpacked, that are read at a time
BATCH_ROWS = 16  # more are hardly faster, and each may be the longest text of the dictionary

NO_JSON = "not a JSON object"


def table(paths: Sequence[Path], reading: ReadingState, name: str) -> Table:
    """The table in files of one format, one below the other.

    Raises
    ------
    InputError
        A file cannot be read, is damaged, or most of its rows do not fit.
    """
    kind = text_files.kind(paths[0])
    read = {".jsonl": _json_rows, ".parquet": _parquet_rows}.get(kind, _csv_records)

    def rows(reading: ReadingState, column: str | None) -> Iterator[Row]:
        for number, path in enumerate(paths):
            reading.file = (number, len(paths))
            yield from read(path, reading, column)

    if kind != ".parquet":
        return make_table(rows, reading, name)
    schema = _schema(paths[0])
    no_text = {column.name: held for column in schema if (held := _no_text(column.type))}
    return make_table(rows, reading, name, columns=tuple(schema.names), no_text=no_text)


def _json_rows(path: Path, reading: ReadingState, column: str | None) -> Iterator[Row]:
    expected = 'one JSON object a line (with pandas: to_json(orient="records", lines=True))'
    tally = RowTally(path.name, reading.skipped, expected=expected, unit="line")
    for line in text_files.records(path, reading, tally):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            tally.fits()
            yield row
        else:
            tally.misfit(NO_JSON)
    tally.end()


def _csv_records(path: Path, reading: ReadingState, column: str | None) -> Iterator[Row]:
    tally = RowTally(path.name, reading.skipped, expected="rows that fit the header")
    lines = text_files.records(path, reading, tally)
    before = reading.skipped.copy()
    table = csv_rows.csv_table(lines, tabs=text_files.kind(path) == ".tsv", name=path.name)
    if unread := reading.skipped - before:  # a header that was left out, so that a row passes for it
        raise InputError(
            f"{path.name} has a header that is {next(iter(unread))}; expected column names in a first line "
            "of UTF-8 text."
        )
    for row in csv_rows.records(table, tally.misfit, column):
        tally.fits()
        yield row
    tally.end()


def _parquet_rows(path: Path, reading: ReadingState, column: str | None) -> Iterator[Row]:
    with _parquet_file(path) as file:
        # Image and nested columns can be large, and hold no text.
        columns = [each.name for each in file.schema_arrow if column is None and _can_be_text(each.type)]
        columns += [name for name in file.schema_arrow.names if name == column]
        with _one_sentence(path):
            chunks = _chunks(file.metadata, columns)
            total, done = max(1, file.metadata.num_rows), 0
        _check_ratio(path, chunks)
        batches = file.iter_batches(batch_size=_batch_rows(chunks), columns=columns)
        while True:
            with _one_sentence(path):
                batch = next(batches, None)
            if batch is None:
                return
            cells = dict(zip(batch.schema.names, batch.columns, strict=True))
            reading.add(lines=len(batch))
            for number in range(len(batch)):
                row = {name: _plain(column[number]) for name, column in cells.items()}
                reading.add(unpacked=sum(len(value) for value in row.values() if isinstance(value, str)))
                yield row
            done += len(batch)
            if reading.due():
                reading.report(f"Reading {path.name}: {done:,} rows", done / total)


@contextmanager
def _parquet_file(path: Path) -> Iterator[Any]:
    try:
        import pyarrow.parquet  # not a dependency: only this format needs it
    except ImportError:
        raise InputError(
            f"Reading {path.name} needs the package pyarrow; install it, or save the table as .csv or .jsonl."
        ) from None
    with _one_sentence(path):
        with path.open("rb") as raw:
            head = raw.read(1000)
        if not head.startswith(b"PAR1"):
            check_content(path, head)
        # A buffer, so that a column chunk of hundreds of megabytes is not read as a whole.
        file = pyarrow.parquet.ParquetFile(path, buffer_size=2**20, pre_buffer=False)
        list(file.schema_arrow.names)  # an error where one is not UTF-8
    with file:
        yield file


@contextmanager
def _one_sentence(path: Path) -> Iterator[None]:
    """Turn the errors of pyarrow into an InputError; only its code runs inside."""
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise InputError(
            f"{path.name} cannot be read as Parquet ({reason}); check that it is one, and complete."
        ) from None


def _schema(path: Path) -> Any:
    with _parquet_file(path) as file:
        return file.schema_arrow


def _chunks(metadata: Any, columns: Sequence[str]) -> list[Any]:
    """The column chunks of all row groups."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    chunks = [group.column(number) for group in groups for number in range(group.num_columns)]
    return [chunk for chunk in chunks if chunk.path_in_schema in columns]


def _check_ratio(path: Path, chunks: Sequence[Any]) -> None:
    for chunk in chunks:
        if chunk.total_uncompressed_size > max(BATCH, MOST_RATIO * chunk.total_compressed_size):
            raise InputError(
                f"The column '{chunk.path_in_schema}' of {path.name} unpacks to more than {MOST_RATIO} times "
                "its size, as text never does; expected a column of text."
            )


def _batch_rows(chunks: Sequence[Any]) -> int:
    """How many rows of a Parquet table are surely some BATCH bytes or less.

    The texts of a column chunk may all be the longest one of its dictionary.
    """
    longest = max((chunk.total_uncompressed_size for chunk in chunks), default=0)
    return max(1, min(BATCH_ROWS, BATCH_ROWS * BATCH // max(1, longest)))


def _can_be_text(type_: Any) -> bool:
    import pyarrow

    type_ = type_.value_type if pyarrow.types.is_dictionary(type_) else type_
    return str(type_) in ("string", "large_string", "string_view")


def _no_text(type_: Any) -> str | None:
    """What a column holds that could be taken for text."""
    from pyarrow import types

    if types.is_struct(type_) or types.is_map(type_):
        return "objects"
    is_bytes = types.is_binary(type_) or types.is_large_binary(type_)
    return "lists" if types.is_nested(type_) else "bytes" if is_bytes else None


def _plain(value: Any) -> Any:
    """Arrow's value as Python's; None for what is none: text that is not UTF-8, a date after 9999."""
    try:
        return value.as_py()
    except (ValueError, OverflowError):
        return None
