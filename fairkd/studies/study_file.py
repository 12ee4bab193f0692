"""A study from values or a YAML file, checked whole, and the file that runs it again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from fairkd.distill.config import nested, on_top
from fairkd.errors import FairKDError, InputError, listed
from fairkd.studies.cells import variant_configs
from fairkd.studies.study import Study, Variant, seeds_text
from fairkd.utils import in_our_words, quoted, read_change, read_settings, shortened

_BEFORE_KEY = re.compile(r",(?=\s*[a-z_]+(?:\.[a-z_]+)*\s*=)")  # a comma that is not inside a value


def make_study(values: Mapping[str, Any]) -> Study:
    """A study from values by name, as in a file, checked whole.

    Raises
    ------
    InputError
        For the first value that does not fit, settings that do not exist, unequal budgets, and variants that
        cannot be compared or are the same.
    """
    try:
        study = Study(**values)
    except ValidationError as error:
        raise InputError(_sentence(error)) from None
    variant_configs(study)
    return study


def read_study(
    path: str | Path,
    *,
    changes: Mapping[str, Any] | None = None,
    fields: Mapping[str, Any] | None = None,
) -> Study:
    """The study in a YAML or JSON file, with changes of its base settings, nested or by dotted name.

    `fields` of the study, such as `seeds`, replace those of the file.

    Raises
    ------
    InputError
        When the file cannot be read, and as `make_study`.
    """
    values = read_settings(Path(path))
    if "variants" not in values:
        raise InputError(
            f"The file {shortened(path)} describes no study: expected `variants` and `seeds`, got "
            f"{listed([shortened(name, 40) for name in values]) or 'an empty file'}."
        )
    if changes:
        base = values.get("base") or {}
        values["base"] = with_changes(base if isinstance(base, Mapping) else {}, changes)
    return make_study({**values, **(fields or {})})


def parse_variant(text: str) -> tuple[str, dict[str, Any]]:
    """A variant's name and values from `NAME[=PRESET][,KEY=VALUE]...`; without a preset, the name is one.

    Raises
    ------
    InputError
        When there is no name, or a change is no KEY=VALUE.

    >>> parse_variant("hot=plain,objective.temperature=4,student.layers=[0, 2]")
    ('hot', {'preset': 'plain', 'set': {'objective': {'temperature': 4}, 'student': {'layers': [0, 2]}}})
    """
    first, *changes = _BEFORE_KEY.split(text)
    name, equals, start = (part.strip() for part in first.partition("="))
    if not name or (equals and not start):
        raise InputError(
            f"A variant is NAME, NAME=PRESET or NAME=PRESET,KEY=VALUE,..., such as "
            f"hot=plain,objective.temperature=4; got {quoted(text)}."
        )
    values: dict[str, Any] = {"preset": start} if equals else {}
    return name, {**values, "set": nested(dict(map(read_change, changes)))} if changes else values


def with_changes(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Base settings with others on top. One kind of budget replaces the other.

    >>> with_changes({"budget": {"minutes": 5}}, {"budget.steps": 9})
    {'budget': {'steps': 9}}
    """
    whole, more = nested(base), nested(changes)
    before, after = whole.get("budget"), more.get("budget")
    if isinstance(before, Mapping) and isinstance(after, Mapping) and after.keys() & {"steps", "minutes"}:
        whole["budget"] = {name: value for name, value in before.items() if name not in ("steps", "minutes")}
    return on_top(whole, more)


def study_yaml(study: Study) -> str:
    """The file that `fairkd study run` reads to run this study again."""
    values = study.model_dump(mode="json")
    values["seeds"] = seeds_text(study.seeds)
    for name, variant in study.variants.items():
        if not variant.set:
            values["variants"][name] = {"preset": variant.preset}
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100)


def _sentence(error: ValidationError) -> str:
    """The first problem of a study in one sentence."""
    first = error.errors(include_url=False)[0]
    place = [str(part) for part in first["loc"]]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, FairKDError):
        where = f"In the variant {quoted(place[1])}: " if place[:1] == ["variants"] and len(place) > 1 else ""
        return where + str(cause)
    if isinstance(cause, ValueError) and str(cause).endswith("."):
        return str(cause)
    key = shortened(".".join(place))
    if first["type"] == "missing":
        return f"A study needs {key}: see `fairkd study run --help`."
    if first["type"] == "extra_forbidden":
        fields = Variant.model_fields if place[:1] == ["variants"] else Study.model_fields
        return f"A study has no {key}: expected {', '.join(fields)}. Settings belong into `base` or `set`."
    return f"The study's {key} is invalid: {in_our_words(dict(first))}."
