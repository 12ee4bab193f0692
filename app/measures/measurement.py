"""The page of one measurement: what it does, and what it has found so far."""

from __future__ import annotations

import time
from contextlib import nullcontext

import streamlit as st

from app.measures.downloads import downloads
from app.measures.link import VIEW, open_measurement
from app.measures.reproduction import reproduce_measurement
from app.measures.scores import data_line, scores_view
from app.measures.stored import Measured, measured
from app.measures.views import VIEWS
from app.runs.actions import action_bar, open_run, show_problem
from app.runs.list import IDLE, LIVE, about, damage
from app.shared.activity import track_activity
from app.shared.page_help import way_back
from app.shared.presenter import is_presenting, unseen
from app.shared.run_texts import UNFINISHED, state_badge, status
from app.shared.url_state import take_parameter, write_parameter
from app.shared.widgets import caption, literal
from fairkd import runs
from fairkd.errors import FairKDError
from fairkd.runs import Run

Drawn = tuple[str, str, int]  # state, name, and number of results


def measurement_page(id: str, *, hidden: bool = False) -> None:
    """Everything about one measurement, or an error if there is none. A hidden page is not updated."""
    row = st.container(horizontal=is_presenting(), vertical_alignment="center")
    with row:
        way_back("All measurements", open_measurement, "measures")
    try:
        run = runs.get(id)
    except FairKDError as error:
        st.error(literal(error), icon=":material/error:")
        return
    if run.kind != "measure":
        _is_a_training(run)
        return
    found = measured(run)
    row.header(literal(run.name), anchor=False, width="content" if is_presenting() else "stretch")
    live = run.state in UNFINISHED and not hidden
    every = LIVE if live else IDLE if run.resumable and not hidden else None
    # An audience looks at the results once there are all of them.
    with unseen("measurement_state") if run.state == "finished" else nullcontext():
        st.fragment(_state, run_every=every)(id, (run.state, run.name, found.done))
    if found.results:
        _results(run, found)
    elif run.state in UNFINISHED:
        caption("The results appear one after the other. You can close this page: it continues.")
    else:
        caption("There are no results: see the message above.")
    _refusals(found)
    reproduce_measurement(run)


def _is_a_training(run: Run) -> None:
    st.error(f"{literal(run.name)} is a training, not a measurement.", icon=":material/error:")
    st.page_link(
        "app/pages/runs.py",
        label=f"Open {literal(run.name)} on Runs",
        icon=":material/monitoring:",
        query_params={"run": run.id},
    )


@track_activity()
def _state(id: str, drawn: Drawn) -> None:
    """State, progress and buttons. A change of state or name, or a new result, redraws the whole page."""
    try:
        run = runs.get(id)
    except FairKDError:
        st.rerun()  # deleted elsewhere: `measurement_page` reports it
    found = measured(run)
    if (run.state, run.name, found.done) != drawn:
        st.rerun()
    # A container for each part: a popover that moves by one element is closed.
    head, problem, actions = (st.container() for _ in range(3))
    with head:
        _head(run, found)
    with problem:
        show_problem()
    with actions:
        action_bar(run, leave=_leave)


def _leave() -> None:
    open_run(None)
    open_measurement(None)


def _head(run: Run, found: Measured) -> None:
    state, colour, icon = state_badge(run)
    pairs = len(run.config.get("models") or ()) * len(run.config.get("benchmarks") or ())
    of = f"{found.done} of {pairs} done" if pairs else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(state, icon=icon, color=colour)
        said = [*about(run), *([of, status(run)] if run.state in ("finished", "cancelled") else [])]
        caption(f"{' · '.join(map(literal, filter(None, said)))} · `{run.id}`")
    if sentence := damage(run):
        st.warning(literal(sentence), icon=":material/warning:")
    for line in run.note.splitlines():
        st.markdown(literal(line))
    if run.state in UNFINISHED:
        _progress(run, of)
    elif run.state == "failed":
        sentence = run.sentence or "The measurement failed. Its log has the details."
        st.error(literal(sentence), icon=":material/error:")
    elif run.state == "interrupted":
        caption(" · ".join(map(literal, filter(None, (of, status(run), run.sentence)))))
    elif run.sentence:
        caption(literal(run.sentence))
    if found.damaged and run.state not in UNFINISHED:
        count = "One result is" if found.damaged == 1 else f"{found.damaged} results are"
        st.warning(
            f"{count} damaged and left out. To measure again what is missing, start the same measurement.",
            icon=":material/warning:",
        )


def _progress(run: Run, of: str) -> None:
    """What an unfinished measurement does, or when it starts."""
    known = runs.all_runs() if run.state == "queued" else []
    starts = runs.expected_starts(known, runs.slots(), time.time()) if known else {}
    said = status(run, start=starts.get(run.id))
    if run.active:
        st.progress(min(max(run.progress, 0.0), 1.0), text=f"{literal(said)} · {of}")
    else:
        st.markdown(literal(run.sentence) if run.sentence else f":material/schedule: {literal(said)}")


def _results(run: Run, found: Measured) -> None:
    shown = {"Scores": scores_view, **VIEWS}
    first = next(iter(shown))
    take_parameter(VIEW, first)  # not bound: leaving a measurement removes it from the address
    if st.session_state[VIEW] not in shown:
        st.session_state[VIEW] = first
    view = st.segmented_control(
        "Results",
        list(shown),
        required=True,
        key=VIEW,
        persist_state="session",
        label_visibility="collapsed",
    )
    write_parameter(VIEW, str(view), first)
    shown.get(str(view), scores_view)(found)
    caption(data_line(found))
    downloads(run, found)


def _refusals(found: Measured) -> None:
    """What could not be measured, and items that could not be scored."""
    for refusal in found.refusals:
        st.warning(
            f"**{literal(refusal.benchmark)}** of {literal(refusal.model)}: {literal(refusal.reason)}",
            icon=":material/block:",
        )
