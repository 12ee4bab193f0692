"""The configuration of a distillation, the same for the page, the command line and a file.

Keys are nested by section (`budget.minutes`, `constraint.kind`, ...). The model is frozen, and unknown keys
are errors. `make_config(config.model_dump(mode="json"))` is the same configuration again. Nothing here needs
torch.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from fairkd.distill.config.constraint_section import ConstraintConfig
from fairkd.distill.config.correction_section import CorrectionConfig
from fairkd.distill.config.renamed import RENAMED, current_key, with_current_names
from fairkd.distill.config.run_sections import BudgetConfig, CheckpointConfig, EvaluationConfig
from fairkd.distill.config.sections import (
    CorpusConfig,
    MaskingConfig,
    ObjectiveConfig,
    OptimizerConfig,
)
from fairkd.distill.config.student_section import StudentConfig
from fairkd.errors import InputError
from fairkd.utils import (
    Section,
    did_you_mean,
    in_our_words,
    nearest,
    quoted,
    read_change,
    read_settings,
    shortened,
)

KIND = "distill"  # what the `kind` in a file of settings says, if it says anything


class Config(Section):
    """All settings of one distillation."""

    teacher: str = Field(
        default="embedded/teacher",
        description="The model to distill from: embedded/NAME, run/ID, a local folder, or a Hugging Face Hub "
        "id.",
    )
    seed: int = Field(
        default=0,
        ge=0,
        lt=2**31,
        description="Random seed of masks, sentence order and fresh weights. Compare runs on the same seed.",
    )
    student: StudentConfig = Field(default=StudentConfig(), description="How the student is made.")
    corpus: CorpusConfig = Field(default=CorpusConfig(), description="The training text, and how it is read.")
    masking: MaskingConfig = Field(
        default=MaskingConfig(),
        description="Which tokens are selected for prediction, and how they are masked.",
    )
    objective: ObjectiveConfig = Field(default=ObjectiveConfig(), description="Loss terms and their weights.")
    constraint: ConstraintConfig = Field(
        default=ConstraintConfig(), description="The fairness constraint on the teacher's distributions."
    )
    correction: CorrectionConfig = Field(
        default=CorrectionConfig(),
        description="What is done to the teacher's states or logits before the constraint.",
    )
    optimizer: OptimizerConfig = Field(
        default=OptimizerConfig(), description="AdamW: learning rate, batch size and number format."
    )
    budget: BudgetConfig = Field(default=BudgetConfig(), description="How long to train, and early stopping.")
    evaluation: EvaluationConfig = Field(
        default=EvaluationConfig(), description="What is measured during training, and how often."
    )
    checkpoint: CheckpointConfig = Field(
        default=CheckpointConfig(),
        description="How often a checkpoint is written, so that the run can be resumed.",
    )
    threads: int | None = Field(
        default=None,
        ge=1,
        le=1024,
        description="Number of CPU threads for PyTorch. Empty: PyTorch's own default.",
    )
    teacher_cache: bool = Field(
        default=True,
        description="Keep what the teacher's encoder computes on disk, in half precision, so that other "
        "variants and reruns are faster.",
    )
    tensorboard: bool = Field(
        default=False,
        description="Also write the curves for TensorBoard into the run's folder. Needs the package "
        "tensorboard.",
    )
    log_every: int = Field(default=20, ge=1, description="Steps between two points of the loss curves.")

    @model_validator(mode="after")
    def _stops_reproducibly(self) -> Self:
        """A run with a budget in steps must stop at the same step however often it is resumed."""
        budget = self.budget
        key = budget.early_stopping
        if key is not None and budget.steps is not None and self.evaluation.every_steps is None:
            raise ValueError(
                f"{key} with budget.steps needs evaluation.every_steps, because evaluations by time would "
                "stop each run at another step"
            )
        return self

    @model_validator(mode="after")
    def _has_a_loss(self) -> Self:
        weights = self.objective
        group = weights.group if self.constraint.kind != "none" else 0
        if self.correction.kind != "none" and not weights.kd + weights.hidden + group:
            raise ValueError(
                "correction.kind changes what the student learns from its teacher, but it learns from the "
                "text alone; set objective.kd or objective.hidden above 0, or correction.kind to none"
            )
        if not weights.kd + weights.mlm + weights.hidden + weights.relations + group:
            raise ValueError(
                "all loss weights are 0, so there is nothing to learn; set objective.kd, objective.mlm or "
                "objective.hidden above 0"
            )
        return self


def make_config(values: Mapping[str, Any]) -> Config:
    """A configuration from nested values.

    Raises InputError for the first value that does not fit, or the first unknown key with the nearest right
    ones.
    """
    try:
        return Config(**with_current_names(values))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            if isinstance(first["input"], Mapping) and first["input"]:  # a section: name its first setting
                key = f"{key}.{next(iter(first['input']))}"
            raise InputError(unknown_key(key)) from None
        what = f"The setting {shortened(key)} is invalid" if key else "These settings do not fit together"
        if key in section_types():
            what = f"The section {key} is invalid"
        raise InputError(f"{what}: {in_our_words(first)}.") from None


def unknown_key(key: str) -> str:
    """The sentence for a setting that does not exist, with the nearest ones that do."""
    key = shortened(key)
    section, _, last = key.rpartition(".")
    sections = section_types()
    keys = {f"{name}.{inner}": inner for name, kind in sections.items() for inner in kind.model_fields}
    keys |= {name: name for name in Config.model_fields}
    near = [current_key(old) for old in RENAMED if key in (old, old.rpartition(".")[2])]
    near = near or [one for one, name in keys.items() if name == last]  # in another section
    if not near and section in sections:
        near = [f"{section}.{name}" for name in nearest(last, sections[section].model_fields)]
    elif not near:
        names = nearest(last, set(keys.values()))
        near = nearest(key, keys) or [one for one, name in keys.items() if name in names]
    command = f"fairkd settings {section}" if section in sections else "fairkd settings"
    return f"There is no setting {key}.{did_you_mean(near) or f' `{command}` lists them all.'}"


def section_types() -> dict[str, type[Section]]:
    """The sections of the configuration by name."""
    types = {name: field.annotation for name, field in Config.model_fields.items()}
    return {
        name: kind for name, kind in types.items() if isinstance(kind, type) and issubclass(kind, Section)
    }


def read_config(
    path: str | Path | None = None, changes: Sequence[str] = (), *, start: Mapping[str, Any] | None = None
) -> Config:
    """A configuration from a YAML or JSON file and `key=value` changes such as "budget.minutes=10".

    Without a file the changes apply to `start`, nested values such as a preset's. Raises InputError for a
    file that cannot be read, and for settings that do not exist or do not fit.
    """
    values: dict[str, Any] = copy.deepcopy(dict(start or {}))
    if path is not None:
        values = without_kind(read_settings(Path(path)), path)
    for change in changes:
        _set(values, change)
    budget = values.get("budget")
    changed = {change.partition("=")[0].strip() for change in changes}
    for one, other in (("steps", "minutes"), ("minutes", "steps")):
        # A change of one kind of budget replaces the other one from the file.
        replaced = f"budget.{one}" in changed and f"budget.{other}" not in changed
        if replaced and isinstance(budget, dict) and budget.get(one) is not None:
            budget.pop(other, None)
    return make_config(values)


def without_kind(values: Mapping[str, Any], path: str | Path) -> dict[str, Any]:
    """The settings in the file `path` without the kind of run that they are for.

    Raises
    ------
    InputError
        When that is no distillation.
    """
    kind = values.get("kind", KIND)
    if kind != KIND:
        raise InputError(
            f"The configuration {shortened(path)} is for a run of the kind {quoted(kind)}, not for a "
            "distillation: `fairkd runs submit` starts runs of every kind."
        )
    return {name: value for name, value in values.items() if name != "kind"}


def _set(values: dict[str, Any], change: str) -> None:
    """Apply one `key=value` change in place."""
    key, value = read_change(change)
    *sections, last = current_key(key).split(".")
    if len(sections) > 2:  # no setting lies deeper than the words of a group
        raise InputError(unknown_key(key))
    section = values
    for name in sections:
        section = section.setdefault(name, {})
        if not isinstance(section, dict):
            raise InputError(
                f"In {quoted(change)}, {shortened(name)} is a setting, not a section of settings."
            )
    section[last] = value
