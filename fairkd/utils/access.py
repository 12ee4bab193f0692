"""Which models, texts and data files may be used: everything, unless a list says what is allowed.

A list has patterns, in which `*` stands for any text. A pattern must match as a whole: a file or folder by
its absolute path with links resolved, a model or data set of the Hub by its reference (`org/name`,
`hub:org/name`). Nobody learns whether a path exists that is not allowed: it is refused in the same words as
a missing one, and what is read is the resolved path.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import escape
from pathlib import Path

from fairkd.errors import InputError, ModelError
from fairkd.utils.paths import uploads_folder
from fairkd.utils.quoting import shortened

MODELS_VARIABLE = "FAIRKD_ALLOWED_MODELS"
TEXT_VARIABLE = "FAIRKD_ALLOWED_TEXT"
BUG = "bug"
SMALL = "small"
NAMED_TEXTS = (BUG, SMALL)  # the corpora that have a name of their own, and are allowed everywhere
_PATH = ("/", "\\", ".", "~")  # the beginnings of what can only be a path


@dataclass(frozen=True)
class Access:
    """What may be used: patterns of models and of texts. None allows everything, an empty list nothing.

    The embedded models, the students of runs and the corpora "bug" and "small" are always allowed.
    """

    models: tuple[str, ...] | None = None
    text: tuple[str, ...] | None = None

    def model(self, reference: str) -> str:
        """The reference of a model; a folder by its resolved path, where models are restricted.

        Raises
        ------
        ModelError
            When it is not allowed, or where models are restricted, no such folder exists.
        """
        if self.models is None or reference.partition("/")[0] in ("embedded", "run"):
            return reference
        folder = _existing(reference)
        if folder is not None and _matches(str(folder), self.models):
            return str(folder)
        if not reference.startswith(_PATH) and _matches(reference, self.models):
            return reference
        raise ModelError(
            f"{shortened(reference)} does not exist, or is not among the models allowed here: choose an "
            "embedded model, the student of a run, or one that whoever hosts this server has listed."
        )

    def source(self, source: str) -> str:
        """The source of a corpus; a file or folder by its resolved path, where texts are restricted.

        Raises
        ------
        InputError
            When it is not allowed, or where texts are restricted, no such file exists.
        """
        if self.text is None or source in NAMED_TEXTS:
            return source
        if source.startswith("hub:"):
            if _matches(source, self.text):
                return source
        elif (path := _existing(source)) is not None and _matches(str(path), self.text):
            return str(path)
        raise InputError(
            f"{shortened(source)} does not exist, or is not among the texts allowed here: choose BUG or the "
            "small text, upload a file, or name a text that whoever hosts this server has listed."
        )

    def file(self, path: str) -> str:
        """A file that is no corpus, such as the data of a benchmark, under the rules of texts.

        Raises
        ------
        InputError
            When it is not allowed, or where texts are restricted, there is no such file.
        """
        if self.text is None:
            return path
        if (found := _existing(path)) is not None and _matches(str(found), self.text):
            return str(found)
        raise InputError(
            f"{shortened(path)} does not exist, or is not among the files allowed here: upload it, or name "
            "one that whoever hosts this server has listed."
        )

    @classmethod
    def listed(cls) -> Access:
        """The lists of the environment."""
        return cls(_listed(MODELS_VARIABLE), _listed(TEXT_VARIABLE))

    @classmethod
    def from_environment(cls) -> Access:
        """What this process may use: what the environment lists, and with any list, uploaded files."""
        listed = cls.listed()
        if listed.text is None:
            return listed
        return cls(listed.models, (*listed.text, uploads_pattern(uploads_folder())))


def uploads_pattern(folder: Path) -> str:
    """The pattern of all files in a folder and below it."""
    return f"{escape(str(folder.resolve()))}/*"


def _listed(variable: str) -> tuple[str, ...] | None:
    """The comma-separated patterns of a variable; None if it is not set."""
    value = os.environ.get(variable)
    return None if value is None else tuple(filter(None, (one.strip() for one in value.split(","))))


def _existing(reference: str) -> Path | None:
    """The resolved path that `reference` names, if there is something at it."""
    try:
        path = Path(reference).expanduser().resolve()
        return path if path.exists() else None
    except (OSError, RuntimeError, ValueError):  # too long, no permission, no such user, a zero byte
        return None


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
