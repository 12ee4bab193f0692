"""Data sets of Hugging Face, row by row: "hub:org/name", streamed, and folders of `Dataset.save_to_disk`.

A data set of several configurations is "hub:org/name:configuration". Needs the package
`datasets` (the extra of that name), in a version that never runs a data set's own code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from fairkd.corpora.reading import ReadingLimits, ReadingState
from fairkd.corpora.tables import Row, Table, make_table
from fairkd.errors import InputError

PREFIX = "hub:"
_NAME = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?)(:(?P<configuration>[\w.-]+))?(@(?P<revision>[\w./-]+))?"
)

_SPLITS = re.compile(r"Bad split: (?P<asked>.*)\. Available splits: \[(?P<names>.*)\]")


def stream(source: str, split: str | None, reading: ReadingState) -> tuple[Table, str | None]:
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
    datasets = _datasets(source)
    reading.report(f"Opening {source}", None)
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
    # A network takes its time, and no more is streamed than is used.
    reading = replace(reading, limits=ReadingLimits())
    return _table(source, rows, reading, "Streaming"), rows.info.license or None


def is_saved(folder: Path) -> bool:
    """Whether `Dataset.save_to_disk` or `DatasetDict.save_to_disk` wrote the folder."""
    return (folder / "dataset_dict.json").is_file() or (
        (folder / "state.json").is_file() and (folder / "dataset_info.json").is_file()
    )


def saved(folder: Path, split: str | None, reading: ReadingState) -> tuple[Table, str | None]:
    """The same for a folder that `save_to_disk` wrote."""
    datasets = _datasets(folder.name)
    with _one_sentence(folder.name):
        found = datasets.load_from_disk(folder)
    if isinstance(found, Mapping):  # of splits
        names = ", ".join(found)
        split = split or ("train" if "train" in found else next(iter(found)) if len(found) == 1 else "")
        if split not in found:
            missing = f"has no split '{split}'" if split else "has several splits"
            raise InputError(f"{folder.name} {missing}; its splits are: {names}.")
        found = found[split]
    elif split is not None:
        raise InputError(f"{folder.name} has no splits; leave the split '{split}' out.")
    with _one_sentence(folder.name):
        rows = found.to_iterable_dataset()
    reading.start()  # the import of `datasets` takes seconds
    return _table(folder.name, rows, reading, "Reading"), found.info.license or None


def _datasets(source: str) -> Any:
    try:
        import datasets  # an extra, and slow to import
    except ImportError:
        raise InputError(
            f"Reading {source} needs the package datasets; install it with: pip install datasets."
        ) from None
    return datasets


def _table(source: str, rows: Any, reading: ReadingState, doing: str) -> Table:
    # Images and sound are not decoded: they are not used, and their decoders may not be installed.
    if hasattr(rows, "decode") and rows.features:
        with _one_sentence(source):
            rows = rows.decode(False)

    def each(reading: ReadingState, column: str | None) -> Iterator[Row]:
        for count, row in enumerate(_guarded(source, rows), 1):
            if reading.due():
                reading.report(f"{doing} {source}: {count:,} rows", None)
            reading.add(lines=1)
            yield row

    return make_table(each, reading, source)


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
