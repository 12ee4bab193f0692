"""The form for a run's name, note and owner."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.shared.visitor import who_may_change
from fairkd.runs import LONGEST, Run


def description_form(run: Run, save: Callable[..., None]) -> None:
    """A popover with the form; `save` is called with the keywords name, note and owner."""
    panel = st.popover(
        "Edit", icon=":material/edit:", key=f"edit_{run.id}", help="Change name, note and owner."
    )
    id, state = run.id, st.session_state
    with panel, st.form(f"description_{id}", border=False):
        st.text_input("Name", run.name, max_chars=LONGEST["name"], key=f"name_{id}")
        st.text_area("Note", run.note, max_chars=LONGEST["note"], key=f"note_{id}", height=96)
        st.text_input(
            "Whose run",
            run.owner,
            max_chars=LONGEST["owner"],
            key=f"owner_{id}",
            help=f"Shown in the list. {who_may_change()}",
        )

        def submit() -> None:
            save(name=state[f"name_{id}"], note=state[f"note_{id}"], owner=state[f"owner_{id}"])

        st.form_submit_button("Save", type="primary", on_click=submit)
