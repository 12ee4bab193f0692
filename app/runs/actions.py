"""What a person does with a run: open, cancel, resume, delete (asked twice), export, use as the student."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import streamlit as st

from app.shared.run_texts import UNFINISHED
from app.shared.widgets import literal
from fairkd import runs
from fairkd.errors import FairKDError
from fairkd.runs import Run

RUN = "run"  # in the URL: the run that is looked at
_PROBLEM = "run_problem"
ERROR_SECONDS = 10.0  # seconds that a sentence stays on a page that is drawn anew all the time
_TO_DELETE = "run_deleting"
_REQUESTED = "run_wished_page"


def chosen_id() -> str | None:
    """The run that the URL asks for."""
    asked = str(st.query_params.get(RUN, "")).strip()
    return asked or None


def open_run(id: str | None) -> None:
    """Look at a run, or with None at all of them."""
    if id is None:
        st.query_params.pop(RUN, None)
    else:
        st.query_params[RUN] = id
    st.session_state.pop(_TO_DELETE, None)


def show_problem() -> None:
    """What the last action could not do, as long as it takes to read."""
    sentence, said = st.session_state.get(_PROBLEM, ("", 0.0))
    if sentence and time.monotonic() - said < ERROR_SECONDS:
        st.error(literal(sentence), icon=":material/error:")
    else:
        st.session_state.pop(_PROBLEM, None)


def has_model(run: Run) -> bool:
    """Whether the run left a model that can be loaded."""
    return (run.folder / "model" / "config.json").is_file()


def use_as_student(run: Run, page: str) -> None:
    """Choose the run's student beside the teacher that it learnt from, and wish for a page to open."""
    st.session_state["teacher"] = str(run.config.get("teacher", "embedded/teacher"))
    st.session_state["student"] = f"run/{run.id}"
    st.session_state[_REQUESTED] = page


def page_requested() -> bool:
    """Whether a page was page_requested for and not opened yet."""
    return _REQUESTED in st.session_state


def open_requested_page() -> None:
    """Open the page that was page_requested for.

    Not in the callback itself: a switch from there brings the pickers' old values along. By now the sidebar
    has been drawn with the new ones.
    """
    if page := st.session_state.pop(_REQUESTED, None):
        # The URL has the pickers' new values by now. Without parameters of its own a switch clears it, which
        # Streamlit refuses where a parameter is bound to a widget.
        st.switch_page(page, query_params={})


def action_bar(run: Run) -> None:
    """The buttons that fit the run's state."""
    with st.container(horizontal=True, gap="small"):
        if has_model(run):
            _button(
                "Predictions", "view_column", use_as_student, run, "app/pages/predictions.py", primary=True
            )
            _button("Gaps", "balance", use_as_student, run, "app/pages/gaps.py", primary=True)
        if run.state in UNFINISHED:
            asked = run.state == "cancelling"
            label, said = "Cancel", "Finish the step, save, and stop"
            if asked:
                label, said = "Stop at once", "End the process now; its last checkpoint stays"
            _button(label, "stop_circle", _try, run, runs.cancel, help=said)
        if run.resumable:
            _button("Resume", "play_arrow", _try, run, runs.resume, help="Go on from the last checkpoint")
        if run.state not in UNFINISHED:
            st.download_button(
                "Export",
                data=lambda: exported(run),
                file_name=f"fairkd-run-{run.id}.zip",
                mime="application/zip",
                key=f"export_{run.id}",
                icon=":material/download:",
                on_click="ignore",
                help="The run's folder as a zip: configuration, events, log and model",
            )
            _button("Delete", "delete", _ask_to_delete, run, help="Asks once more")
    _confirm_delete(run)


def exported(run: Run) -> bytes:
    """The run's folder as a zip."""
    target = io.BytesIO()
    runs.export(run.id, target)
    return target.getvalue()


def _button(
    label: str, icon: str, action: Callable[..., None], *args: object, primary: bool = False, help: str = ""
) -> None:
    run = args[0]
    assert isinstance(run, Run)
    st.button(
        label,
        key=f"{label.split()[0].lower()}_{run.id}",
        icon=f":material/{icon}:",
        on_click=action,
        args=args,
        type="primary" if primary and label == "Predictions" else "secondary",
        help=help or f"Open {label} with this student beside its teacher",
    )


def _try(run: Run, action: Callable[[str], object]) -> None:
    """Do it, or say why it could not be done."""
    st.session_state.pop(_PROBLEM, None)
    try:
        action(run.id)
    except FairKDError as error:
        st.session_state[_PROBLEM] = (str(error), time.monotonic())


def _ask_to_delete(run: Run) -> None:
    st.session_state[_TO_DELETE] = run.id


def _keep() -> None:
    st.session_state.pop(_TO_DELETE, None)


def _delete(run: Run) -> None:
    """Delete it and go back to the list."""
    _keep()
    _try(run, runs.delete)
    if _PROBLEM not in st.session_state:
        open_run(None)


def _confirm_delete(run: Run) -> None:
    """The second question."""
    if st.session_state.get(_TO_DELETE) != run.id:
        return
    with st.container(border=True):
        st.markdown(
            f":material/warning: **Delete {literal(run.name)} for good?** Its model, checkpoints, events and "
            "log are removed from the disk."
        )
        with st.container(horizontal=True):
            st.button(
                "Delete for good", key=f"confirm_{run.id}", on_click=_delete, args=(run,), type="primary"
            )
            st.button("Keep it", key=f"keep_{run.id}", on_click=_keep)
