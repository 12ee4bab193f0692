"""The sidebar: which teacher, which student, and in which format pictures are downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.shared.model_cache import description, embedded_references, get_model
from app.shared.widgets import IMAGE_FORMAT_KEY, IMAGE_FORMATS, literal
from fairkd.errors import FairKDError

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from fairkd.models import Description

TEACHER_DEFAULT = "embedded/teacher"
STUDENT_DEFAULT = "embedded/student-fair"
_CHOSEN = "chosen_models"


def choose_models() -> tuple[str, str]:
    """Draw both pickers with what the models are, load them, and return (teacher, student) references.

    Of a model that cannot be loaded the reason stands under its picker, on every page.
    """
    options = list(embedded_references())
    for reference in (TEACHER_DEFAULT, STUDENT_DEFAULT):
        if reference not in options:
            options.append(reference)
    with st.sidebar:
        teacher, about_teacher = _picker("Teacher", "teacher", options, TEACHER_DEFAULT, "blue")
        student, about_student = _picker("Student", "student", options, STUDENT_DEFAULT, "orange")
        st.segmented_control(
            "Download figures as",
            IMAGE_FORMATS,
            default=IMAGE_FORMATS[0],
            key=IMAGE_FORMAT_KEY,
            required=True,
        )
    for reference, slot in ((teacher, about_teacher), (student, about_student)):
        _describe(reference, slot)
    st.session_state[_CHOSEN] = (teacher, student)
    return teacher, student


def chosen_models() -> tuple[str, str]:
    """(teacher, student) as the sidebar has them in this run; pages start from here."""
    return st.session_state[_CHOSEN]


def _picker(
    label: str, key: str, options: list[str], default: str, colour: str
) -> tuple[str, DeltaGenerator]:
    typed = st.session_state.get(key) or st.query_params.get(key)
    if typed and typed not in options:
        options = [*options, typed]  # a reference of the person's own stays in the list
    # The coloured name stands by itself: inside the label a screen reader would spell its colour.
    st.markdown(
        f":{colour}[**{label}**]",
        help="An embedded model, a local folder, or a Hugging Face id such as `distilbert-base-uncased`, "
        "with `@revision` if you like. Type it and press Enter.",
    )
    chosen = st.selectbox(
        label,
        options,
        index=options.index(default),
        key=key,
        accept_new_options=True,
        bind="query-params",
        label_visibility="collapsed",
    )
    reference = str(chosen or default).strip()
    # As the models call themselves: of one spelling, a model is loaded once.
    return reference.rstrip("/") or reference, st.empty()


def _describe(reference: str, slot: DeltaGenerator) -> None:
    try:
        get_model(reference)  # outside the sidebar, so that a narrow screen sees the progress too
        about = description(reference)
    except FairKDError as error:
        slot.caption(f":material/error: {literal(error)}")
        return
    slot.caption(literal_description(about))


def literal_description(about: Description) -> str:
    """Three lines of Markdown on one model: what it is made of, how it reads, where it came from."""
    size = f"{about.layers} layers, width {about.width}, {about.parameters / 1e6:.1f} M parameters, "
    size += megabytes(about.size_bytes) + (f", embeddings shared with {about.shares}" if about.shares else "")
    case = "cased" if about.cased else "uncased"
    reading = f"{about.vocabulary:,} {about.tokenizer_kind} tokens, {case}, up to {about.max_tokens} at once"
    origin = f"{about.architecture}, {about.source}" + (f", {about.licence}" if about.licence else "")
    origin += f", commit {about.revision[:8]}" if about.revision else ""
    return "  \n".join(literal(line) for line in (size, reading, origin))


def megabytes(size: int) -> str:
    """Bytes for a person: small models with a decimal place."""
    return f"{size / 1e6:,.0f} MB" if size >= 10e6 else f"{size / 1e6:.1f} MB"
