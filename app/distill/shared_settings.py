"""The settings that all variants share: student, text, training time, seed, watched sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from app.distill.corpus import corpus_controls
from app.distill.fields import editor, field
from app.distill.variants import ALL_VARIANTS, change, current
from app.shared.model_cache import description, get_model
from app.shared.widgets import caption, literal
from fairkd.distill.config import StudentConfig
from fairkd.errors import FairKDError

MINUTES, STEPS = "minutes", "steps"
STUDENTS = {
    "layers": "Some of the teacher's layers",
    "fresh": "A new, smaller model",
    "existing": "An existing model",
}
VOCABULARIES = {
    "teacher": "All tokens of its tokenizer",
    "text": "Only tokens that the text needs (smaller, faster)",
}
# Settings that are shown above the list of all settings.
SHOWN_ABOVE = (
    "student.kind",
    "student.layers",
    "student.freeze_embeddings",
    "student.hidden_layers",
    "student.width",
    "student.heads",
    "student.projection",
    "student.reference",
    "student.vocabulary",
    "student.tokenizer",
    "corpus.source",
    "corpus.column",
    "corpus.held_out",
    "corpus.held_out_column",
    "budget.steps",
    "budget.minutes",
    "evaluation.watched_sentences",
    "seed",
    "teacher",
)


def shared_controls(
    teacher: str,
    last: str = "Training time",
    controls: Callable[[], None] | None = None,
    *,
    above: Sequence[str] = (),
) -> None:
    """The controls of the shared settings: in three columns, and folded all others.

    The `last` column has those of time, or other `controls`. The page shows the settings `above` already.
    """
    left, middle, right = st.columns(3, gap="large")
    with left:
        st.markdown("**Student**")
        _student(teacher)
    with middle:
        st.markdown("**Text**")
        corpus_controls()
    with right:
        st.markdown(f"**{last}**")
        (controls or _training_time)()
    panel = st.expander(
        "More settings for all variants", icon=":material/tune:", key="more_shared", on_change="rerun"
    )
    if panel.open:
        with panel:
            editor(ALL_VARIANTS, leave_out=(*SHOWN_ABOVE, *above))


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
            label="Layers to copy",
            placeholder=_default_layers(teacher),
        )
        field(ALL_VARIANTS, "student.freeze_embeddings", label="Freeze the word vectors")
        caption(_layers_in_words(teacher))
    elif kind == "fresh":
        one, two, three = st.columns(3)
        with one:
            field(ALL_VARIANTS, "student.hidden_layers", label="Layers")
        with two:
            field(ALL_VARIANTS, "student.width")
        with three:
            field(ALL_VARIANTS, "student.heads")
        field(ALL_VARIANTS, "student.projection", label="Learnt projection")
        field(ALL_VARIANTS, "student.tokenizer", label="Tokenizer", placeholder="the teacher's")
        caption(
            "The student starts with random weights, so it needs far more training time. If it is narrower "
            "than its teacher, its hidden states can only follow the teacher's through a matrix that is "
            "learnt with it (a *projection*)."
        )
    else:
        field(ALL_VARIANTS, "student.reference", label="Model")
        caption(
            "A model as in the list of teachers, or `run/ID` for the student of an earlier run. If its "
            "tokenizer is another one, it learns over the words and tokens that mean the same in both models."
        )
    field(ALL_VARIANTS, "student.vocabulary", label="Vocabulary", format_func=VOCABULARIES.__getitem__)


def _layers_in_words(teacher: str) -> str:
    """The teacher's layers as a row of boxes, the copied ones full, and what copying means."""
    sentence = "The student starts with copies of these layers, so it learns much faster than a new model."
    try:
        total, (default, note) = description(teacher).layers, _default_student(teacher)
    except FairKDError:  # the sidebar reports it
        return sentence
    chosen = current(ALL_VARIANTS, "student.layers") or default.layers
    if chosen is None:
        return literal(note or "")
    boxes = " ".join(f"**■ {layer}**" if layer in chosen else f"□ {layer}" for layer in range(total))
    frozen = (
        " The vectors of its words are copied, too, and do not change."
        if current(ALL_VARIANTS, "student.freeze_embeddings")
        else ""
    )
    shared = f" {literal(note)}" if note and chosen == default.layers else ""
    return (
        f"words → {boxes} → prediction  \n■ copied, □ left out; 0 is next to the words. {sentence}{frozen}"
        f"{shared}"
    )


def _default_layers(teacher: str) -> str:
    """The layers of this teacher that are copied by default, for the empty box."""
    try:
        default, _ = _default_student(teacher)
    except FairKDError:  # the sidebar reports it
        return "half of them"
    return ", ".join(map(str, default.layers or ())) or "none"


def _default_student(teacher: str) -> tuple[StudentConfig, str | None]:
    """The student without a choice of layers, and a sentence where it is not half of the teacher's."""
    lm = get_model(teacher)
    from fairkd import distill  # imports PyTorch

    sizes = {name: current(ALL_VARIANTS, f"student.{name}") for name in ("hidden_layers", "width", "heads")}
    return distill.settle(lm, StudentConfig(**sizes))


def _training_time() -> None:
    """The training time in minutes or steps, the random seed, and the sentences to watch."""
    by_steps = current(ALL_VARIANTS, "budget.steps") is not None
    kind = st.segmented_control(
        "Training time in",
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
        field(ALL_VARIANTS, "seed", label="Random seed")
    field(ALL_VARIANTS, "evaluation.watched_sentences", label="Sentences to watch, one per line")


def _other_budget() -> None:
    """Switch between minutes and steps: a budget has one of them."""
    if st.session_state["budget_kind"] == STEPS:
        change(ALL_VARIANTS, "budget.steps", 1000)
        change(ALL_VARIANTS, "budget.minutes", None)
    else:
        change(ALL_VARIANTS, "budget.steps", None)
        change(ALL_VARIANTS, "budget.minutes", 5.0)
