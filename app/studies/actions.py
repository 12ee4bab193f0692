"""Actions on a study: cancel, resume what is missing, add seeds, delete."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from app.runs.actions import show_problem
from app.shared.visitor import visitor
from app.shared.widgets import caption, literal
from app.studies.link import open_study
from fairkd import studies
from fairkd.errors import FairKDError
from fairkd.studies import CellState, StudyRecord

_PROBLEM, _TO_DELETE = "study_action_problem", "study_to_delete"
_RESUMABLE: tuple[CellState, ...] = ("missing", "failed", "cancelled", "interrupted")


def show_study_problem() -> None:
    """The error of the last action on a study."""
    show_problem(_PROBLEM)


def study_actions(record: StudyRecord) -> None:
    """The buttons for the study's state that the visitor may use."""
    id = record.id
    refusal = studies.change_refusal(id, visitor())
    if refusal is not None:
        caption(literal(refusal))
        return
    counts = record.counts
    busy = record.state in ("running", "queued")
    missing = sum(counts.get(state, 0) for state in _RESUMABLE)
    with st.container(horizontal=True, gap="small"):
        if busy:
            again = not counts.get("queued") and not counts.get("running")
            st.button(
                "Stop at once" if again else "Cancel",
                key=f"cancel_study_{id}",
                icon=":material/stop_circle:",
                on_click=_report,
                args=(lambda: studies.cancel(id, visitor=visitor()),),
                help="Stop the processes now. Their last checkpoints are kept."
                if again
                else "Runs at work finish their step and save a checkpoint; those that wait are not started.",
            )
        if missing:
            st.button(
                "Resume 1 run" if missing == 1 else f"Resume {missing} runs",
                key=f"resume_study_{id}",
                icon=":material/play_arrow:",
                on_click=_report,
                args=(lambda: studies.resume(id, visitor=visitor()),),
                help="Start what is missing, has failed or was stopped, and nothing else. A run continues "
                "from its last checkpoint.",
            )
        _add_seeds(record)
        if not busy:
            delete_button(id)
    confirm_delete(id, record.study.name)


def _add_seeds(record: StudyRecord) -> None:
    """A popover with the next seeds, which can be changed."""
    known, key = record.study.seeds, f"seeds_{record.id}"
    free = [seed for seed in range(max(known) + 3) if seed not in known][:2]
    with (
        st.popover(
            "Add seeds", icon=":material/add:", help="Run every variant at more seeds, with equal settings."
        ),
        st.form(f"form_{key}", border=False),
    ):
        st.text_input("Seeds", studies.seeds_text(free), key=key, max_chars=100, help="Such as 3-4 or 3,5.")
        st.form_submit_button(
            "Queue these runs", type="primary", on_click=lambda: _report(lambda: _add(record.id, key))
        )


def _add(id: str, key: str) -> None:
    studies.add_seeds(id, studies.parse_seeds(str(st.session_state[key])), visitor=visitor())


def _report(action: Callable[[], object]) -> None:
    """Call `action`, and keep its error for `show_study_problem`."""
    st.session_state.pop(_PROBLEM, None)
    try:
        action()
    except FairKDError as error:
        st.session_state[_PROBLEM] = (str(error), time.monotonic())


def delete_button(id: str) -> None:
    """The button that lets `confirm_delete` ask."""
    st.button(
        "Delete",
        key=f"delete_study_{id}",
        icon=":material/delete:",
        on_click=lambda: st.session_state.update({_TO_DELETE: id}),
        help="You are asked to confirm.",
    )


def _do_not_delete() -> None:
    st.session_state.pop(_TO_DELETE, None)


def _delete(id: str, keep_runs: bool) -> None:
    """Delete the study and go back to the list."""
    _do_not_delete()
    _report(lambda: studies.delete(id, keep_runs=keep_runs, visitor=visitor()))
    if _PROBLEM not in st.session_state:
        open_study(None)


def confirm_delete(id: str, name: str) -> None:
    """Ask for confirmation, and whether the study's runs stay."""
    if st.session_state.get(_TO_DELETE) != id:
        return
    with st.container(border=True):
        st.markdown(f":material/warning: **Delete {literal(name)} permanently?**")
        with st.container(horizontal=True):
            st.button(
                "Delete it with its runs",
                key=f"confirm_study_{id}",
                on_click=_delete,
                args=(id, False),
                type="primary",
                help="Students, checkpoints and events are removed from the disk.",
            )
            st.button(
                "Delete it, keep its runs",
                key=f"keep_runs_{id}",
                on_click=_delete,
                args=(id, True),
                help="Only the grouping and its results are gone. The runs stay on the page Runs.",
            )
            st.button("Keep it", key=f"keep_study_{id}", on_click=_do_not_delete)
