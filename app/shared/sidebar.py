"""The sidebar: teacher, student, perhaps a second student, and the image format of downloaded figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.shared.model_cache import description, get_model
from app.shared.model_options import (
    STUDENT_DEFAULT,
    TEACHER_DEFAULT,
    model_label,
    model_options,
    reference_of,
)
from app.shared.presenter import presenter_switch
from app.shared.widgets import IMAGE_FORMAT_KEY, IMAGE_FORMATS, literal
from fairkd import models
from fairkd.errors import FairKDError

if TYPE_CHECKING:
    from app.shared.streamlit_internals import DeltaGenerator
    from fairkd.models import Description

_CHOSEN = "chosen_models"
_SECOND = "chosen_second_student"
_SLOTS = "model_slots"


def choose_models(*, second: bool = False) -> tuple[str, str]:
    """Draw the model pickers, and return the references (teacher, student). Loads no model.

    With `second` there is a picker for a second student, for pages that show one.
    """
    with st.sidebar:
        teacher, teacher_slot = _picker("Teacher", "teacher", TEACHER_DEFAULT, "blue")
        student, student_slot = _picker("Student", "student", STUDENT_DEFAULT, "orange")
        slots = {teacher: teacher_slot, student: student_slot}
        other = ""
        if second:
            other, other_slot = _picker("Second student", "student2", None, "yellow")
            slots.setdefault(other, other_slot)
        presenter_switch()
        sheets = st.expander("About these models", key="model_sheets", on_change="rerun")
        st.segmented_control(
            "Download figures as",
            IMAGE_FORMATS,
            default=IMAGE_FORMATS[0],
            key=IMAGE_FORMAT_KEY,
            required=True,
        )
    st.session_state[_CHOSEN] = (teacher, student)
    st.session_state[_SECOND] = other if other not in ("", student) else None
    slots.pop("", None)
    st.session_state[_SLOTS] = slots, sheets
    return teacher, student


def chosen_models() -> tuple[str, str]:
    """(teacher, student) as chosen in the sidebar, for the pages."""
    return st.session_state[_CHOSEN]


def second_student() -> str | None:
    """The second student as chosen in the sidebar; None without one, or if it is the first one."""
    return st.session_state[_SECOND]


def describe_models() -> None:
    """Say under a picker why its model cannot be loaded, and fill in the open data sheets.

    Called once the page has been drawn, because loading takes a while. Embedded models are not loaded for it.
    """
    slots, sheets = st.session_state.pop(_SLOTS)
    found = {}
    for reference, slot in slots.items():
        if reference in models.embedded() and not sheets.open:
            continue
        try:
            get_model(reference)  # outside the sidebar, so that narrow screens show the progress too
            found[reference] = description(reference)
        except FairKDError as error:
            slot.caption(f":material/error: {literal(error)}")
    if sheets.open:
        for reference, about in found.items():
            sheets.markdown(f"**{literal(model_label(reference))}**  \n{literal_description(about)}")


def _picker(label: str, key: str, default: str | None, colour: str) -> tuple[str, DeltaGenerator]:
    """The chosen reference, and a place below the picker for an error. Without a default it may be ""."""
    options = list(model_options())
    if default is not None and default not in options:
        options.append(default)
    typed = st.session_state.get(key) or st.query_params.get(key)
    if typed and typed not in options and reference_of(typed) not in options:
        options.append(typed)  # a typed reference stays in the list
    with st.container(gap="xxsmall"):
        # The coloured name is not in the label, because a screen reader would read its colour code aloud.
        st.markdown(
            f":{colour}[**{label}**]",
            help="An embedded model, the student of a finished run, a folder on the server, or a Hugging "
            "Face model such as `distilbert-base-uncased` (also with `@revision`). Type its name and press "
            "Enter.",
        )
        chosen = st.selectbox(
            label,
            options,
            index=None if default is None else options.index(default),
            key=key,
            format_func=model_label,
            placeholder="None",
            accept_new_options=True,
            bind="query-params",
            label_visibility="collapsed",
        )
        return reference_of(str(chosen or default or "")), st.empty()


def literal_description(model: Description) -> str:
    """Lines of Markdown about a model: size, vocabulary, and origin."""
    facts = {
        "Layers": f"{model.layers}, with {model.parameters / 1e6:.1f} million parameters",
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
