"""What a run may use, and which visitor started it: access.json in its folder.

The lists of models and texts that held when a run was submitted travel with it. Its process checks the
settings against them, wherever the runner was started, and whatever lists that environment has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairkd.errors import InputError
from fairkd.runs.run_config import MODEL_SETTINGS, TEXT_SETTINGS
from fairkd.utils import MODELS_VARIABLE, TEXT_VARIABLE, Access, parse_json, write_private

FILE = "access.json"


@dataclass(frozen=True)
class RunAccess:
    """The lists that held at submit, and the id of the visitor; an empty id is whoever runs the server.

    `own_runs_only` says that the visitor may change no run but their own, and so neither may this run.
    """

    access: Access
    visitor: str = ""
    own_runs_only: bool = False


def allowed(values: Mapping[str, Any], access: Access) -> dict[str, Any]:
    """The settings of a run, with what they name as `access` resolves it.

    Raises
    ------
    FairKDError
        When the teacher, the student's model or tokenizer, a measured model, a text or a data file is not
        allowed.
    """
    checked = dict(values)
    if isinstance(models := values.get("models"), list | tuple):
        checked["models"] = [access.model(one) for one in models if isinstance(one, str)]
    if isinstance(data := values.get("data"), Mapping):
        files = {name: file for name, file in data.items() if isinstance(file, str)}
        checked["data"] = {name: access.file(file) for name, file in files.items()}
    if isinstance(values.get("teacher"), str):
        checked["teacher"] = access.model(values["teacher"])
    for names, check in ((MODEL_SETTINGS, access.model), (TEXT_SETTINGS, access.source)):
        for section, key in names:
            own = checked.get(section)
            if isinstance(own, Mapping) and isinstance(own.get(key), str):
                checked[section] = {**own, key: check(own[key])}
    return checked


def write(folder: Path, run: RunAccess) -> None:
    """Write access.json into the folder of a new run; OSError if that fails."""
    content = {
        "models": run.access.models,
        "text": run.access.text,
        "visitor": run.visitor,
        "own_runs_only": run.own_runs_only,
    }
    write_private(folder / FILE, json.dumps(content, indent=2) + "\n")


def environment(variables: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment of a run's process: with its own lists, not those of whoever started the runner."""
    if not (folder / FILE).exists():
        return dict(variables)
    try:
        access = read(folder).access
    except InputError:  # the process reports it
        access = Access((), ())
    found = {name: value for name, value in variables.items() if name not in (MODELS_VARIABLE, TEXT_VARIABLE)}
    for name, patterns in ((MODELS_VARIABLE, access.models), (TEXT_VARIABLE, access.text)):
        if patterns is not None:  # only that of the uploads can hold a comma, and these need no pattern here
            found[name] = ",".join(one for one in patterns if "," not in one)
    return found


def read(folder: Path) -> RunAccess:
    """What is stored in a run's folder; for a run of an earlier version, the lists of the environment.

    Raises
    ------
    InputError
        When the file is damaged: then nobody knows what the run may use.
    """
    path = folder / FILE
    try:
        values = parse_json(path.read_bytes())
        visitor = values["visitor"]
        if not isinstance(visitor, str):
            raise TypeError
        limited = bool(values.get("own_runs_only", False))  # earlier versions do not say
        return RunAccess(Access(_patterns(values["models"]), _patterns(values["text"])), visitor, limited)
    except FileNotFoundError:
        return RunAccess(Access.from_environment())
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}).") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} is damaged, so it is unknown which models and texts this run may use: submit a new run."
        ) from error


def may_change(folder: Path, other: Path) -> bool:
    """Whether the run in `folder` may change that in `other`, such as add what it has measured."""
    try:
        own = read(folder)
        return not own.own_runs_only or read(other).visitor == own.visitor
    except InputError:
        return False


def _patterns(found: object) -> tuple[str, ...] | None:
    if found is None:
        return None
    if not isinstance(found, list) or not all(isinstance(one, str) and one.isprintable() for one in found):
        raise TypeError
    return tuple(found)
