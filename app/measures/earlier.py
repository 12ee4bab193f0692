"""The list of earlier measurements, with their state, each with a name to open it."""

from __future__ import annotations

import time

import streamlit as st

from app.measures.link import open_measurement
from app.runs.list import IDLE, LIVE
from app.shared.activity import track_activity
from app.shared.list_cards import card_name, more_button
from app.shared.run_texts import UNFINISHED, ago, state_badge, status
from app.shared.visitor import visitor
from app.shared.widgets import caption, literal
from fairkd import runs
from fairkd.errors import FairKDError, listed
from fairkd.runs import Run

FIRST, MORE = 3, 10  # at first, and with each click
_SHOWN = "measurements_shown"


def earlier_measurements(*, hidden: bool = False) -> None:
    """All measurements, the newest first. It updates itself unless the page is hidden."""
    try:
        found = measurements()
    except FairKDError as error:
        st.error(literal(error), icon=":material/error:")
        return
    st.subheader("Measurements")
    if not found:
        caption("None yet. Measurements started with `fairkd measure` on this machine appear here, too.")
        return
    unfinished = any(run.state in UNFINISHED for run in found)
    st.fragment(_list, run_every=None if hidden else LIVE if unfinished else IDLE)()


def measurements() -> list[Run]:
    """The runs that measure, the newest first. Raises FairKDError."""
    return [run for run in runs.all_runs() if run.kind == "measure"]


@track_activity()
def _list() -> None:
    try:
        found = measurements()
    except FairKDError as error:
        st.error(literal(error), icon=":material/error:")
        return
    shown = int(st.session_state.get(_SHOWN, FIRST))
    now = time.time()
    for run in found[:shown]:
        _row(run, now)
    more_button(shown, len(found), MORE, key=_SHOWN)


def _row(run: Run, now: float) -> None:
    with st.container(border=True, gap="xxsmall"):
        if card_name(run.name, *state_badge(run), key=f"open_{run.id}", what="measurement"):
            open_measurement(run.id)
            st.rerun()
        caption(" · ".join(map(literal, card(run))))
        if run.active:
            st.progress(min(max(run.progress, 0.0), 1.0), text=literal(status(run, now=now)))
        elif run.sentence and run.state not in UNFINISHED:
            caption(literal(run.sentence))


def card(run: Run) -> list[str]:
    """A measurement in one line: how many measures, its models, and when it was submitted."""
    if run.config_error is not None:
        return ["settings unknown", ago(run.created)]
    count = len(run.config["benchmarks"])
    parts = [f"{count} measure{'s' if count != 1 else ''}"]
    parts += [listed(runs.model_names(list(run.config["models"])), 3)]
    parts += [f"by {run.owner}"] if run.owner else []
    parts += ["yours"] if visitor().owns(run) else []
    return [*parts, ago(run.created)]
