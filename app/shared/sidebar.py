"""The sidebar: teacher, student, and the image format of downloaded figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.shared.model_cache import description, embedded_references, get_model
from app.shared.widgets import IMAGE_FORMAT_KEY, IMAGE_FORMATS, literal
from fairkd.errors import FairKDError

if TYPE_CHECKING:
    from app.shared.streamlit_internals import DeltaGenerator
    from fairkd.models import Description

TEACHER_DEFAULT = "embedded/teacher"
STUDENT_DEFAULT = "embedded/student-fair"
_CHOSEN = "chosen_models"


def choose_models() -> tuple[str, str]:
    """Draw both model pickers, load the models, and return (teacher, student) references.

    If a model cannot be loaded, every page shows the reason under its picker.
    """
    options = list(embedded_references())
    for reference in (TEACHER_DEFAULT, STUDENT_DEFAULT):
        if reference not in options:
            options.append(reference)
    with st.sidebar:
        teacher, teacher_slot = _picker("Teacher", "teacher", options, TEACHER_DEFAULT, "blue")
        student, student_slot = _picker("Student", "student", options, STUDENT_DEFAULT, "orange")
        st.segmented_control(
            "Download figures as",
            IMAGE_FORMATS,
            default=IMAGE_FORMATS[0],
            key=IMAGE_FORMAT_KEY,
            required=True,
        )
    for reference, slot in ((teacher, teacher_slot), (student, student_slot)):
        _describe(reference, slot)
    st.session_state[_CHOSEN] = (teacher, student)
    return teacher, student


def chosen_models() -> tuple[str, str]:
    """(teacher, student) as chosen in the sidebar, for the pages."""
    return st.session_state[_CHOSEN]


def _picker(
    label: str, key: str, options: list[str], default: str, colour: str
) -> tuple[str, DeltaGenerator]:
    typed = st.session_state.get(key) or st.query_params.get(key)
    if typed and typed not in options:
        options = [*options, typed]  # a typed reference stays in the list
    # The coloured name is not in the label, because a screen reader would read its colour code aloud.
    st.markdown(
        f":{colour}[**{label}**]",
        help="An embedded model, a folder on the server, or a Hugging Face model such as "
        "`distilbert-base-uncased`, optionally with `@revision`. Type the name and press Enter.",
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
    # Without the slash at the end, so that both spellings share one loaded model.
    return reference.rstrip("/") or reference, st.empty()


def _describe(reference: str, slot: DeltaGenerator) -> None:
    try:
        get_model(reference)  # outside the sidebar, so that narrow screens show the progress too
        found = description(reference)
    except FairKDError as error:
        slot.caption(f":material/error: {literal(error)}")
        return
    size = f"{found.layers} layers, {found.parameters / 1e6:.1f} million parameters"
    slot.caption(literal(size), help=literal_description(found))


def literal_description(model: Description) -> str:
    """Lines of Markdown about a model: size, vocabulary, and origin."""
    facts = {
        "Architecture": f"{model.architecture}, hidden size {model.width}",
        "Vocabulary": f"{model.vocabulary:,} {model.tokenizer_kind} tokens, "
        + ("cased" if model.cased else "uncased"),
        "Longest text": f"{model.max_tokens} tokens",
        "Size": megabytes(model.size_bytes)
        + (f", embeddings shared with {model.shares}" if model.shares else ""),
        "Source": model.source + (f", commit {model.revision[:8]}" if model.revision else ""),
        "Licence": model.licence,
    }
    return "  \n".join(f"{name}: {literal(text)}" for name, text in facts.items() if text)


def megabytes(size: int) -> str:
    """A size in bytes as text in megabytes, with one decimal place below 10 MB."""
    return f"{size / 1e6:,.0f} MB" if size >= 10e6 else f"{size / 1e6:.1f} MB"
