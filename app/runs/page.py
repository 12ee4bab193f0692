"""The page of one run, alive while it trains: state, curves against the teacher's, watched_sentences,
settings, log.
"""

from __future__ import annotations

import json

import plotly.graph_objects as go
import streamlit as st

from app.charts.base import LOW_MASS
from app.charts.runs import loss_curves, measure_curve
from app.charts.text import percent
from app.components.zoom import live_figure
from app.runs.actions import action_bar, open_run, page_requested, show_problem
from app.runs.follow import RunData, follow, log_tail
from app.runs.list import IDLE, LIVE
from app.runs.watched_sentences import watched_sentences
from app.shared.activity import track_activity
from app.shared.measured_words import mass_words, measures_other_words
from app.shared.run_texts import STATES, UNFINISHED, ago, run_summary, status
from app.shared.settings_table import changed
from app.shared.theme import is_dark
from app.shared.widgets import caption, csv_download, literal
from fairkd import runs
from fairkd.errors import FairKDError
from fairkd.measures import MEASURES, Measure
from fairkd.runs import Run

CURVES = ("kl", "pseudo_perplexity_sampled", "gap_absolute")
INTERVAL = "The band is a 95 % bootstrap interval over professions."
HOLLOW = f"A point is hollow where the words have less than {percent(LOW_MASS)} of the probability."
OTHERS = (
    "These are not the words that the constraint balances: `evaluation.contrast` and `evaluation.words` "
    "choose the words whose gap is measured."
)


def run_page(id: str) -> None:
    """Everything about one run; a run that is not there is said, with the way back."""
    st.button("All runs", on_click=open_run, args=(None,), icon=":material/arrow_back:", type="tertiary")
    try:
        run = runs.get(id)
    except FairKDError as error:
        st.error(literal(error), icon=":material/error:")
        return
    unfinished = run.state in UNFINISHED
    # One that has stopped may be resumed elsewhere.
    rhythm = LIVE if unfinished else IDLE if run.resumable else None
    st.header(literal(run.name), anchor=False)
    st.fragment(_live, run_every=rhythm)(id, run.state)
    watched_sentences(run, live=unfinished)
    _settings(run)
    st.fragment(_log, run_every="5s" if unfinished else None)(id)


@track_activity()
def _live(id: str, drawn: str) -> None:
    """State and curves. When the run has ended, or goes on, the whole page is drawn again."""
    if page_requested():
        st.rerun()
    try:
        run = runs.get(id)
    except FairKDError:
        st.rerun()  # deleted elsewhere: the page says so
    if run.state != drawn:
        st.rerun()
    found = follow(run)
    # A place for each part: a chart that moves down by one element is made anew, and its zoom is lost.
    head, problem, actions, body = (st.container() for _ in range(4))
    with head:
        _head(run, found)
    with problem:
        show_problem()
    with actions:
        action_bar(run)
    with body:
        if run.state == "queued":
            caption("The curves begin when it is this run's turn. The page may be closed meanwhile.")
        elif found.training.empty and found.evaluations.empty:
            _nothing_yet(run, found)
        else:
            _curves(run, found)


def _head(run: Run, found: RunData) -> None:
    """State, progress, and one line on what this run is."""
    colour, icon = STATES[run.state]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(run.state, icon=icon, color=colour)
        caption(f"{literal(run.config_error or run_summary(run.config))} · {ago(run.created)} · `{run.id}`")
    if run.state in UNFINISHED:
        st.progress(min(max(run.progress, 0.0), 1.0), text=status(run, found.speed))
        if run.sentence:
            caption(literal(run.sentence))
    elif run.state == "failed":
        st.error(literal(run.sentence or "The run failed; its log says more."), icon=":material/error:")
    else:
        caption(status(run) + (f" · {literal(run.sentence)}" if run.sentence else ""))


def _nothing_yet(run: Run, found: RunData) -> None:
    """Between the start and the first numbers."""
    if run.state in UNFINISHED:
        said = found.messages[-1]["text"] if found.messages else "Models and text are being read"
        with st.container(border=True):
            st.markdown(f":material/hourglass_top: **{literal(said)}**")
            caption("The first points of the curves follow within a minute.")
    else:
        caption("It ended before its first measurement, so there is nothing to draw; the log is below.")


def _curves(run: Run, found: RunData) -> None:
    """Loss parts, fidelity, quality and bias, two in a row."""
    id, dark = run.id, is_dark()
    places = [column for _ in range(2) for column in st.columns(2, gap="medium")]
    with places[0]:
        figure = _figure(id, "loss", found.offset, dark, _run=run, _found=found)
        live_figure(figure, f"loss_{id}", f"fairkd-{id}-loss", view=dark)
        caption("Means over the last steps, before the parts are weighted and added up.")
        csv_download(found.training, f"fairkd-{id}-training", f"loss_{id}_csv")
    for place, column in zip(places[1:], CURVES, strict=True):
        with place:
            _measure(run, found, column, dark)


# Laying a figure out takes tens of milliseconds on a busy machine: only what has changed is laid out again.
@st.cache_resource(max_entries=64, show_spinner=False)
def _figure(id: str, what: str, offset: int, dark: bool, *, _run: Run, _found: RunData) -> go.Figure:
    """A chart of the run `id` as of byte `offset` of its events; to be drawn as it is."""
    if what == "loss":
        return loss_curves(_found.training, dark=dark)
    measure, mass = MEASURES[what], mass_words(_run.config)
    return measure_curve(_found.evaluations, measure, teacher=_found.teacher, mass=mass, dark=dark)


def _measure(run: Run, found: RunData, column: str, dark: bool) -> None:
    id = run.id
    figure = _figure(id, column, found.offset, dark, _run=run, _found=found)
    live_figure(figure, f"{column}_{id}", f"fairkd-{id}-{column.replace('_', '-')}", view=dark)
    measure = MEASURES[column]
    others = measure.needs_mass and measures_other_words(run.config)
    caption(measure_caption(measure) + (f" {OTHERS}" if others else ""))
    csv_download(found.evaluations, f"fairkd-{id}-evaluations", f"{column}_{id}_csv")


def measure_caption(measure: Measure) -> str:
    """What a measure is and how to read its chart."""
    sentences = [measure.description]
    if measure.goal:
        sentences.append(f"{measure.goal.capitalize()}.")
    if measure.interval:
        sentences.append(INTERVAL)
    if measure.needs_mass:
        sentences.append(HOLLOW)
    return " ".join(sentences)


def _settings(run: Run) -> None:
    """What was asked of the run: what differs from the defaults, and the whole as a file."""
    with st.expander("Settings", icon=":material/tune:", key=f"settings_{run.id}"):
        if run.config_error is not None:
            caption(literal(run.config_error))
            return
        frame = changed(run.config)
        if frame.empty:
            caption("Every setting is at its default: plain distillation.")
        else:
            caption("What differs from the defaults:")
            st.dataframe(frame, hide_index=True, key=f"settings_frame_{run.id}", height="auto")
        st.download_button(
            "config.json",
            data=json.dumps(run.config, indent=2) + "\n",
            file_name=f"fairkd-{run.id}-config.json",
            mime="application/json",
            key=f"config_{run.id}",
            on_click="ignore",
            icon=":material/download:",
            type="tertiary",
            help="`fairkd distill` takes this file and makes the same run again",
        )


@track_activity()
def _log(id: str) -> None:
    """The end of the log, read only while it is open."""
    panel = st.expander("Log", icon=":material/article:", key=f"log_{id}", on_change="rerun")
    if not panel.open:
        return
    with panel:
        try:
            run = runs.get(id)
        except FairKDError:
            return
        text = log_tail(run)
        if text.strip():
            st.code(text, language=None, height=320, wrap_lines=True)
        else:
            caption("The log is empty so far.")
