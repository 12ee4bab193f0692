"""The one configuration of a distillation: the same for the page, the command line and a file.

Keys are nested by section (`budget.minutes`, `constraint.kind`, ...), frozen, and unknown ones are errors.
What `config.model_dump(mode="json")` gives, `make_config` turns into the same configuration again. Nothing
here needs torch.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from fairkd.distill.config.renamed import with_current_names
from fairkd.distill.config.sections import (
    BudgetConfig,
    CheckpointConfig,
    ConstraintConfig,
    CorpusConfig,
    EvaluationConfig,
    MaskingConfig,
    ObjectiveConfig,
    OptimizerConfig,
    Positions,
    Precision,
    ScheduleKind,
    Section,
    StudentConfig,
    StudentKind,
)
from fairkd.errors import FairKDError, InputError

__all__ = [
    "BudgetConfig",
    "CheckpointConfig",
    "Config",
    "ConstraintConfig",
    "CorpusConfig",
    "EvaluationConfig",
    "MaskingConfig",
    "ObjectiveConfig",
    "OptimizerConfig",
    "Positions",
    "Precision",
    "Section",
    "ScheduleKind",
    "StudentConfig",
    "StudentKind",
    "make_config",
    "read_config",
    "stored_config",
]


class Config(Section):
    """Everything about one distillation."""

    teacher: str = Field(
        default="embedded/teacher",
        description="The model to learn from: embedded/NAME, a local folder, or a Hub id.",
    )
    seed: int = Field(
        default=0,
        ge=0,
        lt=2**31,
        description="Decides masks, the order of the text and fresh weights; runs of one seed compare.",
    )
    student: StudentConfig = Field(default=StudentConfig(), description="The model that learns.")
    corpus: CorpusConfig = Field(default=CorpusConfig(), description="The text that it learns on.")
    masking: MaskingConfig = Field(default=MaskingConfig(), description="Which words are hidden.")
    objective: ObjectiveConfig = Field(default=ObjectiveConfig(), description="What is made small.")
    constraint: ConstraintConfig = Field(
        default=ConstraintConfig(), description="How the teacher's distributions are edited beforehand."
    )
    optimizer: OptimizerConfig = Field(default=OptimizerConfig(), description="How the weights are moved.")
    budget: BudgetConfig = Field(default=BudgetConfig(), description="When training ends.")
    evaluation: EvaluationConfig = Field(
        default=EvaluationConfig(), description="What is measured during the run."
    )
    checkpoint: CheckpointConfig = Field(
        default=CheckpointConfig(), description="How often the run is saved, to be gone on with."
    )
    threads: int | None = Field(
        default=None,
        ge=1,
        description="Processor threads to compute with; empty: what torch takes by itself.",
    )
    log_every: int = Field(default=20, ge=1, description="Steps between two points of the loss curves.")

    @model_validator(mode="after")
    def _ends_where_it_would_end_again(self) -> Self:
        """A run of so many steps ends alike however often it is resumed, and evaluations decide its end."""
        budget = self.budget
        if budget.stop_gap is not None and budget.steps is not None and self.evaluation.every_steps is None:
            raise ValueError(
                "budget.stop_gap with a budget in steps needs evaluation.every_steps, since evaluations by "
                "the clock would end the run at another step each time"
            )
        return self

    @model_validator(mode="after")
    def _learns(self) -> Self:
        terms = self.objective
        group = terms.group if self.constraint.kind != "none" else 0
        if not terms.kd + terms.mlm + terms.hidden + group:
            raise ValueError(
                "every weight of the objective is 0, so that there is nothing to learn; set objective.kd, "
                "objective.mlm or objective.hidden above 0"
            )
        return self


def make_config(values: Mapping[str, Any]) -> Config:
    """A configuration from nested values; InputError with one sentence where they do not fit."""
    try:
        return Config(**with_current_names(values))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ").rstrip(".")
        if first["type"] == "extra_forbidden":
            message = "there is no setting of that name"
        what = f"setting {key}" if key else "settings"  # of no single one
        raise InputError(f"The {what} cannot be used: {message}.") from None


def read_config(
    path: str | Path | None = None, changes: Sequence[str] = (), *, start: Mapping[str, Any] | None = None
) -> Config:
    """A configuration from a YAML (or JSON) file and `key=value` changes, e.g. "budget.minutes=10".

    Without a file the changes are made to `start`, nested values such as a preset's. Raises InputError with
    one sentence for a file that cannot be read, and for settings that do not exist or do not fit.
    """
    values: dict[str, Any] = copy.deepcopy(dict(start or {}))
    if path is not None:
        values = _read(Path(path))
    for change in changes:
        _set(values, change)
    budget = values.get("budget")
    changed = {change.partition("=")[0].strip() for change in changes}
    for one, other in (("steps", "minutes"), ("minutes", "steps")):
        # A change of one kind of budget replaces the other that a file may set.
        replaced = f"budget.{one}" in changed and f"budget.{other}" not in changed
        if replaced and isinstance(budget, dict) and budget[one] is not None:
            budget.pop(other, None)
    return make_config(values)


def stored_config(folder: Path) -> Config | None:
    """What the config.json of a run's folder says; None where there is none.

    Raises InputError for one that is damaged, or that of something else, and OSError where it cannot be read.
    """
    path = folder / "config.json"
    if not path.is_file():
        return None
    try:
        return make_config(json.loads(path.read_text(encoding="utf-8")))
    except (FairKDError, ValueError, TypeError):  # other settings, no JSON, not UTF-8, no names
        raise InputError(
            f"The config.json of {folder} is damaged, or not that of a run: choose another folder."
        ) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, ValueError, RecursionError) as error:  # bytes, a day that is none
        raise InputError(
            f"The configuration {path} cannot be read as YAML: {str(error).splitlines()[0]}."
        ) from None
    values = {} if values is None else values
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise InputError(
            f"The configuration {path} must hold settings by name, not a {type(values).__name__}."
        )
    return values


def _set(values: dict[str, Any], change: str) -> None:
    """Make one change in place."""
    key, equals, text = change.partition("=")
    if not equals or not key.strip():
        raise InputError(f"A change is written key=value, for example budget.minutes=10, but got {change!r}.")
    *sections, last = key.strip().split(".")
    section = values
    for name in sections:
        section = section.setdefault(name, {})
        if not isinstance(section, dict):
            raise InputError(f"The setting {name} of {change!r} is no group of settings.")
    try:
        section[last] = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: there is no such day
        raise InputError(
            f"The value of {change!r} cannot be read as YAML; check brackets and quotes."
        ) from None
