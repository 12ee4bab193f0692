"""The Runs page without a chosen run: running and queued runs, the history, and the example runs."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

import streamlit as st

from app.runs import measurement
from app.runs.actions import chosen_id, open_run, show_problem
from app.runs.of_studies import StudyRuns, grouped, names_of_studies, study_row
from app.runs.watched_sentences import play
from app.shared.activity import track_activity
from app.shared.list_cards import more_button
from app.shared.model_cache import friendly_errors
from app.shared.run_texts import (
    AWAY,
    UNFINISHED,
    ago,
    has_trained,
    place_badge,
    run_summary,
    state_badge,
    status,
)
from app.shared.visitor import visitor
from app.shared.widgets import caption, literal
from fairkd import runs
from fairkd.runs import Run

FIRST = 12  # ended runs in the list at first; a button shows more
LIVE, IDLE = "2s", "5s"  # between two updates, while there are unfinished runs and without any
_SHOWN = "runs_shown"
Signature = tuple[tuple[str, str, bool, str], ...]


def signature(found: list[Run]) -> Signature:
    """The page is redrawn when this changes: the runs, their states and names, and which can be compared."""
    return tuple((run.id, run.state, has_trained(run), run.name) for run in found)


def run_list(found: list[Run], *, hidden: bool = False) -> None:
    """The list of runs, or an invitation to start one. It updates itself unless it is hidden."""
    unfinished = any(run.state in UNFINISHED for run in found)
    every = None if hidden else LIVE if unfinished else IDLE
    st.fragment(_list, run_every=every)(signature(found))


@track_activity()
@friendly_errors()
def _list(drawn: Signature) -> None:
    """Update the rows only; the whole page is redrawn when the signature has changed."""
    if chosen_id() is not None:
        st.rerun()  # a name was clicked, and Streamlit reran only this fragment
    found = runs.all_runs()
    if signature(found) != drawn:
        st.rerun()
    show_problem()
    if not found:
        _no_runs()
        return
    now, names = time.time(), names_of_studies()
    starts, usual = runs.expected_starts(found, runs.slots(), now), runs.usual_phase_seconds(found)
    waiting = [run for run in found if run.state in UNFINISHED]
    ended = [run for run in found if run.state not in UNFINISHED]
    if waiting:
        st.subheader("Running and queued")
        active = sorted(waiting, key=lambda run: (run.state == "queued", run.place))
        busy = [run for run in active if run.active]
        queue = [run.id for run in active if not run.active]
        for entry in (*busy, *grouped([run for run in active if not run.active], names)):
            if isinstance(entry, StudyRuns):
                study_row(entry)
                continue
            said = status(entry, start=starts.get(entry.id), usual=usual, now=now)
            waits = not entry.active
            _row(
                entry, f"number {queue.index(entry.id) + 1} in the queue · {literal(said)}" if waits else said
            )
        number = "One run works" if runs.slots() == 1 else f"Up to {runs.slots()} runs work"
        caption(f"{number} at a time. It continues when you close this page.")
    if ended:
        st.subheader("Ended")
        shown = int(st.session_state.get(_SHOWN, FIRST))
        rows = grouped(ended, names)
        for entry in rows[:shown]:
            if isinstance(entry, StudyRuns):
                study_row(entry)
            else:
                _row(entry, status(entry, now=now))
        more_button(shown, len(rows), FIRST, key=_SHOWN)


def example_list(found: Sequence[Run], *, first: bool) -> None:
    """The example runs; folded unless they are the `first` runs on the page."""
    if not found:
        return
    if first:
        st.subheader("Example runs")
        place = st.container(gap="small")
    else:
        place = st.expander("Example runs", icon=":material/menu_book:", key="examples")
    with place:
        caption("Finished trainings that come with FairKD, to look at and to replay at once.")
        for run in found:
            _row(run, status(run))


def _row(run: Run, said: str) -> None:
    """One run and its status. A click on its name opens its page."""
    state, colour, icon = state_badge(run)
    with st.container(border=True):
        left, right = st.columns([5, 4], vertical_alignment="center", gap="medium")
        with left.container(gap=None):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.button(
                    f"**{literal(run.name)}**",
                    key=f"open_{run.id}",
                    on_click=open_run,
                    args=(run.id,),
                    type="tertiary",
                    help="Open this run.",
                )
                if run.example:
                    st.badge("example", icon=":material/menu_book:", color="gray")
                else:
                    st.badge(state, icon=icon, color=colour)
                if where := place_badge(run):
                    st.badge(where, icon=AWAY, color="gray")
                if run.kind == "measure":
                    st.badge("measurement", icon=":material/balance:", color="gray")
            caption(" · ".join(map(literal, about(run))))
            if sentence := damage(run):
                caption(f":material/warning: {literal(sentence)}")
            if run.note:
                caption(literal(run.note))
        with right.container(gap=None):
            if run.active:
                st.progress(min(max(run.progress, 0.0), 1.0), text=said)
            elif run.example:
                st.button(
                    "Replay",
                    key=f"replay_{run.id}",
                    on_click=_replay,
                    args=(run.id,),
                    icon=":material/play_arrow:",
                    help=f"Play how the predictions of {literal(run.name)} changed during its training.",
                )
            elif said:
                caption(said)
            if run.state == "failed" and run.sentence:
                caption(f":red[{literal(run.sentence)}]")
            elif (reason := run.sentence or run.warning) and run.state not in UNFINISHED:
                caption(literal(reason))


def _replay(id: str) -> None:
    open_run(id)
    play(id)


def about(run: Run) -> list[str]:
    """What a run is: its settings in short, whose it is, and when it was submitted."""
    summary = measurement.summary if run.kind == "measure" else run_summary
    parts = ["settings unknown" if run.config_error else summary(run.config)]
    if run.owner:
        parts.append(f"by {run.owner}")
    if visitor().owns(run):
        parts.append("yours")
    return parts if run.example else [*parts, ago(run.created)]


def damage(run: Run) -> str | None:
    """What is wrong with the settings of a run; None if nothing is. It names no folder of the server."""
    return run.config_error and run.config_error.replace(f"{run.folder}{os.sep}", "")


def _no_runs() -> None:
    """The page without any run."""
    with st.container(border=True):
        if refusal := visitor().start_refusal():
            st.markdown(f"**No runs yet.** {literal(refusal)}")
            return
        st.markdown("**No runs of your own yet.** Train a student on the Distill page.")
        caption(
            "While a student trains, this page shows its loss, its gap, and its predictions for “Milk is a "
            "\\[MASK\\].” Runs started with `fairkd runs submit` on this machine appear here, too."
        )
        st.page_link("app/pages/distill.py", label="Train a student", icon=":material/science:")
