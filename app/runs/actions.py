"""Actions on a run: open, describe, cancel, resume, delete, export, try and measure its student."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import streamlit as st

from app.measures.choice import first_choice
from app.measures.link import MEASUREMENT
from app.runs.description_form import description_form
from app.runs.export import export_button
from app.shared.model_options import TEACHER_DEFAULT
from app.shared.run_texts import UNFINISHED
from app.shared.sidebar import preselected
from app.shared.visitor import visitor
from app.shared.widgets import caption, literal
from fairkd import runs
from fairkd.benchmarks import make_measure_config
from fairkd.errors import FairKDError
from fairkd.runs import Run

RUN = "run"  # a parameter of the address: the run that is shown
SENTENCE = "sentence"  # likewise: its watched sentence
_PROBLEM = "run_problem"
ERROR_SECONDS = 10.0  # that an error stays on a page which redraws itself
_TO_DELETE = "run_to_delete"


def chosen_id() -> str | None:
    """The id of the run in the address; None for the list."""
    asked = str(st.query_params.get(RUN, "")).strip()
    return asked or None


def open_run(id: str | None) -> None:
    """Show a run, or with None the list of all runs."""
    if id is None:
        st.query_params.pop(RUN, None)
    else:
        st.query_params[RUN] = id
    st.query_params.pop(SENTENCE, None)
    st.session_state.pop(_TO_DELETE, None)


def show_problem(key: str = _PROBLEM) -> None:
    """The error of the last action, which the session keeps under `key`, for ERROR_SECONDS."""
    message, since = st.session_state.get(key, ("", 0.0))
    if message and time.monotonic() - since < ERROR_SECONDS:
        st.error(literal(message), icon=":material/error:")
    else:
        st.session_state.pop(key, None)


def has_model(run: Run) -> bool:
    """Whether the run has a finished model."""
    return (run.folder / "model" / "config.json").is_file()


def action_bar(run: Run, *, leave: Callable[[], None] | None = None) -> None:
    """The buttons for the run's state that the visitor may use; none for an example.

    `leave` shows the list again once the run is deleted: by default that of the Runs page.
    """
    if run.example:
        return
    refusal = visitor().change_refusal(run)
    may_change = refusal is None
    with st.container(horizontal=True, gap="small"):
        if has_model(run):
            _open_with(
                "Try this student",
                "predictions",
                "view_column",
                run,
                help="Open the Predictions page with this student and its teacher.",
                primary=True,
            )
            _open_with(
                "See its gaps",
                "gaps",
                "balance",
                run,
                help="Open the Gaps page with this student and its teacher.",
            )
            _measure_button(run)
        if may_change and run.state in UNFINISHED:
            measures = run.kind == "measure"
            label, help = "Cancel", "Finish the current step, save a checkpoint, and stop."
            if measures:
                help = "Stop. What has been measured is kept."
            if run.state == "cancelling":
                kept = "What has been measured" if measures else "The last checkpoint"
                label, help = "Stop at once", f"Stop the process now. {kept} is kept."
            _button(label, "cancel", "stop_circle", _try, run, runs.cancel, help=help)
        if may_change and run.resumable:
            _button(
                "Resume",
                "resume",
                "play_arrow",
                _resume,
                run,
                help=(
                    "Measure what is missing."
                    if run.kind == "measure"
                    else "Continue from the last checkpoint."
                ),
            )
        if run.state not in UNFINISHED:
            export_button(run)
        if may_change:
            description_form(run, partial(_describe, run))
        if may_change and run.state not in UNFINISHED:
            _button("Delete", "delete", "delete", _ask_to_delete, run, help="You are asked to confirm.")
    if refusal is not None:
        caption(literal(refusal))
    _confirm_delete(run, leave or partial(open_run, None))


def _open_with(label: str, page: str, icon: str, run: Run, *, help: str, primary: bool = False) -> None:
    """A button that chooses the run's student and its teacher, and opens a page that shows them."""
    pressed = st.button(
        label,
        key=f"{page}_{run.id}",
        icon=f":material/{icon}:",
        type="primary" if primary else "secondary",
        help=help,
    )
    if pressed:
        st.switch_page(
            f"app/pages/{page}.py",
            query_params=preselected(
                teacher=str(run.config.get("teacher", TEACHER_DEFAULT)), student=f"run/{run.id}"
            ),
        )


def _measure_button(run: Run) -> None:
    """A button that measures the student and its teacher with the default set, and opens the measurement."""
    me = visitor()
    if me.start_refusal() is not None:
        return
    pressed = st.button(
        "Measure this student",
        key=f"measure_{run.id}",
        icon=":material/straighten:",
        help="Measure this student and its teacher by benchmarks of bias and quality, in the background.",
    )
    if not pressed:
        return
    models = [str(run.config.get("teacher", TEACHER_DEFAULT)), f"run/{run.id}"]
    try:
        config = make_measure_config({"models": models, "benchmarks": first_choice(), "quick": True})
        [measurement] = me.submit([("", config)])
    except FairKDError as error:
        st.session_state[_PROBLEM] = (str(error), time.monotonic())
        st.rerun()
    st.switch_page(
        "app/pages/measures.py",
        query_params={MEASUREMENT: measurement.id, **preselected(teacher=models[0], student=models[1])},
    )


def _button(
    label: str,
    key: str,
    icon: str,
    action: Callable[..., None],
    run: Run,
    *args: object,
    help: str,
) -> None:
    st.button(
        label,
        key=f"{key}_{run.id}",
        icon=f":material/{icon}:",
        on_click=action,
        args=(run, *args),
        help=help,
    )


def _describe(run: Run, **texts: str) -> None:
    _try(run, partial(runs.describe, **texts))


def _resume(run: Run) -> None:
    _report(lambda: visitor().resume(run.id))


def _try(run: Run, action: Callable[[str], object]) -> None:
    """Call `action` if the visitor may change the run."""
    _report(lambda: visitor().change(run.id, action))


def _report(action: Callable[[], object]) -> None:
    """Call `action`, and keep its error for `show_problem`."""
    st.session_state.pop(_PROBLEM, None)
    try:
        action()
    except FairKDError as error:
        st.session_state[_PROBLEM] = (str(error), time.monotonic())


def _ask_to_delete(run: Run) -> None:
    st.session_state[_TO_DELETE] = run.id


def _do_not_delete() -> None:
    st.session_state.pop(_TO_DELETE, None)


def _delete(run: Run, leave: Callable[[], None]) -> None:
    """Delete the run and go back to the list."""
    _do_not_delete()
    _try(run, runs.delete)
    if _PROBLEM not in st.session_state:
        leave()


def _confirm_delete(run: Run, leave: Callable[[], None]) -> None:
    """Ask for confirmation."""
    if st.session_state.get(_TO_DELETE) != run.id:
        return
    what = "results, events and log" if run.kind == "measure" else "model, checkpoints, events and log"
    with st.container(border=True):
        st.markdown(
            f":material/warning: **Delete {literal(run.name)} permanently?** Its {what} are removed from the "
            "disk."
        )
        with st.container(horizontal=True):
            st.button(
                "Delete permanently",
                key=f"confirm_{run.id}",
                on_click=_delete,
                args=(run, leave),
                type="primary",
            )
            st.button("Keep it", key=f"keep_{run.id}", on_click=_do_not_delete)
