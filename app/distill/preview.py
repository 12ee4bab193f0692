"""A preview of a variant's constraint on one sentence: the teacher before and after the edit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import streamlit as st

from app.charts.constraint_preview import edit_bars
from app.charts.text import percent, signed
from app.distill.constraint import controls
from app.distill.variants import current, words_of
from app.shared import model_cache
from app.shared.theme import is_dark
from app.shared.widgets import caption, download_row, literal, show_figure

if TYPE_CHECKING:
    from fairkd.constraints import Edit

START = "[MASK] is a nurse."
WORDS = 6


def playground(variant: str, teacher: str) -> None:
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
        controls(variant)
    with right, model_cache.friendly_errors():
        _edited(variant, teacher, text or "")


def _edited(variant: str, teacher: str, text: str) -> None:
    """The chosen position's distribution before and after, and what the edit costs."""
    prediction = model_cache.predict(teacher, text)
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
    from fairkd import constraints  # PyTorch comes with it

    contrast = words_of(variant)
    edit = constraints.play(
        model_cache.get_model(teacher),
        text,
        contrast,
        kind=current(variant, "constraint.kind"),
        strength=current(variant, "constraint.strength"),
        scope=current(variant, "constraint.scope"),
        shares=current(variant, "constraint.shares"),
        roles=current(variant, "constraint.roles"),
        skip_unspellable=bool(current(variant, "constraint.skip_unspellable")),
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
        for group in edit.groups[:6]:
            st.metric(
                f"P({literal(group.name)}), before → after",
                f"{percent(group.before)} → {percent(group.after)}",
                help=f"The probability of the group's {group.size} tokens together.",
                width=215,
            )
