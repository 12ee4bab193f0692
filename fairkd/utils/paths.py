"""Where FairKD keeps what outlives a process: FAIRKD_HOME, else the platform's data directory."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import platformdirs

from fairkd.errors import InputError
from fairkd.utils.quoting import quoted

VARIABLE = "FAIRKD_HOME"


def home() -> Path:
    """The home folder, absolute, as processes started elsewhere use it too; not made here.

    Raises
    ------
    InputError
        When FAIRKD_HOME lies in the folder of a user who does not exist.
    """
    chosen = os.environ.get(VARIABLE)
    if not chosen:
        return platformdirs.user_data_path("fairkd", appauthor=False).absolute()
    try:
        return Path(chosen).expanduser().absolute()
    except RuntimeError:
        raise InputError(
            f"{VARIABLE} begins with the home folder of a user who does not exist: {quoted(chosen)}."
        ) from None


def cache_folder() -> Path:
    """The folder of what can be computed or fetched again: FAIRKD_HOME/cache, else the platform's."""
    if os.environ.get(VARIABLE):
        return home() / "cache"
    return platformdirs.user_cache_path("fairkd", appauthor=False)


def runs_folder() -> Path:
    """The folder of all runs' folders."""
    return home() / "runs"


def studies_folder() -> Path:
    """The folder of all studies' folders."""
    return home() / "studies"


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file that this user alone may read, whatever the umask. It is replaced as a whole.

    Raises
    ------
    OSError
        When it cannot be written; what was there before stays.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        os.replace(part, path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise


def make_private(folder: Path) -> Path:
    """Make a folder for this user alone. One that exists keeps its mode: it may be there for others, too.

    Whatever it will hold, others cannot reach it, whichever mode the files have.

    Raises
    ------
    OSError
        When it cannot be made.
    """
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)  # 0o700 lacks what a umask may take away
    return folder


def uploads_folder() -> Path:
    """The folder of the files that visitors of the dashboard have uploaded."""
    return home() / "uploads"


def tighten(path: Path) -> None:
    """Take a file or folder of an earlier version, which made them for all to read, from everybody else.

    It stays as it is where a group may write it, since somebody shares it on purpose, and where this user may
    not change it. Call it only for what FairKD has made.
    """
    with suppress(OSError):
        status = path.stat()
        if status.st_mode & 0o077 and not status.st_mode & 0o020:
            path.chmod(0o700 if path.is_dir() else 0o600)
