"""The controls of an arm's constraint: kind, strength, scope, and which words are balanced and measured."""

from __future__ import annotations

from typing import get_args

import streamlit as st

from app.distill.fields import field, lines
from app.distill.variants import TOGETHER, change, current, usable_slots, widget_key, words_of
from app.shared.measured_words import gap_groups, gap_names, measures_others
from app.shared.run_texts import KINDS
from app.shared.widgets import caption, literal
from fairkd.constraints import PAIRWISE, Kind, Scope
from fairkd.lexicon import OWN, Contrast, WordGroup, contrasts

SCOPES: dict[Scope, str] = {
    "masked": "masked words",
    "all": "everywhere",
    "not_own": "all but visible group words",
}
EXPLAINED: dict[Kind, str] = {
    "none": "The student learns the teacher's distribution as it is.",
    "logit_mean": "The paper's edit: paired words get the mean of their logits. Mass leaks to other words.",
    "mass_preserving": "Paired words get the mean of their probabilities; all other words keep theirs.",
    "group": "The groups' common mass is shared out {shares}; inside a group the proportions stay.",
}


def controls(arm: str) -> None:
    """Kind, strength, scope and words of the arm's constraint."""
    kinds: tuple[Kind, ...] = get_args(Kind)
    key = widget_key("kind", arm)
    kind = current(arm, "constraint.kind")
    st.selectbox(
        "Constraint",
        kinds,
        index=kinds.index(kind),
        key=key,
        format_func=lambda one: KINDS[one].capitalize(),
        on_change=_take_kind,
        args=(arm, key),
    )
    shares = current(arm, "constraint.shares")
    caption(EXPLAINED[kind].format(shares=" to ".join(map(str, shares)) if shares else "evenly"))
    if kind == "none":
        return
    strength = widget_key("strength", arm)
    st.slider(
        "Strength",
        0.0,
        1.0,
        float(current(arm, "constraint.strength")),
        0.05,
        key=strength,
        on_change=lambda: change(arm, "constraint.strength", st.session_state[strength]),
        help="0 leaves the teacher as it is, 1 balances the groups completely.",
    )
    scopes = list(SCOPES)
    scope = widget_key("scope", arm)
    st.selectbox(
        "Where it applies",
        scopes,
        index=scopes.index(current(arm, "constraint.scope")),
        key=scope,
        format_func=lambda one: SCOPES[one].capitalize(),
        on_change=lambda: change(arm, "constraint.scope", st.session_state[scope]),
        help="Everywhere is the paper's choice. Left out of the last one are visible words of the groups, so "
        "that the student still copies a “he” that it sees.",
    )
    own = current(arm, "constraint.words") is not None
    names = [*contrasts(), OWN]
    chosen = widget_key("contrast", arm)
    st.selectbox(
        "Words that are balanced",
        names,
        index=names.index(OWN if own else current(arm, "constraint.contrast")),
        key=chosen,
        format_func=lambda name: f"{name}: {contrasts()[name].title if name != OWN else 'words of yours'}",
        on_change=_take_contrast,
        args=(arm, chosen),
    )
    if own:
        field(arm, "constraint.words", label="Groups, one a line")
    else:
        _slots(arm, words_of(arm))
    _measured(arm)
    with st.popover("More", icon=":material/tune:"):
        field(arm, "constraint.shares")
        field(arm, "constraint.skip_unspellable")


def _measured(arm: str) -> None:
    """Whose gap the runs measure, where it is not that of the balanced words; those are a press away."""
    names = ("kind", "contrast", "words")
    rooms = {
        "constraint": {name: current(arm, f"constraint.{name}") for name in names},
        "evaluation": {name: current(TOGETHER, f"evaluation.{name}") for name in names},
    }
    if not measures_others(rooms) or not all(map(gap_groups, rooms.values())):
        return
    a, b = map(literal, gap_names(rooms))
    caption(f"The gap that runs measure is that of *{a}* and *{b}*.")
    st.button(
        "Measure the gap of these words",
        key=widget_key("measure", arm),
        on_click=_measure,
        args=(arm,),
        icon=":material/straighten:",
        type="tertiary",
        help="In the runs of all arms, so that they can be compared",
    )


def _measure(arm: str) -> None:
    """Let the runs measure the gap of the arm's words, in the settings and in their boxes."""
    for name in ("contrast", "words"):
        value = current(arm, f"constraint.{name}")
        change(TOGETHER, f"evaluation.{name}", value)
        shown = value if name == "contrast" else lines(value or {})
        st.session_state[widget_key(f"set:evaluation.{name}", TOGETHER)] = shown


def _slots(arm: str, contrast: Contrast) -> None:
    """Which words of the groups take part, by the place in a sentence that they fit."""
    if len(contrast.slots) < 2:
        return
    key = _slots_key(arm, contrast)

    def take() -> None:
        if chosen := tuple(st.session_state[key]):
            change(arm, "constraint.slots", None if set(chosen) >= set(contrast.slots) else chosen)
        else:  # a constraint on no word is none, so all that can be are pressed again
            _fit_slots(arm)

    st.pills(
        "Which of them",
        contrast.slots,
        selection_mode="multi",
        default=None if key in st.session_state else list(current(arm, "constraint.slots") or contrast.slots),
        key=key,
        on_change=take,
        format_func=lambda slot: (
            f"{slot}: {' / '.join(group.for_slot(slot)[0] for group in contrast.groups)}"
        ),
        wrap=True,
        help="Pairs need each word once, and “her” goes with “him” and with “his”: so one of the two is left "
        "out where words are paired.",
    )


def _take_kind(arm: str, widget: str) -> None:
    """Another kind; where it pairs words, only those that can be paired stay."""
    change(arm, "constraint.kind", st.session_state[widget])
    _forget_shares(arm)
    _fit_slots(arm)


def _take_contrast(arm: str, widget: str) -> None:
    name = st.session_state[widget]
    if name == OWN:  # to begin with, the words of the contrast before
        before = {group.name: _all_words(group) for group in words_of(arm).groups}
        change(arm, "constraint.words", before)
        st.session_state[widget_key("set:constraint.words", arm)] = lines(before)
    else:
        change(arm, "constraint.words", None)
        change(arm, "constraint.contrast", name)
    _forget_shares(arm)
    _fit_slots(arm)


def _all_words(group: WordGroup) -> list[str]:
    return list(dict.fromkeys(word for words in group.words.values() for word in words))


def _forget_shares(arm: str) -> None:
    """Shares are those of the groups before, in the setting and in its box."""
    change(arm, "constraint.shares", None)
    st.session_state[widget_key("set:constraint.shares", arm)] = ""


def _fit_slots(arm: str) -> None:
    """All words take part again, or where they are paired, all that can be."""
    if current(arm, "constraint.words") is not None:  # one's own words are for every place
        change(arm, "constraint.slots", None)
        return
    contrast = words_of(arm)
    slots = usable_slots(contrast) if current(arm, "constraint.kind") in PAIRWISE else None
    change(arm, "constraint.slots", slots)
    st.session_state[_slots_key(arm, contrast)] = list(slots or contrast.slots)


def _slots_key(arm: str, contrast: Contrast) -> str:
    return widget_key(f"slots:{contrast.name}", arm)
