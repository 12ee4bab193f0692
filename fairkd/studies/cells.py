"""The settings of a study's variants, and whether they have equal budgets and can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fairkd.distill.config import Config, flat, make_config, on_top, preset
from fairkd.errors import InputError, listed
from fairkd.runs import evaluation_differences
from fairkd.studies.study import Study
from fairkd.utils import quoted

# What only the base sets: the budget, the yardstick, and what may differ without being compared.
SHARED = ("budget", "evaluation", "seed", "threads", "checkpoint", "log_every")
# With a budget in steps, these decide how many tokens a run reads.
TOKENS_A_STEP = ("optimizer.micro_batch_tokens", "optimizer.gradient_accumulation")


def variant_configs(study: Study) -> dict[str, Config]:
    """The configuration of each variant, at the study's first seed.

    Raises
    ------
    InputError
        Settings that do not exist or fit; a variant that changes the budget or how it is measured; two
        variants with the same settings. The sentence names the variant.
    """
    if "seed" in study.base:
        raise InputError("The base of a study has no seed: give `seeds`, at which every variant runs.")
    configs = {name: _config(study, name) for name in study.variants}
    _check_comparable(study, configs)
    return configs


def cell_name(variant: str, seed: int) -> str:
    """What the run of a cell is called."""
    return f"{variant}, seed {seed}"


def budget_notes(study: Study) -> list[str]:
    """What is equal between the variants, and what is not, in one sentence each.

    None for a stored study whose settings this version does not have.
    """
    try:
        budget = _config(study, study.baseline).budget
    except InputError:
        return []
    if budget.steps is None:
        minutes = f"{budget.minutes:g} {'minute' if budget.minutes == 1 else 'minutes'}"
        notes = [
            f"Every run trains for {minutes}: the variants get equal time, but not equal tokens, since "
            "slower steps read fewer. Each run computes the teacher itself (teacher_cache is off), or later "
            "ones would have an advantage."
        ]
    else:
        steps = f"{budget.steps:,} {'step' if budget.steps == 1 else 'steps'}"
        notes = [
            f"Every run trains for {steps} of the same size: the variants get equal tokens up to padding, "
            "but not equal time, since some have slower steps."
        ]
    if budget.early_stopping is not None:
        notes.append(f"Runs may stop early ({budget.early_stopping}), so that they end with unequal budgets.")
    for name in dict.fromkeys(variant.preset for variant in study.variants.values()):
        if own := [key for key in flat(preset(name)) if key.partition(".")[0] in SHARED]:
            notes.append(f"Of the preset {name}, {listed(own)} {'is' if len(own) == 1 else 'are'} left out.")
    return notes


def _config(study: Study, name: str) -> Config:
    """The configuration of a variant; its preset's own budget does not count."""
    variant = study.variants[name]
    if wrong := [key for key in flat(variant.set) if key.partition(".")[0] in SHARED]:
        raise InputError(_refusal(name, wrong[0]))
    start = {key: value for key, value in preset(variant.preset).items() if key not in SHARED}
    values = on_top(on_top(study.base, start), variant.set)
    try:
        config = make_config({**values, "seed": study.seeds[0]})
    except InputError as error:
        raise InputError(f"In the variant {quoted(name)}: {error}") from None
    if config.budget.steps is None:
        # Kept states of the teacher would give the variants that come later more steps in the same time.
        config = config.model_copy(update={"teacher_cache": False})
    return config


def _refusal(name: str, key: str) -> str:
    """Why a variant may not change a setting that is shared."""
    section = key.partition(".")[0]
    if section == "budget":
        why = "a study gives all variants the same budget, and the same early stopping, so set it in `base`"
    elif section == "evaluation":
        why = "a study measures all variants in the same way, so set it in `base`"
    elif section == "seed":
        why = "every variant runs at the study's `seeds`"
    else:
        why = "it is the same for all variants of a study, so set it in `base`"
    return f"The variant {quoted(name)} changes {key}: {why}."


def _check_comparable(study: Study, configs: Mapping[str, Config]) -> None:
    """Raise InputError for variants with the same settings, other measurements or other budgets."""
    values = {name: config.model_dump(mode="json") for name, config in configs.items()}
    known: dict[str, str] = {}
    for name, own in values.items():
        same = known.setdefault(repr(own), name)
        if same != name:
            raise InputError(
                f"The variants {quoted(same)} and {quoted(name)} have the same settings: change one, or "
                "leave it out."
            )
    base = values[study.baseline]
    for name, own in values.items():
        if different := _measured_otherwise(base, own):
            raise InputError(
                f"The variant {quoted(name)} differs from {quoted(study.baseline)} in {listed(different)}, "
                "so their measures could not be compared: set it in `base`."
            )
        if study_steps(own) is not None and (different := _differing(base, own, TOKENS_A_STEP)):
            raise InputError(
                f"The variant {quoted(name)} reads other tokens a step than {quoted(study.baseline)} "
                f"({listed(different)}), so steps are no equal budget: give budget.minutes in `base`."
            )


def study_steps(config: Mapping[str, Any]) -> int | None:
    """The budget in steps of nested settings; None if it is in minutes."""
    steps: int | None = config["budget"]["steps"]
    return steps


def _measured_otherwise(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Differing settings that decide what is measured. Only KL and agreement depend on the teacher, which is
    therefore allowed to differ.
    """
    return [name for name in evaluation_differences([one, other]) if name != "teacher"]


def _differing(one: Mapping[str, Any], other: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    first, second = flat(one), flat(other)
    return [name for name in names if first.get(name) != second.get(name)]
