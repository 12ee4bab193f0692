"""The config.json in the folder of a distillation: the one record of its settings, and its one reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fairkd.distill.config.config import Config, make_config, without_kind
from fairkd.distill.config.renamed import with_current_names
from fairkd.errors import InputError
from fairkd.utils import SETTINGS_FILE, shortened, stored_values, valid_settings


def stored_settings(folder: Path) -> dict[str, Any] | None:
    """The nested settings that the config.json of a folder holds, under today's names; None if there is none.

    They are not validated: `make_config` does that.

    Raises
    ------
    InputError
        When the file cannot be read, or holds no settings, or those of another kind of run.
    """
    values = stored_values(folder)
    if values is None:
        return None
    settings = with_current_names(without_kind(values, folder / SETTINGS_FILE))
    student = settings.get("student")
    # A run stores all settings. One without this setting is older than the fit, and had none.
    if isinstance(student, dict) and "freeze_embeddings" in student:
        student.setdefault("fit_layers", False)
    return settings


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
            f"The {SETTINGS_FILE} in {shortened(folder)} is damaged or not that of a run: choose another "
            f"folder. {error}"
        ) from None


def readable_settings(folder: Path) -> tuple[dict[str, Any], str | None]:
    """The valid settings in a folder's config.json, and what is wrong with the rest; None if nothing is.

    So a run whose file is damaged, or written by another version, can be shown. The settings are those of
    `stored_settings`, without the ones that are refused.
    """
    path = folder / SETTINGS_FILE
    try:
        settings = stored_settings(folder)
    except InputError as error:
        return {}, str(error)
    if settings is None:
        return {}, f"The configuration {path} is missing."
    try:
        make_config(settings)
    except InputError as error:
        problem = f"The configuration {path} is damaged, or of another version. {error}"
        return valid_settings(Config, settings), problem
    return settings, None
