"""What all variants of a distillation have in common: student, text, budget, watched_sentences, seed."""

from __future__ import annotations

import streamlit as st

from app.distill.corpus import corpus
from app.distill.fields import editor, field
from app.distill.variants import ALL_VARIANTS, change, current
from app.shared.model_cache import description
from app.shared.widgets import caption
from fairkd.distill.config import spread_layers
from fairkd.errors import FairKDError

MINUTES, STEPS = "minutes", "steps"
STUDENTS = {
    "layers": "Layers of the teacher",
    "fresh": "A fresh, smaller model",
    "existing": "An existing model",
}
# Settings with a place of their own above the list of all.
SHOWN_ABOVE = (
    "student.kind",
    "student.layers",
    "student.freeze_embeddings",
    "student.hidden_layers",
    "student.width",
    "student.heads",
    "student.projection",
    "student.reference",
    "corpus.source",
    "corpus.column",
    "budget.steps",
    "budget.minutes",
    "evaluation.watched_sentences",
    "seed",
    "teacher",
)


def shared(teacher: str) -> None:
    """The controls, in three columns."""
    left, middle, right = st.columns(3, gap="large")
    with left:
        st.markdown("**Student**")
        _student(teacher)
    with middle:
        st.markdown("**Text**")
        corpus()
    with right:
        st.markdown("**Budget**")
        _budget()
        field(ALL_VARIANTS, "evaluation.watched_sentences", label="Sentences to watch, one a line")
    panel = st.expander(
        "More settings of all variants", icon=":material/tune:", key="more_shared", on_change="rerun"
    )
    if panel.open:
        with panel:
            editor(ALL_VARIANTS, leave_out=SHOWN_ABOVE)


def _student(teacher: str) -> None:
    kinds = list(STUDENTS)
    kind = current(ALL_VARIANTS, "student.kind")
    st.selectbox(
        "Student",
        kinds,
        index=kinds.index(kind),
        key="student_kind",
        format_func=lambda one: STUDENTS[one],
        on_change=lambda: change(ALL_VARIANTS, "student.kind", st.session_state["student_kind"]),
        label_visibility="collapsed",
    )
    if kind == "layers":
        field(
            ALL_VARIANTS,
            "student.layers",
            label="Layers, counted from 0",
            placeholder=_default_layers(teacher),
        )
        field(ALL_VARIANTS, "student.freeze_embeddings", label="Freeze embeddings")
        caption("Layers cut from the teacher learn much faster than a fresh model.")
    elif kind == "fresh":
        one, two, three = st.columns(3)
        with one:
            field(ALL_VARIANTS, "student.hidden_layers", label="Layers")
        with two:
            field(ALL_VARIANTS, "student.width")
        with three:
            field(ALL_VARIANTS, "student.heads")
        field(ALL_VARIANTS, "student.projection", label="Learnt projection")
        caption("It starts from nothing: give it far more time.")
    else:
        field(ALL_VARIANTS, "student.reference", label="Model")
        caption(
            "A reference as in the sidebar, `run/ID` of an earlier run included; it must have the "
            "teacher's vocabulary."
        )


def _default_layers(teacher: str) -> str:
    """The layers that are kept where none are typed; which these are depends on the teacher."""
    try:
        return ", ".join(map(str, spread_layers(description(teacher).layers)))
    except FairKDError:  # which the sidebar says
        return "half of them"


def _budget() -> None:
    """Minutes or steps, and the seed."""
    by_steps = current(ALL_VARIANTS, "budget.steps") is not None
    kind = st.segmented_control(
        "Budget",
        [MINUTES, STEPS],
        default=STEPS if by_steps else MINUTES,
        required=True,
        key="budget_kind",
        on_change=_other_budget,
        label_visibility="collapsed",
    )
    one, two = st.columns(2)
    with one:
        field(ALL_VARIANTS, f"budget.{STEPS if kind == STEPS else MINUTES}")
    with two:
        field(ALL_VARIANTS, "seed")


def _other_budget() -> None:
    """One kind of budget puts the other aside."""
    if st.session_state["budget_kind"] == STEPS:
        change(ALL_VARIANTS, "budget.steps", 1000)
        change(ALL_VARIANTS, "budget.minutes", None)
    else:
        change(ALL_VARIANTS, "budget.steps", None)
        change(ALL_VARIANTS, "budget.minutes", 5.0)
