"""Data sets of the Hugging Face Hub, streamed row by row: "hub:org/name", ":configuration" if it has several.

Needs the package `datasets` (the extra of that name), in a version that never runs a data set's own code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from fairkd.corpora.files import SAMPLE, Table
from fairkd.datawheel import Progress
from fairkd.errors import InputError

PREFIX = "hub:"
_NAME = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?)(:(?P<configuration>[\w.-]+))?(@(?P<revision>[\w./-]+))?"
)


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
            f"Reading {source} needs the package datasets; install it with: pip install 'fairkd[datasets]'."
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
            # Streaming a split asks again by itself; twice is enough to find out that there is no network.
            download_config=datasets.DownloadConfig(max_retries=1),
        )
        sample = tuple(islice(rows, SAMPLE))
    columns = tuple(dict.fromkeys(name for row in sample for name in row))

    def values(column: str) -> Iterator[Any]:
        with _one_sentence(source):
            for count, row in enumerate(rows, 1):
                if progress and count % 1000 == 0:
                    progress(f"Streaming {source}: {count:,} rows", None)
                yield row.get(column)

    return Table(columns, sample, values), rows.info.license or None


@contextmanager
def _one_sentence(source: str) -> Iterator[None]:
    """Turns what `datasets` raises into an InputError."""
    try:
        yield
    except InputError:
        raise
    except ConnectionError as error:
        raise InputError(f"{source} cannot be reached; check the network: {_first_line(error)}.") from None
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"{source} cannot be read: {_first_line(error)}.") from None


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
