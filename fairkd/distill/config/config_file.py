"""The config.json in a run's folder: the one record of the run's settings, and its one reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fairkd.distill.config.config import Config, make_config
from fairkd.distill.config.renamed import with_current_names
from fairkd.errors import InputError

FILE = "config.json"


def stored_settings(folder: Path) -> dict[str, Any] | None:
    """The nested settings that the config.json of a folder holds, under today's names; None if there is none.

    They are not validated: `make_config` does that.

    Raises
    ------
    InputError
        When the file cannot be read, or holds no settings.
    """
    path = folder / FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(f"The configuration {path} cannot be read: {error.strerror or error}.") from None
    except (ValueError, RecursionError):  # no JSON, or not UTF-8
        raise InputError(f"The configuration {path} is damaged: it is not valid JSON.") from None
    if not isinstance(values, dict):
        raise InputError(
            f"The configuration {path} is damaged: expected settings by name, got a {type(values).__name__}."
        )
    return with_current_names(values)


def stored_config(folder: Path) -> Config | None:
    """The configuration in a folder's config.json; None if there is none.

    Raises
    ------
    InputError
        When the file cannot be read, is damaged, or is not the configuration of a run.
    """
    try:
        settings = stored_settings(folder)
        return None if settings is None else make_config(settings)
    except InputError as error:
        raise InputError(
            f"The {FILE} in {folder} is damaged or not that of a run: choose another folder. {error}"
        ) from None
