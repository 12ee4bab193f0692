"""Files that visitors of the dashboard upload as text or data for runs, kept until no run needs them."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from fairkd import corpora
from fairkd.errors import InputError
from fairkd.runs import store as runs
from fairkd.runs.run_config import TEXT_SETTINGS
from fairkd.runs.run_record import ACTIVE, RESUMABLE
from fairkd.utils import home, make_private, uploads_folder, write_private

UNUSED_SECONDS = 6 * 3600.0  # a visitor may take that long from the upload to the start of a run
_ENDING = re.compile(rf"\.[A-Za-z0-9]{{1,8}}({'|'.join(map(re.escape, corpora.PACKED))})?$", re.IGNORECASE)
_VISITOR = 16  # characters of a visitor's id that name their folder


def folder(visitor: str = "") -> Path:
    """The folder of a visitor's files; without an id that of the user of this machine."""
    return uploads_folder() / visitor[:_VISITOR] if visitor else uploads_folder()


def is_upload(source: object) -> bool:
    """Whether the source of a corpus is an uploaded file."""
    return isinstance(source, str) and uploads_folder() in Path(source).parents


def store(name: str, content: bytes, *, visitor: str = "", most_megabytes: int | None = None) -> Path:
    """Store an uploaded file for background runs, with a hash of its content in its name.

    The file's ending stays, because it tells how to read the file; of the rest of its name, only what is safe
    in any file system. Files that nobody uses any more are removed first.

    Raises
    ------
    InputError
        When the visitor's files together would exceed `most_megabytes`, or the file cannot be stored.
    """
    remove_unused()
    whole = Path(name).name
    ending = _ENDING.search(whole)
    at = ending.start() if ending else len(whole)
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", whole[:at]).strip("-.")[-48:] or "text"
    path = folder(visitor) / f"{hashlib.sha256(content).hexdigest()[:12]}-{stem}{whole[at:]}"
    try:
        if path.is_file():
            path.touch()  # its time as unused begins again
            return path
        if most_megabytes is not None and _size(path.parent) + len(content) > most_megabytes * 2**20:
            raise InputError(
                f"Your uploaded files may have {most_megabytes} MB together: choose a smaller file. Files "
                "that no run needs are removed after some hours."
            )
        for place in (home(), uploads_folder(), path.parent):
            make_private(place)
        write_private(path, content)
    except OSError as error:
        raise InputError(
            f"The file cannot be stored in {path.parent} ({error.strerror}). Make room on the disk, or "
            "choose a smaller file."
        ) from error
    return path


def remove_unused(older_than: float = UNUSED_SECONDS) -> list[Path]:
    """Remove the files that no queued, running or resumable run needs. Returns what was removed.

    `older_than` is how many seconds ago a file must have been uploaded for the last time.
    """
    old = [path for path in uploads_folder().glob("**/*") if _is_older(path, older_than)]
    if not old:
        return []
    unfinished = runs.entries(("queued", *ACTIVE, *RESUMABLE))
    needed = {source for entry in unfinished for source in _sources(entry.run.config)}
    unused = [path for path in old if not {str(path), str(path.resolve())} & needed]
    for path in unused:
        with suppress(OSError):
            path.unlink()
    return unused


def _sources(config: Mapping[str, Any]) -> set[str]:
    """The texts of a distillation, or the data files of a measurement."""
    texts = [
        own.get(key) for section, key in TEXT_SETTINGS if isinstance(own := config.get(section), Mapping)
    ]
    data = config.get("data")
    return set(map(str, [*texts, *(data.values() if isinstance(data, Mapping) else ())]))


def _is_older(path: Path, seconds: float) -> bool:
    with suppress(OSError):  # removed meanwhile
        return path.is_file() and time.time() - path.stat().st_mtime > seconds
    return False


def _size(folder: Path) -> int:
    total = 0
    for path in folder.glob("*"):
        with suppress(OSError):
            total += path.stat().st_size
    return total
