"""The constraint preview: the teacher's distribution in one sentence, before and after the constraint."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import streamlit as st

from app.charts.constraint_preview import edit_bars
from app.charts.text import percent, signed
from app.components.chart import show_figure
from app.distill.constraint import constraint_controls
from app.distill.variants import current, words_of
from app.shared import model_cache
from app.shared.theme import is_dark
from app.shared.widgets import caption, csv_download, literal

if TYPE_CHECKING:
    from fairkd.constraints import ConstraintPreview

START = "[MASK] is a nurse."
WORDS = 6


def constraint_preview(variant: str, teacher: str) -> None:
    """The constraint's controls on the left, the distribution before and after on the right."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        text = st.text_input(
            "Example sentence",
            START,
            key="preview_text",
            bind="query-params",
            max_chars=1000,
            help="Write `[MASK]` or `_` for the hidden word. The sentence is only for this preview: it "
            "does not change the training.",
        )
        constraint_controls(variant)
    with right, model_cache.friendly_errors():
        _show_edit(variant, teacher, text or "")


def _show_edit(variant: str, teacher: str, text: str) -> None:
    """The distribution at the chosen position before and after, with the measures of the change."""
    prediction = model_cache.predict(teacher, text)
    places = list(prediction.positions)
    words = [prediction.tokens[i].text for i in places]
    key = f"preview_position:{text}"
    position = st.pills(
        "Position",
        places,
        default=prediction.default_position,
        required=True,
        key=key,
        wrap=True,
        format_func=lambda i: _place(words, places.index(i)),
        help="The position in the sentence. “Where it applies” decides whether the constraint changes it.",
    )
    position = position if position in places else prediction.default_position
    from fairkd import constraints  # imports PyTorch

    contrast = words_of(variant)
    edit = constraints.preview_constraint(
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
        edit_bars(frame, groups=names, title=finding(edit), dark=is_dark()),
        "preview_bars",
        "fairkd-constraint",
    )
    _numbers(edit)
    caption(
        "Pale bars are the teacher's own answer. Full bars are what the student learns instead. The words of "
        "the groups are on top."
    )
    csv_download(frame, "fairkd-constraint", "preview_csv")


def _place(words: list[str], place: int) -> str:
    """A word as a label. A repeated word gets a number, because the widget returns the label."""
    number = f" ({place + 1})" if words.count(words[place]) > 1 else ""
    return literal(words[place]) + number


def finding(edit: ConstraintPreview) -> str:
    """The effect of the edit at this position, in one sentence."""
    if edit.constraint.kind == "none":
        return "No constraint: the teacher's answer stays as it is"
    if not edit.constraint.active:
        return "At strength 0 the teacher's answer stays as it is"
    if not edit.applies:
        return "The constraint does not apply here: the teacher's answer stays as it is"
    before, after = edit.gaps
    if math.isnan(before) or math.isnan(after):
        return "The teacher's answer before and after the constraint"
    a, b = edit.groups[0].name, edit.groups[1].name
    shown = [signed(gap) if abs(gap) >= 0.005 else "0" for gap in (before, after)]
    return f"The gap between {a} and {b} changes from {shown[0]} to {shown[1]} nats"


def _numbers(edit: ConstraintPreview) -> None:
    """The probability lost to other words, the KL divergence, and the probability of each group."""
    with st.container(horizontal=True, gap="small"):
        st.metric(
            "Probability lost to other words",
            percent(edit.leaked_mass) if edit.leaked_mass > 5e-7 else "none",
            help="The groups' words together are less probable by this much after the constraint. All other "
            "words of the vocabulary gain it.",
            width=230,
        )
        st.metric(
            "KL(before ‖ after)",
            f"{edit.kl:.3f} nats",
            help="How much the constraint changes the whole distribution at this position. The reverse, "
            f"KL(after ‖ before), is {edit.reverse_kl:.3f} nats.",
            width=180,
        )
        for group in edit.groups[:6]:
            st.metric(
                f"P({literal(group.name)}), before → after",
                f"{percent(group.before)} → {percent(group.after)}",
                help="The sum of the probabilities of the group's words, before and after the constraint: "
                f"{group.size} tokens.",
                width=215,
            )
