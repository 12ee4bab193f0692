"""The sidebar: the models that the page uses, and the image format of downloaded figures."""

from __future__ import annotations

from collections.abc import Sequence
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
from app.shared.presenter import is_presenting, presenter_models, presenter_switch
from app.shared.visitor import hosting, is_presenter
from app.shared.widgets import IMAGE_FORMAT_KEY, IMAGE_FORMATS, caption, literal
from fairkd import models
from fairkd.errors import FairKDError

if TYPE_CHECKING:
    from app.shared.streamlit_internals import DeltaGenerator
    from fairkd.models import Description

_CHOSEN = "chosen_models"  # references by role; they outlive a visit to a page without pickers
_SLOTS = "model_slots"
# By role, which is also the key of the picker and the parameter of the address: label, colour, default.
_PICKERS: dict[str, tuple[str, str, str | None]] = {
    "teacher": ("Teacher", "blue", TEACHER_DEFAULT),
    "student": ("Student", "orange", STUDENT_DEFAULT),
    "student2": ("Second student", "yellow", None),
}
_WHICH = (
    "An embedded model, the student of a finished run, a folder on the server, or a Hugging Face model such "
    "as `distilbert-base-uncased` (also with `@revision`). Type its name and press Enter."
)
_WHICH_LISTED = (
    "An embedded model, the student of a finished run, or another model that is allowed on this server."
)


def choose_models(roles: Sequence[str], *, figures: bool = True) -> None:
    """Draw a picker for each model that the page uses, and the other controls of the sidebar. Loads no model.

    `figures` says whether the page has figures to download.
    """
    chosen = st.session_state.setdefault(_CHOSEN, {})
    slots = {}
    with presenter_models() if roles and is_presenting() else st.sidebar:
        for role in roles:
            chosen[role], slots[chosen[role]] = _picker(role, chosen.get(role))
    with st.sidebar:
        presenter_switch()
        if hosting().mode == "class" and is_presenter():
            caption(":material/key: You are the presenter: you can change everybody’s runs.")
        sheets = st.expander("About these models", key="model_sheets", on_change="rerun") if roles else None
        if figures:
            st.segmented_control(
                "Download figures as",
                IMAGE_FORMATS,
                default=IMAGE_FORMATS[0],
                key=IMAGE_FORMAT_KEY,
                required=True,
                persist_state="session",
            )
    slots.pop("", None)
    st.session_state[_SLOTS] = slots, sheets


def chosen_models() -> tuple[str, str]:
    """(teacher, student) as chosen in the sidebar, of this page or of an earlier one."""
    chosen = st.session_state[_CHOSEN]
    return chosen.get("teacher", TEACHER_DEFAULT), chosen.get("student", STUDENT_DEFAULT)


def preselected(**references: str) -> dict[str, str]:
    """The parameters of a link to a page where these models are chosen, by role."""
    for role in references:
        st.session_state.pop(role, None)  # else the picker of an earlier page would win
    return references


def second_student() -> str | None:
    """The second student as chosen in the sidebar; None without one, or if it is the first one."""
    chosen = st.session_state[_CHOSEN].get("student2", "")
    return chosen if chosen not in ("", chosen_models()[1]) else None


def describe_models() -> None:
    """Say under a picker why its model cannot be loaded, and fill in the open data sheets.

    Called once the page has been drawn, because loading takes a while. Embedded models are not loaded for it.
    """
    slots, sheets = st.session_state.pop(_SLOTS)
    found = {}
    opened = sheets is not None and sheets.open
    for reference, slot in slots.items():
        if reference in models.embedded() and not opened:
            continue
        try:
            get_model(reference)  # outside the sidebar, so that narrow screens show the progress too
            found[reference] = description(reference)
        except FairKDError as error:
            slot.caption(f":material/error: {literal(error)}")
    if opened:
        for reference, about in found.items():
            sheets.markdown(f"**{literal(model_label(reference))}**  \n{literal_description(about)}")


def _picker(role: str, before: str | None) -> tuple[str, DeltaGenerator]:
    """The chosen reference, and a place below the picker for an error. Without a default it may be "".

    `before` is what was chosen on an earlier page, in case the last page had no such picker.
    """
    label, colour, default = _PICKERS[role]
    options = list(model_options())
    if default is not None and default not in options:
        options.append(default)
    if before and role not in st.session_state and role not in st.query_params:
        st.session_state[role] = before
    allowed = hosting().access.models  # None without a list
    typed = st.session_state.get(role) or st.query_params.get(role)
    if typed and typed not in options and reference_of(typed) not in options:
        options.append(typed)  # a typed reference stays in the list
    with st.container(gap="xxsmall"):
        # The coloured name is not in the label, because a screen reader would read its colour code aloud.
        st.markdown(
            f":{colour}[**{label}**]",
            help=_WHICH if allowed is None else _WHICH_LISTED,
        )
        chosen = st.selectbox(
            label,
            options,
            index=None if default is None else options.index(default),
            key=role,
            format_func=model_label,
            placeholder="None",
            accept_new_options=allowed != (),
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
        "Note": " ".join(model.notes),
    }
    return "  \n".join(f"{name}: {literal(text)}" for name, text in facts.items() if text)


def megabytes(size: int) -> str:
    """A size in bytes as text in megabytes, with one decimal place below 10 MB."""
    return f"{size / 1e6:,.0f} MB" if size >= 10e6 else f"{size / 1e6:.1f} MB"
