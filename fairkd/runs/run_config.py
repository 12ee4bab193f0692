"""What a run does: its kind, and the settings of that kind in the run's config.json.

A distillation's file holds its settings alone, as earlier versions wrote it. That of any other kind begins
with the kind: `{"kind": "measure", "models": [...], ...}`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from fairkd.benchmarks import MeasureConfig, make_measure_config
from fairkd.distill.config import Config, make_config, read_config, readable_settings
from fairkd.errors import InputError
from fairkd.utils import (
    NAMED_TEXTS,
    SETTINGS_FILE,
    quoted,
    read_change,
    read_settings,
    shortened,
    stored_values,
    valid_settings,
)

Kind = Literal["distill", "measure"]
KINDS: tuple[Kind, ...] = get_args(Kind)
RunConfig = Config | MeasureConfig
# Settings of a distillation that name a model or a text, by section.
MODEL_SETTINGS = (("student", "reference"), ("student", "tokenizer"))
TEXT_SETTINGS = (("corpus", "source"), ("corpus", "held_out"))


def kind_of(config: RunConfig) -> Kind:
    """The kind of the runs that have such settings."""
    return "measure" if isinstance(config, MeasureConfig) else "distill"


def make_run_config(kind: Kind, values: Mapping[str, Any]) -> RunConfig:
    """The validated settings of a run; InputError for the first value that does not fit."""
    return make_measure_config(values) if kind == "measure" else make_config(values)


def with_kind(kind: Kind, values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as a run's config.json holds them.

    >>> with_kind("measure", {"quick": True}), with_kind("distill", {"seed": 1})
    ({'kind': 'measure', 'quick': True}, {'seed': 1})
    """
    return dict(values) if kind == "distill" else {"kind": kind, **values}


def readable_config(folder: Path) -> tuple[Kind, dict[str, Any], str | None]:
    """The kind of the run in a folder, its valid settings, and what is wrong with the rest of the file.

    A file that cannot be read, or is for a kind that this version does not know, counts as a distillation's
    without settings.
    """
    path = folder / SETTINGS_FILE
    try:
        values = stored_values(folder) or {}
    except InputError as error:
        return "distill", {}, str(error)
    kind = values.pop("kind", "distill")
    if kind == "distill":
        return kind, *readable_settings(folder)
    if kind != "measure":
        known = " or ".join(KINDS)
        return (
            "distill",
            {},
            f"The configuration {path} is damaged, or of another version: expected the kind {known}, got "
            f"{quoted(kind)}.",
        )
    try:
        make_measure_config(values)
    except InputError as error:
        problem = f"The configuration {path} is damaged, or of another version. {error}"
        return kind, valid_settings(MeasureConfig, values), problem
    return kind, values, None


def read_run_config(path: str | Path, changes: Sequence[str] = ()) -> RunConfig:
    """The settings in a YAML or JSON file, of the kind that it names, with `key=value` changes.

    A file without a kind is that of a distillation.

    Raises
    ------
    InputError
        When the file cannot be read, or settings do not exist or do not fit.
    """
    values = read_settings(Path(path))
    kind = values.pop("kind", "distill")
    if kind == "distill":
        return read_config(path, changes)
    if kind != "measure":
        raise InputError(
            f"The configuration {shortened(path)} is for a run of the kind {quoted(kind)}: expected "
            f"{' or '.join(KINDS)}."
        )
    for key, value in map(read_change, changes):
        name, dot, inner = key.partition(".")
        own = values.get(name)
        values[name] = {**(own if isinstance(own, dict) else {}), inner: value} if dot else value
    return make_measure_config(values)


def with_absolute_paths(kind: Kind, values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings in which the paths of existing files and folders are absolute, and so are all data files."""
    whole = dict(values)
    if kind == "measure":
        whole["models"] = [_absolute(model) for model in values["models"]]
        whole["data"] = {name: _absolute_file(file) for name, file in values["data"].items()}
        return whole
    if "teacher" in values:
        whole["teacher"] = _absolute(values["teacher"])
    for section, key in MODEL_SETTINGS + TEXT_SETTINGS:
        if isinstance(own := whole.get(section), Mapping) and key in own:
            whole[section] = {**own, key: _absolute(own[key])}
    return whole


def _absolute(reference: Any) -> Any:
    if (
        not isinstance(reference, str)
        or reference in NAMED_TEXTS
        or reference.startswith(("embedded/", "run/", "hub:"))
    ):
        return reference
    try:
        path = Path(reference).expanduser()
        return os.path.abspath(path) if path.exists() else reference
    except (OSError, RuntimeError):  # too long for a path, no such user
        return reference


def _absolute_file(file: str) -> str:
    """The absolute path of a data file, whether it exists or not: nothing else can be meant."""
    try:
        return os.path.abspath(Path(file).expanduser())
    except RuntimeError:  # no such user
        return os.path.abspath(file)
