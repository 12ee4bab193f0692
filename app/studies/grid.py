"""The grid of a new study as the session keeps it: variants, seeds, baseline and budget.

A variant is a preset, or one with changes. Those with changes have a key of their own, under which
`app.distill.variants` keeps the changes, so that the Distill page's widgets edit them. The settings of all
variants are those of the Distill page, but for the budget.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from app.distill.corpus import enter_source
from app.distill.link import shareable, take_changes
from app.distill.variants import ALL_VARIANTS, change, changes, start_from
from app.shared.settings_table import nested
from app.shared.url_state import read_link, write_link
from fairkd.distill.config import PRESETS
from fairkd.errors import InputError
from fairkd.studies import Study, make_study, parse_seeds
from fairkd.utils import SMALL, quoted

GRID = "grid"  # a parameter of the address
STEPS, MINUTES = "steps", "minutes"
FIRST_STEPS, FIRST_MINUTES, FIRST_SEEDS = 600, 5.0, "0-2"
EXAMPLE_STEPS = 200
# The keys of widgets.
PRESET_PILLS, SEEDS, BASELINE = "study_presets", "study_seeds", "study_baseline"
BUDGET_KIND, BUDGET_STEPS, BUDGET_MINUTES = "study_budget", "study_steps", "study_minutes"
BENCHMARKS = "study_benchmarks"
_OWN, _NUMBER, _READ = "study_own_variants", "study_own_number", "study_link_read"
# Settings of all variants that a study decides by itself.
_OF_THE_STUDY = ("seed", "budget.steps", "budget.minutes", "evaluation.benchmarks")
_FIRST: Mapping[str, Any] = {
    PRESET_PILLS: [],
    SEEDS: FIRST_SEEDS,
    BUDGET_KIND: STEPS,
    BUDGET_STEPS: FIRST_STEPS,
    BUDGET_MINUTES: FIRST_MINUTES,
    BENCHMARKS: [],
}


@dataclass(frozen=True)
class OwnVariant:
    """A variant with changes: its key in `app.distill.variants`, its name, its preset.

    `settings` are those whose widgets are shown.
    """

    key: str
    name: str
    preset: str
    settings: tuple[str, ...] = ()


def prepare() -> None:
    """Give the session a grid: that of the link, once, or an empty one."""
    state = st.session_state
    for key, value in _FIRST.items():
        state.setdefault(key, value)
    state.setdefault(_OWN, [])
    if not state.get(_READ):
        state[_READ] = True
        _take_link(read_link(GRID))


def own_variants() -> list[OwnVariant]:
    """The variants with changes, in their order."""
    found: list[OwnVariant] = st.session_state.setdefault(_OWN, [])
    return found


def add_own(preset: str, name: str = "", made: object = None) -> None:
    """Add a variant that starts from a preset, with changes by dotted name; with none if they do not fit."""
    number = st.session_state[_NUMBER] = st.session_state.get(_NUMBER, 0) + 1
    key = f"study:{number}"
    start_from(key, preset)
    take_changes(key, made)
    own = OwnVariant(key, name or _free_name(f"{preset}, changed"), preset, tuple(changes(key)))
    own_variants().append(own)


def update_own(key: str, **values: Any) -> None:
    """Change name, preset or shown settings of a variant."""
    found = own_variants()
    for place, one in enumerate(found):
        if one.key == key:
            found[place] = replace(one, **values)
            start_from(key, found[place].preset)


def remove_own(key: str) -> None:
    st.session_state[_OWN] = [one for one in own_variants() if one.key != key]
    changes(key).clear()


def _free_name(name: str) -> str:
    taken = {one.name for one in own_variants()}
    return next(one for one in (name, *(f"{name} {n}" for n in range(2, 100))) if one not in taken)


def variants() -> dict[str, dict[str, Any]]:
    """The chosen variants by name, as `fairkd.studies` reads them; InputError where two have one name."""
    found: dict[str, dict[str, Any]] = {
        name: {"preset": name} for name in PRESETS if name in (st.session_state.get(PRESET_PILLS) or ())
    }
    for one in own_variants():
        name = " ".join(one.name.split())
        if name in found:
            raise InputError(f"Two variants are called {quoted(name)}: give one of them another name.")
        found[name] = {"preset": one.preset, "set": dict(changes(one.key))}
    return found


def seeds() -> tuple[int, ...]:
    """The seeds; InputError where they cannot be read."""
    return parse_seeds(str(st.session_state.get(SEEDS) or ""))


def baseline(names: Sequence[str]) -> str:
    """The variant that the others are compared with."""
    chosen = st.session_state.get(BASELINE)
    return str(chosen) if chosen in names else next(iter(names), "")


def budget() -> dict[str, float]:
    """The budget of every run."""
    kind, key = (STEPS, BUDGET_STEPS) if st.session_state[BUDGET_KIND] == STEPS else (MINUTES, BUDGET_MINUTES)
    return {kind: st.session_state[key]}


def study(name: str, teacher: str) -> Study:
    """The study that the page describes; InputError where it is not valid."""
    chosen = variants()
    shared = {key: value for key, value in changes(ALL_VARIANTS).items() if key not in _OF_THE_STUDY}
    base = nested({"teacher": teacher, **shared})
    base["budget"] = {**base.get("budget", {}), **budget()}
    if asked := st.session_state.get(BENCHMARKS):
        base.setdefault("evaluation", {})["benchmarks"] = list(asked)
    values = {"base": base, "variants": chosen, "seeds": seeds(), "baseline": baseline(list(chosen))}
    return make_study({**values, **({"name": name} if name else {})})


def fill_in_example() -> None:
    """Two variants, three seeds and a short training on the text that needs no network."""
    _clear()
    st.session_state.update(
        {PRESET_PILLS: ["plain", "fair"], SEEDS: FIRST_SEEDS, BUDGET_STEPS: EXAMPLE_STEPS}
    )
    change(ALL_VARIANTS, "corpus.source", SMALL)
    change(ALL_VARIANTS, "corpus.column", None)
    enter_source(SMALL)


def take_from_distill(chosen: Sequence[str]) -> None:
    """The variants of the Distill page, those with changes under a name that says so, and its budget."""
    _clear()
    st.session_state[PRESET_PILLS] = [one for one in chosen if not changes(one)]
    for one in chosen:
        if made := changes(one):
            add_own(one, f"{one}, changed", made)
    shared = changes(ALL_VARIANTS)
    if shared.get("budget.steps"):
        st.session_state[BUDGET_STEPS] = shared["budget.steps"]
    elif shared.get("budget.minutes"):
        st.session_state.update({BUDGET_KIND: MINUTES, BUDGET_MINUTES: float(shared["budget.minutes"])})


def _clear() -> None:
    for one in list(own_variants()):
        remove_own(one.key)
    st.session_state.update(_FIRST)
    st.session_state.pop(BASELINE, None)


def keep() -> None:
    """Write the grid into the address, so that a link shows it again."""
    try:
        chosen = variants()
    except InputError:
        return
    if not chosen:
        write_link(GRID, {})
        return
    shared = shareable(changes(ALL_VARIANTS))
    state = st.session_state
    content = {
        "variants": chosen,
        "seeds": state.get(SEEDS),
        "budget": budget(),
        "baseline": baseline(list(chosen)),
        "benchmarks": state.get(BENCHMARKS),
        "shared": {key: value for key, value in shared.items() if key not in _OF_THE_STUDY},
    }
    write_link(GRID, {key: value for key, value in content.items() if value})


def _take_link(asked: Mapping[str, Any]) -> None:
    """Fill in the grid of a link. What does not fit is left out."""
    state = st.session_state
    found = asked.get("variants")
    pills = []
    for name, one in (found if isinstance(found, dict) else {}).items():
        preset = one.get("preset") if isinstance(one, dict) else None
        if not isinstance(preset, str) or preset not in PRESETS:
            continue
        if not one.get("set") and name == preset:
            pills.append(name)
        else:
            add_own(preset, str(name), one.get("set"))
    if pills:
        state[PRESET_PILLS] = pills
    if isinstance(text := asked.get("seeds"), str):
        state[SEEDS] = text
    given = asked.get("budget")
    if isinstance(given, dict):
        steps, minutes = given.get(STEPS), given.get(MINUTES)
        if isinstance(steps, int) and 1 <= steps <= 10_000_000:
            state.update({BUDGET_KIND: STEPS, BUDGET_STEPS: steps})
        elif isinstance(minutes, int | float) and 0 < minutes <= 100_000:
            state.update({BUDGET_KIND: MINUTES, BUDGET_MINUTES: float(minutes)})
    if isinstance(base := asked.get("baseline"), str):
        state[BASELINE] = base
    take_changes(ALL_VARIANTS, asked.get("shared"))
