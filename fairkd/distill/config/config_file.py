"""The config.json in a run's folder: the one record of the run's settings, and its one reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fairkd.distill.config.config import Config, make_config
from fairkd.distill.config.renamed import with_current_names
from fairkd.errors import InputError
from fairkd.utils import parse_json, shortened

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
        values = parse_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(
            f"The configuration {shortened(path)} cannot be read: {error.strerror or error}."
        ) from None
    except ValueError:
        raise InputError(f"The configuration {shortened(path)} is damaged: it is not valid JSON.") from None
    if not isinstance(values, dict):
        raise InputError(
            f"The configuration {shortened(path)} is damaged: expected settings by name, got a "
            f"{type(values).__name__}."
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
            f"The {FILE} in {shortened(folder)} is damaged or not that of a run: choose another folder. "
            f"{error}"
        ) from None


def readable_settings(folder: Path) -> tuple[dict[str, Any], str | None]:
    """The valid settings in a folder's config.json, and what is wrong with the rest; None if nothing is.

    So a run whose file is damaged, or written by another version, can be shown. The settings are those of
    `stored_settings`, without the ones that are refused.
    """
    path = folder / FILE
    try:
        settings = stored_settings(folder)
    except InputError as error:
        return {}, str(error)
    if settings is None:
        return {}, f"The configuration {path} is missing."
    try:
        make_config(settings)
    except InputError as error:
        return _valid(settings), f"The configuration {path} is damaged, or of another version. {error}"
    return settings, None


def _valid(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings without those that are invalid by themselves. What is left may still not fit together."""
    kept: dict[str, Any] = {
        name: dict(value) if isinstance(value, dict) else value for name, value in settings.items()
    }
    while True:
        try:
            Config(**kept)
        except ValidationError as error:
            places = {tuple(map(str, one["loc"][:2])) for one in error.errors(include_url=False)}
            before = repr(kept)
            for section, *key in places - {()}:
                if key and isinstance(kept.get(section), dict):
                    kept[section].pop(key[0], None)
                else:
                    kept.pop(section, None)
            if repr(kept) == before:
                return kept
        else:
            return kept
