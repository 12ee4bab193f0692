"""The controls of a variant's constraint: kind, strength, scope, words that are balanced and measured."""

from __future__ import annotations

import streamlit as st

from app.distill.fields import field, lines
from app.distill.variants import ALL_VARIANTS, change, current, usable_roles, widget_key, words_of
from app.shared.measured_words import gap_groups, gap_names, measures_other_words
from app.shared.widgets import caption, literal
from fairkd.constraints import KINDS, SCOPES
from fairkd.lexicon import OWN, Contrast, WordGroup, contrasts


def controls(variant: str) -> None:
    """Kind, strength, scope and words of the variant's constraint."""
    kinds = list(KINDS)
    key = widget_key("kind", variant)
    kind = current(variant, "constraint.kind")
    st.selectbox(
        "Constraint",
        kinds,
        index=kinds.index(kind),
        key=key,
        format_func=lambda one: KINDS[one].label.capitalize(),
        on_change=_take_kind,
        args=(variant, key),
    )
    caption(KINDS[kind].explain(current(variant, "constraint.shares")))
    if kind == "none":
        return
    strength = widget_key("strength", variant)
    st.slider(
        "Strength",
        0.0,
        1.0,
        float(current(variant, "constraint.strength")),
        0.05,
        key=strength,
        on_change=lambda: change(variant, "constraint.strength", st.session_state[strength]),
        help="0 leaves the teacher as it is, 1 balances the groups completely.",
    )
    scopes = list(SCOPES)
    scope = widget_key("scope", variant)
    st.selectbox(
        "Where it applies",
        scopes,
        index=scopes.index(current(variant, "constraint.scope")),
        key=scope,
        format_func=lambda one: SCOPES[one].capitalize(),
        on_change=lambda: change(variant, "constraint.scope", st.session_state[scope]),
        help="Everywhere is the paper's choice. Left out of the last one are visible words of the groups, so "
        "that the student still copies a “he” that it sees.",
    )
    own = current(variant, "constraint.words") is not None
    names = [*contrasts(), OWN]
    chosen = widget_key("contrast", variant)
    st.selectbox(
        "Words that are balanced",
        names,
        index=names.index(OWN if own else current(variant, "constraint.contrast")),
        key=chosen,
        format_func=lambda name: f"{name}: {contrasts()[name].title if name != OWN else 'words of yours'}",
        on_change=_take_contrast,
        args=(variant, chosen),
    )
    if own:
        field(variant, "constraint.words", label="Groups, one a line")
    else:
        _roles(variant, words_of(variant))
    _measured(variant)
    with st.popover("More", icon=":material/tune:"):
        field(variant, "constraint.shares")
        field(variant, "constraint.skip_unspellable")


def _measured(variant: str) -> None:
    """Whose gap the runs measure, where it is not that of the balanced words; those are a press away."""
    names = ("kind", "contrast", "words")
    sections = {
        "constraint": {name: current(variant, f"constraint.{name}") for name in names},
        "evaluation": {name: current(ALL_VARIANTS, f"evaluation.{name}") for name in names},
    }
    if not measures_other_words(sections) or not all(map(gap_groups, sections.values())):
        return
    a, b = map(literal, gap_names(sections))
    caption(f"The gap that runs measure is that of *{a}* and *{b}*.")
    st.button(
        "Measure the gap of these words",
        key=widget_key("measure", variant),
        on_click=_measure,
        args=(variant,),
        icon=":material/straighten:",
        type="tertiary",
        help="In the runs of all variants, so that they can be compared",
    )


def _measure(variant: str) -> None:
    """Let the runs measure the gap of the variant's words, in the settings and in their boxes."""
    for name in ("contrast", "words"):
        value = current(variant, f"constraint.{name}")
        change(ALL_VARIANTS, f"evaluation.{name}", value)
        shown = value if name == "contrast" else lines(value or {})
        st.session_state[widget_key(f"set:evaluation.{name}", ALL_VARIANTS)] = shown


def _roles(variant: str, contrast: Contrast) -> None:
    """Which words of the groups take part, by the place in a sentence that they fit."""
    if len(contrast.roles) < 2:
        return
    key = _roles_key(variant, contrast)

    def take() -> None:
        if chosen := tuple(st.session_state[key]):
            change(variant, "constraint.roles", None if set(chosen) >= set(contrast.roles) else chosen)
        else:  # a constraint on no word is none, so all that can be are pressed again
            _fit_roles(variant)

    st.pills(
        "Which of them",
        contrast.roles,
        selection_mode="multi",
        default=None
        if key in st.session_state
        else list(current(variant, "constraint.roles") or contrast.roles),
        key=key,
        on_change=take,
        format_func=lambda role: (
            f"{role}: {' / '.join(group.for_role(role)[0] for group in contrast.groups)}"
        ),
        wrap=True,
        help="Pairs need each word once, and “her” goes with “him” and with “his”: so one of the two is left "
        "out where words are paired.",
    )


def _take_kind(variant: str, widget: str) -> None:
    """Another kind; where it pairs words, only those that can be paired stay."""
    change(variant, "constraint.kind", st.session_state[widget])
    _forget_shares(variant)
    _fit_roles(variant)


def _take_contrast(variant: str, widget: str) -> None:
    name = st.session_state[widget]
    if name == OWN:  # to begin with, the words of the contrast before
        before = {group.name: _all_words(group) for group in words_of(variant).groups}
        change(variant, "constraint.words", before)
        st.session_state[widget_key("set:constraint.words", variant)] = lines(before)
    else:
        change(variant, "constraint.words", None)
        change(variant, "constraint.contrast", name)
    _forget_shares(variant)
    _fit_roles(variant)


def _all_words(group: WordGroup) -> list[str]:
    return list(dict.fromkeys(word for words in group.words.values() for word in words))


def _forget_shares(variant: str) -> None:
    """Shares are those of the groups before, in the setting and in its box."""
    change(variant, "constraint.shares", None)
    st.session_state[widget_key("set:constraint.shares", variant)] = ""


def _fit_roles(variant: str) -> None:
    """All words take part again, or where they are paired, all that can be."""
    if current(variant, "constraint.words") is not None:  # one's own words are for every place
        change(variant, "constraint.roles", None)
        return
    contrast = words_of(variant)
    roles = usable_roles(contrast) if KINDS[current(variant, "constraint.kind")].paired else None
    change(variant, "constraint.roles", roles)
    st.session_state[_roles_key(variant, contrast)] = list(roles or contrast.roles)


def _roles_key(variant: str, contrast: Contrast) -> str:
    return widget_key(f"roles:{contrast.name}", variant)
