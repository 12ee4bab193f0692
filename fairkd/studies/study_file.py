"""A study from values or a YAML file, checked whole, and the file that runs it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from fairkd.distill.config import nested, on_top
from fairkd.errors import FairKDError, InputError, listed
from fairkd.studies.cells import variant_configs
from fairkd.studies.study import Study, Variant, seeds_text
from fairkd.utils import in_our_words, quoted, read_change, read_settings, shortened


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


def read_study(path: str | Path, changes: Sequence[str] = ()) -> Study:
    """The study in a YAML or JSON file, with `key=value` changes of its base settings.

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
    return make_study(values)


def with_changes(base: Mapping[str, Any], changes: Sequence[str]) -> dict[str, Any]:
    """Base settings with `key=value` changes. One kind of budget replaces the other."""
    whole = nested(base)
    for change in changes:
        key, value = read_change(change)
        for one, other in (("steps", "minutes"), ("minutes", "steps")):
            budget = whole.get("budget")
            if key == f"budget.{one}" and isinstance(budget, Mapping):
                whole["budget"] = {name: own for name, own in budget.items() if name != other}
        whole = on_top(whole, nested({key: value}))
    return whole


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
