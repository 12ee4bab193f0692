"""An arm's constraint, shown on a sentence before anything starts: the teacher before and after the edit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, get_args

import streamlit as st

from app import loading
from app.charts.parts import signed
from app.charts.playground import edit_bars
from app.charts.text import percent
from app.distil_arms import change, current, usable_slots, widget_key, words_of
from app.distil_fields import field, lines
from app.run_texts import KINDS
from app.theme import is_dark
from app.widgets import caption, download_row, literal, show_figure
from fairkd.contrasts import OWN, Contrast, WordGroup, contrasts
from fairkd.kinds import PAIRWISE, Kind, Scope

if TYPE_CHECKING:
    from fairkd.playground import Edit

START = "[MASK] is a nurse."
WORDS = 6
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


def playground(arm: str, teacher: str) -> None:
    """Controls at the left, the distribution before and after at the right."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        text = st.text_input(
            "Sentence",
            START,
            key="play_text",
            bind="query-params",
            max_chars=1000,
            help="Write `[MASK]` or a lone `_` where the teacher shall guess.",
        )
        _controls(arm)
    with right, loading.friendly_errors():
        _edited(arm, teacher, text or "")


def _controls(arm: str) -> None:
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
        caption("The gap that runs measure has words of its own, under “More settings of all arms”.")
    else:
        _slots(arm, words_of(arm))
    with st.popover("More", icon=":material/tune:"):
        field(arm, "constraint.shares")
        field(arm, "constraint.skip_unspellable")


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


def _edited(arm: str, teacher: str, text: str) -> None:
    """The chosen position's distribution before and after, and what the edit costs."""
    prediction = loading.predict(teacher, text)
    places = list(prediction.positions)
    words = [prediction.tokens[i].text for i in places]
    key = f"play_position:{text}"
    position = st.pills(
        "Position",
        places,
        default=prediction.default_position,
        required=True,
        key=key,
        wrap=True,
        format_func=lambda i: _place(words, places.index(i)),
        help="Where in the sentence to look; the scope decides whether the constraint applies there.",
    )
    position = position if position in places else prediction.default_position
    from fairkd import playground  # PyTorch comes with it

    contrast = words_of(arm)
    edit = playground.play(
        loading.get_model(teacher),
        text,
        contrast,
        kind=current(arm, "constraint.kind"),
        strength=current(arm, "constraint.strength"),
        scope=current(arm, "constraint.scope"),
        shares=current(arm, "constraint.shares"),
        slots=current(arm, "constraint.slots"),
        skip_unspellable=bool(current(arm, "constraint.skip_unspellable")),
        position=position,
        prediction=prediction,
    )
    frame = edit.table(WORDS)
    names = [group.name for group in contrast.groups]
    show_figure(
        edit_bars(frame, groups=names, title=finding(edit), dark=is_dark()), "play_bars", "fairkd-constraint"
    )
    _numbers(edit)
    caption(
        "Pale bars are the teacher's distribution as it is, full bars what the student is asked to learn; "
        "the words of the groups stand on top. Leaked mass is the probability that the edit moves from the "
        "group words to all others; KL is what it changes in all."
    )
    download_row(frame, "fairkd-constraint", "play_csv")


def _place(words: list[str], place: int) -> str:
    """A word as a label; one that stands there twice with its number, since a choice travels by its label."""
    number = f" ({place + 1})" if words.count(words[place]) > 1 else ""
    return literal(words[place]) + number


def finding(edit: Edit) -> str:
    """What the edit does here, in one sentence."""
    if edit.constraint.kind == "none":
        return "No constraint: the student learns this as it is"
    if not edit.constraint.active:
        return "At strength 0 the student learns this as it is"
    if not edit.applies:
        return "The constraint does not apply here: the student learns this as it is"
    before, after = edit.gaps
    if math.isnan(before) or math.isnan(after):
        return "What does the constraint change here?"
    a, b = edit.groups[0].name, edit.groups[1].name
    shown = [signed(gap) if abs(gap) >= 0.005 else "0" for gap in (before, after)]
    return f"The gap of {a} and {b} goes from {shown[0]} to {shown[1]} nats"


def _numbers(edit: Edit) -> None:
    """Leaked mass, KL, and the mass of each group."""
    with st.container(horizontal=True, gap="small"):
        st.metric(
            "Leaked mass",
            percent(edit.leaked) if edit.leaked > 5e-7 else "none",
            help="What the group words lose to the rest of the vocabulary: P(groups) before minus after.",
            width=140,
        )
        st.metric(
            "KL(before ‖ after)",
            f"{edit.kl:.3f} nats",
            help=f"How much the edit changes here. The other way round, KL(after ‖ before), it is "
            f"{edit.reverse_kl:.3f} nats.",
            width=170,
        )
        for group in edit.groups[:3]:
            st.metric(
                f"P({literal(group.name)}), before → after",
                f"{percent(group.before)} → {percent(group.after)}",
                help=f"The probability of the group's {group.size} tokens together.",
                width=215,
            )
