"""A picker of several models, for views that compare any number of them with the teacher."""

from __future__ import annotations

import streamlit as st

from app.shared.model_options import model_label, model_options, reference_of
from app.shared.sidebar import second_student


def pick_models(teacher: str, student: str, *, key: str, most: int) -> list[str]:
    """The models to compare, the teacher first; draws the picker of the others.

    Parameters
    ----------
    key : of the widget, and the parameter of the address.
    most : how many others can be chosen.
    """
    shown = st.session_state.get(key) or st.query_params.get_all(key)
    students = [one for one in (student, second_student()) if one not in (None, teacher)]
    options = dict.fromkeys([*students, *model_options(), *map(reference_of, shown)])
    options.pop(teacher, None)
    picked = st.multiselect(
        "Models beside the teacher",
        list(options),
        default=students,
        format_func=model_label,
        key=key,
        bind="query-params",
        max_selections=most,
        accept_new_options=True,
        placeholder="Choose models, or type a folder or a Hugging Face name",
    )
    return list(dict.fromkeys([teacher, *(reference_of(str(one)) for one in picked)]))
