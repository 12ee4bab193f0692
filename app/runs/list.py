"""The Runs page without a chosen run: the queue, what runs now, and the history."""

from __future__ import annotations

import streamlit as st

from app.runs.actions import chosen_id, open_run, show_problem
from app.shared.activity import track_activity
from app.shared.model_cache import friendly_errors
from app.shared.run_texts import STATES, UNFINISHED, ago, has_trained, run_summary, status
from app.shared.widgets import caption, literal
from fairkd import runs
from fairkd.runs import Run

FIRST = 12  # ended runs that are listed at once
LIVE, IDLE = "2s", "5s"  # between two looks, while something runs or waits, and while nothing does
_SHOWN = "runs_shown"
Signature = tuple[tuple[str, str, bool], ...]


def signature(found: list[Run]) -> Signature:
    """What the whole page hangs on: which runs there are, in which states, and which can be compared."""
    return tuple((run.id, run.state, has_trained(run)) for run in found)


def run_list(found: list[Run]) -> None:
    """The list, or where there is none yet what to do; it sees what happens to runs elsewhere."""
    unfinished = any(run.state in UNFINISHED for run in found)
    st.fragment(_list, run_every=LIVE if unfinished else IDLE)(signature(found))


@track_activity()
@friendly_errors()
def _list(drawn: Signature) -> None:
    """The rows alone are drawn again; the rest of the page follows when a state has changed."""
    if chosen_id() is not None:
        st.rerun()  # a name was clicked, which runs the list alone again
    found = runs.all_runs()
    if signature(found) != drawn:
        st.rerun()
    show_problem()
    if not found:
        _no_runs()
    waiting = [run for run in found if run.state in UNFINISHED]
    ended = [run for run in found if run.state not in UNFINISHED]
    if waiting:
        st.subheader("Now")
        active = sorted(waiting, key=lambda run: (run.state == "queued", run.place))
        for place, run in enumerate(active):
            _row(run, place - sum(one.active for one in active) + 1)
        caption(
            "Runs go on when this page is closed. "
            + (
                "One trains at a time; the others wait."
                if runs.slots() == 1
                else f"Up to {runs.slots()} train at a time; the others wait."
            )
        )
    if ended:
        st.subheader("Ended")
        shown = int(st.session_state.get(_SHOWN, FIRST))
        for run in ended[:shown]:
            _row(run, 0)
        if len(ended) > shown:
            st.button(
                f"Show {min(FIRST, len(ended) - shown)} more of {len(ended) - shown}",
                on_click=_more,
                args=(shown,),
                type="tertiary",
                icon=":material/expand_more:",
            )


def _more(shown: int) -> None:
    st.session_state[_SHOWN] = shown + FIRST


def _row(run: Run, place: int) -> None:
    """One run: its name leads to its own page."""
    colour, icon = STATES[run.state]
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
                    help="Open this run",
                )
                st.badge(run.state, icon=icon, color=colour)
            caption(f"{literal(run.config_error or run_summary(run.config))} · {ago(run.created)}")
        with right.container(gap=None):
            if run.state in UNFINISHED:
                text = status(run) if run.state != "queued" else f"waits, number {place} in the queue"
                st.progress(min(max(run.progress, 0.0), 1.0), text=text)
            else:
                caption(status(run))
            if run.sentence and run.state != "finished":
                said = f":red[{literal(run.sentence)}]" if run.state == "failed" else literal(run.sentence)
                caption(said)


def _no_runs() -> None:
    """The page before the first run."""
    with st.container(border=True):
        st.markdown("**No run yet.** A student is made on the Distill page: choose variants, press start.")
        caption(
            "Its curves, its gaps and what it makes of “Milk is a \\[MASK\\].” are drawn here while it "
            "trains. A run started by `fairkd runs submit` on this machine shows here as well."
        )
        st.page_link("app/pages/distill.py", label="Make a student", icon=":material/science:")
