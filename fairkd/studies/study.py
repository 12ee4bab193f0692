"""What a study compares: a base configuration, named variants of it, and seeds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from fairkd.distill.config import PRESETS, nested, preset
from fairkd.errors import InputError, listed
from fairkd.utils import Section, quoted

MOST_CELLS = 500
MOST_VARIANTS = 30
LONGEST_NAME = 80  # characters, as a run's name
LONGEST_VARIANT = 60  # the run of a cell is called "VARIANT, seed N"
LARGEST_SEED = 2**31 - 1
_RANGE = re.compile(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?")


class Variant(Section):
    """A preset, and what is changed in it: nested settings, or settings by dotted name."""

    preset: str = Field(description="The preset that the variant starts from.")
    set: dict[str, Any] = Field(
        default_factory=dict, description="What the variant changes: settings by name, as in `--set`."
    )

    @field_validator("preset")
    @classmethod
    def _known(cls, name: str) -> str:
        preset(name)
        return name

    @field_validator("set")
    @classmethod
    def _nested(cls, settings: dict[str, Any]) -> dict[str, Any]:
        return nested(settings)


class Study(Section):
    """Variants of a distillation that are compared over seeds, with equal budgets.

    A variant's settings are those of the base, with its preset's on top, and its own changes on top of both.
    `fairkd.studies.variant_configs` makes them, and checks what needs whole configurations.
    """

    name: str = Field(default="Study", description="What the study is called in lists.")
    base: dict[str, Any] = Field(
        default_factory=dict,
        description="Settings that all variants share, such as the text and the budget.",
    )
    variants: dict[str, Variant] = Field(
        description="The variants by name, each with a preset and changes. One that is named as a preset "
        "starts from it."
    )
    seeds: tuple[int, ...] = Field(
        default=(0, 1, 2), description="The seeds that every variant runs at: a list, or a range such as 0-4."
    )
    baseline: str = Field(
        default="", description="The variant that the others are compared with. Default: the first."
    )

    @field_validator("variants", mode="before")
    @classmethod
    def _presets_by_name(cls, variants: Any) -> Any:
        """A variant without a preset takes the one of its name."""
        if not isinstance(variants, Mapping):
            return variants
        found = {}
        for name, own in variants.items():
            values = {} if own is None else own
            if isinstance(values, Mapping) and "preset" not in values:
                if name not in PRESETS:
                    raise ValueError(
                        f"The variant {quoted(name)} needs a preset, for example plain. Presets: "
                        f"{', '.join(PRESETS)}."
                    )
                values = {"preset": name, **values}
            found[name] = values
        return found

    @field_validator("seeds", mode="before")
    @classmethod
    def _ranges(cls, seeds: Any) -> Any:
        return parse_seeds(seeds) if isinstance(seeds, str) else seeds

    @field_validator("base")
    @classmethod
    def _base_is_nested(cls, base: dict[str, Any]) -> dict[str, Any]:
        return nested(base)

    @field_validator("name")
    @classmethod
    def _one_line(cls, name: str) -> str:
        line = " ".join(name.split())
        if not 0 < len(line) <= LONGEST_NAME:
            raise ValueError(f"A study's name has 1 to {LONGEST_NAME} characters, got {len(line)}.")
        return line

    @model_validator(mode="before")
    @classmethod
    def _first_is_baseline(cls, values: Any) -> Any:
        if isinstance(values, Mapping) and not values.get("baseline"):
            variants = values.get("variants")
            if isinstance(variants, Mapping) and variants:
                return {**values, "baseline": next(iter(variants))}
        return values

    @model_validator(mode="after")
    def _is_a_grid(self) -> Self:
        if not 1 <= len(self.variants) <= MOST_VARIANTS:
            raise ValueError(f"A study has 1 to {MOST_VARIANTS} variants, got {len(self.variants)}.")
        for name in self.variants:
            if (
                not name.isprintable()
                or name != " ".join(name.split())
                or not 0 < len(name) <= LONGEST_VARIANT
            ):
                raise ValueError(
                    f"A variant's name is one line of 1 to {LONGEST_VARIANT} characters, got {quoted(name)}."
                )
        if self.baseline not in self.variants:
            raise ValueError(
                f"The baseline {quoted(self.baseline)} is none of the variants: "
                f"{listed(list(self.variants))}."
            )
        if not self.seeds:
            raise ValueError("A study needs at least one seed, for example `seeds: 0-4`.")
        if wrong := [seed for seed in self.seeds if not 0 <= seed <= LARGEST_SEED]:
            raise ValueError(f"A seed is a whole number from 0 to {LARGEST_SEED}, got {wrong[0]}.")
        if twice := [seed for seed in self.seeds if self.seeds.count(seed) > 1]:
            raise ValueError(f"The seed {twice[0]} is there twice: each seed makes one run of a variant.")
        cells = len(self.variants) * len(self.seeds)
        if cells > MOST_CELLS:
            raise ValueError(
                f"{len(self.variants)} variants at {len(self.seeds)} seeds are {cells:,} runs, and a study "
                f"has at most {MOST_CELLS}."
            )
        return self


def parse_seeds(text: str) -> tuple[int, ...]:
    """Seeds from a text such as "0-4" or "0, 2, 5-7".

    >>> parse_seeds("0-2, 7")
    (0, 1, 2, 7)
    """
    found: list[int] = []
    for part in text.split(","):
        fits = _RANGE.fullmatch(part)
        low, high = (int(fits[1]), int(fits[2] or fits[1])) if fits else (1, 0)
        if low > high or high > LARGEST_SEED or high - low >= MOST_CELLS:
            raise InputError(
                f"Seeds are whole numbers or ranges of at most {MOST_CELLS}, such as 0-4 or 0,2,5-7; got "
                f"{quoted(text)}."
            )
        found += range(low, high + 1)
    return tuple(found)


def seeds_text(seeds: Sequence[int]) -> str:
    """Seeds in short, as `parse_seeds` reads them; their order stays.

    >>> seeds_text((0, 1, 2, 7))
    '0-2,7'
    """
    parts: list[list[int]] = []
    for seed in seeds:
        if parts and seed == parts[-1][-1] + 1:
            parts[-1].append(seed)
        else:
            parts.append([seed])
    return ",".join(str(one[0]) if len(one) == 1 else f"{one[0]}-{one[-1]}" for one in parts)
