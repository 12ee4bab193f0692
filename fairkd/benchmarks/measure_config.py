"""The configuration of a measurement, the same for the page, the command line and a file.

The model is frozen, and unknown keys are errors. `make_measure_config(config.model_dump(mode="json"))` is the
same configuration again. Nothing here needs torch.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from fairkd.benchmarks.texts import all_texts
from fairkd.errors import InputError
from fairkd.utils import Section, did_you_mean, in_our_words, nearest, quoted, shortened

MOST_MODELS = 12
MOST_BENCHMARKS = 50
MeasurePrecision = Literal["strict", "fast"]


class MeasureConfig(Section):
    """What one measurement measures: every benchmark on every model."""

    models: tuple[str, ...] = Field(
        min_length=1,
        max_length=MOST_MODELS,
        description="The models: embedded/NAME, run/ID, a local folder, or a Hugging Face Hub id. The others "
        "are compared with the first.",
    )
    benchmarks: tuple[str, ...] = Field(
        min_length=1,
        max_length=MOST_BENCHMARKS,
        description="The names of the benchmarks; `fairkd measure --list` shows them.",
    )
    quick: bool = Field(
        default=False,
        description="Measure a sample of each benchmark's items, stratified by category: faster, with wider "
        "intervals.",
    )
    limit: int | None = Field(
        default=None,
        ge=1,
        description="Measure at most this many items of each benchmark. Empty: no limit.",
    )
    precision: MeasurePrecision = Field(
        default="strict",
        description="The number format of the models: fp32 (strict), or bf16 where the machine is fast in it "
        "(fast).",
    )
    data: dict[str, str] = Field(
        default={},
        description="Your own data file by the name of its benchmark. The others use the published data.",
    )
    data_sets: dict[str, str] = Field(
        default={},
        description="The key of a published data set by the name of its benchmark, such as a language. The "
        "others use their first one.",
    )
    seed: int = Field(
        default=0, ge=0, lt=2**31, description="Random seed of samples and of bootstrap intervals."
    )

    @property
    def command(self) -> str:
        """The command line that measures the same.

        >>> MeasureConfig(models=("embedded/teacher",), benchmarks=("aul",), limit=50).command
        'fairkd measure aul --model embedded/teacher --limit 50'
        """
        words = ["fairkd", "measure", *self.benchmarks]
        for model in self.models:
            words += ["--model", model]
        words += ["--quick"] if self.quick else []
        words += ["--limit", str(self.limit)] if self.limit is not None else []
        words += ["--precision", self.precision] if self.precision != "strict" else []
        for name, file in self.data.items():
            words += ["--data", f"{name}={file}"]
        for name, key in self.data_sets.items():
            words += ["--data-set", f"{name}={key}"]
        words += ["--seed", str(self.seed)] if self.seed else []
        return shlex.join(words)

    @field_validator("models", "benchmarks")
    @classmethod
    def _are_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        """Every name stands once, and is none that only looks empty."""
        if not all(name.strip() and name.isprintable() for name in names):
            raise ValueError("expected names, but got an empty one, or one that cannot be printed")
        repeated = [name for name, count in Counter(names).items() if count > 1]
        if repeated:
            raise ValueError(f"{quoted(repeated[0])} stands in it more than once")
        return names

    @field_validator("benchmarks")
    @classmethod
    def _are_benchmarks(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        check_benchmarks(names)
        return names

    @field_validator("data")
    @classmethod
    def _are_files(cls, data: dict[str, str]) -> dict[str, str]:
        for file in data.values():
            if not file.strip() or "\0" in file:
                raise ValueError(f"expected the path of a file, but got {quoted(file)}")
            if file.startswith("hub:"):
                raise ValueError(f"expected the path of a file, but got the Hub data set {quoted(file)}")
        return data

    @model_validator(mode="after")
    def _data_belong_to_benchmarks(self) -> Self:
        for setting, names in (("data", self.data), ("data_sets", self.data_sets)):
            for name in sorted(names.keys() - set(self.benchmarks)):
                raise ValueError(
                    f"{setting} names {quoted(name)}, which is not among the benchmarks "
                    f"({', '.join(self.benchmarks)})"
                )
        for name in sorted(self.data.keys() & self.data_sets.keys()):
            raise ValueError(f"expected a file or a data set for {quoted(name)}, but got both")
        return self


def check_benchmarks(names: Sequence[str]) -> None:
    """Raise ValueError with part of a sentence for a name that no benchmark has, or that stands twice."""
    known = all_texts()  # every benchmark has texts, and these need no torch
    for name in names:
        if name not in known:
            near = nearest(name, known) or known
            raise ValueError(f"there is no benchmark {quoted(name)}, choose one of {', '.join(near)}")
    if repeated := [name for name, count in Counter(names).items() if count > 1]:
        raise ValueError(f"{quoted(repeated[0])} stands in it more than once")


def make_measure_config(values: Mapping[str, Any]) -> MeasureConfig:
    """A configuration from values by name.

    Raises
    ------
    InputError
        For the first value that does not fit, is missing, or has an unknown name.
    """
    try:
        return MeasureConfig(**values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    key = shortened(".".join(map(str, first["loc"])))
    if first["type"] == "extra_forbidden":
        known = MeasureConfig.model_fields
        raise InputError(
            f"There is no setting {key} of a measurement."
            + (did_you_mean(nearest(key, known)) or f" There are {', '.join(known)}.")
        )
    if first["type"] == "missing":
        raise InputError(f"The setting {key} of the measurement is missing.")
    what = f"The setting {key} is invalid" if key else "These settings do not fit together"
    raise InputError(f"{what}: {in_our_words(first)}.")
