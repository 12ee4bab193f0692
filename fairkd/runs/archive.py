"""A run as one zip file, to archive or to share."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, BinaryIO, Literal

from fairkd.errors import InputError
from fairkd.runs import queue_place, run_access, store
from fairkd.runs.export_paths import PathNames, note
from fairkd.runs.run_record import Run
from fairkd.utils import shortened

NOTE = "export.txt"  # in the zip file: which paths were replaced
_UNFINISHED = ".part"
_LOCK = ".lock"  # on Windows nobody else may read it
_DENSE = {".safetensors", ".pt", ".bin", ".gz"}  # compression makes them hardly smaller


def export(id: str, target: Path | BinaryIO, *, model: bool = True, checkpoints: bool = False) -> Path | None:
    """Write a run's folder as a zip file: settings, description, events, log, and the model if there is one.

    TensorBoard's files are left out: they name this computer, and events.jsonl has their numbers.

    It names no path of this computer: names of files and folders replace them, and export.txt in it says how
    often.

    Parameters
    ----------
    target
        A file that does not exist yet, a folder (the file is then ID.zip in it), or an open binary file.
    model
        Whether the model is included. It is whole, so that it can be loaded anywhere; most of its size are
        the token embeddings, which a student usually has in common with its teacher.
    checkpoints
        Whether the checkpoints are included. They serve to resume the run.

    Returns
    -------
    The path of the file, which appears when it is complete; None for an open file.

    Raises
    ------
    InputError
        When there is no such run, its folder is missing, the file exists, or it cannot be written.
    """
    run = store.entry(id).run
    if not run.folder.is_dir():
        raise InputError(f"The folder of the run {shortened(id)} is missing, so there is nothing to export.")
    left_out = {name for name, included in (("model", model), ("checkpoints", checkpoints)) if not included}
    left_out.add("tensorboard")
    # Listed before anything is written: the target may be in the run's own folder, as earlier exports may.
    files = [
        path
        for path in sorted(run.folder.rglob("*"))
        if path.name != f"{id}.zip" and path.suffix not in (_UNFINISHED, _LOCK)
        if path.relative_to(run.folder).parts[0]
        not in left_out | {run_access.FILE, queue_place.FILE}  # says who, and which paths
    ]
    if not isinstance(target, str | os.PathLike):
        _write(run, files, target)
        return None
    path = Path(target) / f"{id}.zip" if Path(target).is_dir() else Path(target)
    if path.exists():
        raise InputError(f"The file {path} already exists: choose another name, or delete it.")
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=_UNFINISHED, delete=False) as handle:
            try:
                _write(run, files, handle)
            except BaseException:
                os.unlink(handle.name)
                raise
        os.replace(handle.name, path)
    except OSError as error:
        raise InputError(f"The run cannot be exported to {path}: {error.strerror or error}.") from error
    return path


def part_bytes(run: Run, part: Literal["model", "checkpoints"]) -> int:
    """The size of a part of a run's folder that an export may leave out; 0 where there is none."""
    total = 0
    for path in (run.folder / part).rglob("*"):
        with suppress(OSError):  # an active run removes files
            total += path.stat().st_size if path.is_file() else 0
    return total


def _write(run: Run, files: Sequence[Path], target: BinaryIO | IO[bytes]) -> None:
    names = PathNames(run)
    counts: dict[str, int] = {}
    with zipfile.ZipFile(target, "w", strict_timestamps=False) as archive:
        for path in files:
            inside = path.relative_to(run.folder)
            if not path.is_file():
                continue
            with suppress(FileNotFoundError):  # an active run removes files
                entry = zipfile.ZipInfo.from_file(path, Path(run.id) / inside, strict_timestamps=False)
                entry.compress_type = zipfile.ZIP_STORED if path.suffix in _DENSE else zipfile.ZIP_DEFLATED
                with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as copy:
                    if names.concerns(inside):
                        counts[inside.as_posix()] = _copy(source, copy, names)
                    else:
                        shutil.copyfileobj(source, copy)
        archive.writestr(f"{run.id}/{NOTE}", note(counts))


def _copy(source: IO[bytes], copy: IO[bytes], names: PathNames) -> int:
    """Copy a text line by line with names instead of paths. Returns how many there were."""
    total = 0
    for line in source:
        text, count = names.replaced(line)
        total += count
        copy.write(text)
    return total
