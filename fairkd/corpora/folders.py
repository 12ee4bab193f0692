"""Folders of text: files of one kind, read together. Spark writes a table as a folder of such parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from fairkd.corpora import text_files
from fairkd.errors import InputError
from fairkd.utils import Access

MOST_FILES = 10_000


def files(folder: Path) -> list[Path]:
    """The text files or tables directly in a folder, by name.

    Files of other kinds do not count, and neither do those whose name begins with a dot or an underscore:
    they say something about the others ("_SUCCESS").

    Raises
    ------
    InputError
        The folder cannot be read, holds no such file, too many, or files of several kinds.
    """
    try:
        found = sorted(islice(_readable(folder), MOST_FILES + 1), key=lambda path: path.name)
    except OSError as error:
        raise InputError(f"The folder {folder.name} cannot be read ({error.strerror or error}).") from None
    if len(found) > MOST_FILES:
        raise InputError(
            f"The folder {folder.name} holds more than {MOST_FILES:,} files; expected at most so many. Put "
            "them together, or name one of them."
        )
    if not found:
        raise InputError(
            f"The folder {folder.name} holds no file that is read; expected {text_files.NAMED_FORMATS} files "
            "directly in it, or a data set as `save_to_disk` writes it."
        )
    kinds = sorted({text_files.kind(path) for path in found})
    if len(kinds) > 1:
        raise InputError(
            f"The folder {folder.name} holds files of several kinds ({', '.join(kinds)}); name one of them, "
            "or keep those of one kind in a folder of their own."
        )
    check_links(found)
    return found


def check_links(paths: Iterable[Path]) -> None:
    """Raise InputError for a link to a text that `FAIRKD_ALLOWED_TEXT` does not list."""
    access = Access.from_environment()
    for path in paths:
        if path.is_symlink():
            access.source(str(path))


def _readable(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith((".", "_")) or not path.is_file():
            continue
        try:
            text_files.kind(path)
        except InputError:
            continue
        yield path
