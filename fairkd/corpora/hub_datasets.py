"""Data sets of the Hugging Face Hub, streamed row by row: "hub:org/name", ":configuration" if it has several.

Needs the package `datasets` (the extra of that name), in a version that never runs a data set's own code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

from fairkd.corpora.text_files import SAMPLE, Table, sample_row
from fairkd.errors import InputError
from fairkd.utils import Progress, Throttle

PREFIX = "hub:"
_NAME = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?)(:(?P<configuration>[\w.-]+))?(@(?P<revision>[\w./-]+))?"
)

_SPLITS = re.compile(r"Bad split: (?P<asked>.*)\. Available splits: \[(?P<names>.*)\]")


def stream(source: str, *, split: str | None, progress: Progress | None = None) -> tuple[Table, str | None]:
    """The data set's rows as a table whose values arrive as they are asked for, and its licence if it says.

    Raises
    ------
    InputError
        `datasets` is not installed, the Hub cannot be reached, or there is no such data set, configuration
        or split.
    """
    match = _NAME.fullmatch(source.removeprefix(PREFIX))
    if match is None:
        raise InputError(
            f"{source!r} names no data set of the Hub: expected hub:org/name, or hub:org/name:configuration."
        )
    try:
        import datasets  # an extra, and slow to import
    except ImportError:
        raise InputError(
            f"Reading {source} needs the package datasets; install it with: pip install datasets."
        ) from None
    if progress:
        progress(f"Opening {source}", None)
    with _one_sentence(source):
        rows = datasets.load_dataset(
            match["name"],
            match["configuration"],
            split=split or "train",
            revision=match["revision"],
            streaming=True,
            # Streaming retries by itself; one retry is enough to notice that there is no network.
            download_config=datasets.DownloadConfig(max_retries=1),
        )
        # Images and sound are not decoded: they are not used, and their decoders may not be installed.
        if hasattr(rows, "decode") and rows.features:
            rows = rows.decode(False)
    throttle = Throttle()

    def each() -> Iterator[Mapping[str, Any]]:
        for count, row in enumerate(_guarded(source, rows), 1):
            if progress and throttle.due():
                progress(f"Streaming {source}: {count:,} rows", None)
            yield row

    sample = tuple(sample_row(row) for row in islice(each(), SAMPLE))
    columns = tuple(dict.fromkeys(name for row in sample for name in row))

    table = Table(columns, sample, lambda column: (row.get(column) for row in each()))
    return table, rows.info.license or None


def _guarded(source: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The rows. Only errors of `datasets` become an InputError, not those that progress raises."""
    with _one_sentence(source):
        yield from rows


@contextmanager
def _one_sentence(source: str) -> Iterator[None]:
    """Turn any error of `datasets` into an InputError; only its code runs inside."""
    try:
        yield
    except ConnectionError as error:
        raise InputError(f"{source} cannot be reached; check the network: {_first_line(error)}.") from None
    except Exception as error:
        if splits := _SPLITS.fullmatch(_first_line(error)):
            names = splits["names"].replace("'", "")
            raise InputError(f"{source} has no split '{splits['asked']}'; its splits are: {names}.") from None
        raise InputError(f"{source} cannot be read: {_first_line(error)}.") from None


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
