"""The page of one run, updated while it trains: state, curves, watched sentences, settings and log."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import plotly.graph_objects as go
import streamlit as st

from app.charts.base import LOW_MASS
from app.charts.runs import has_band, loss_curves, mass_sentence, measure_curve
from app.charts.text import percent
from app.components.chart import show_figure
from app.measures.link import MEASUREMENT
from app.runs import measurement
from app.runs.actions import action_bar, open_run, show_problem
from app.runs.follow import RunData, follow, log_tail
from app.runs.list import IDLE, LIVE, about, damage
from app.runs.of_studies import names_of_studies, study_link
from app.runs.reproduce_run import reproduce_run
from app.runs.watched_sentences import watched_sentences
from app.shared.activity import track_activity
from app.shared.measured_words import mass_words, measures_other_words
from app.shared.page_help import way_back
from app.shared.presenter import is_presenting
from app.shared.provenance import about_run
from app.shared.run_texts import AWAY, UNFINISHED, duration, place_badge, state_badge, status
from app.shared.settings_table import changed, changed_table
from app.shared.table_download import table_download
from app.shared.theme import is_dark
from app.shared.widgets import caption, literal
from fairkd import runs
from fairkd.distill import PHASES, PREPARATION
from fairkd.errors import FairKDError
from fairkd.measures import MEASURES, Measure, cost_sentence
from fairkd.reports import settings_text
from fairkd.runs import Run

CURVES_EVERY = "6s"  # between two updates of the curves of a run that trains
CURVES = ("gap_absolute", "pseudo_perplexity_sampled", "kl")
HOLLOW = f"A point is hollow where the words have less than {percent(LOW_MASS)} of the probability."
EXAMPLE = (
    "An example that comes with FairKD: a short training, with its settings and measurements but without the "
    "student itself, which is none of the embedded ones. So it can be replayed, but not tried, resumed or "
    "exported. The command that trains it stands under “Reproduce and cite”."
)
OTHER_BALANCED = "The constraint of this run balances other words."
MEASURED_WORDS = (
    "The settings `evaluation.contrast` and `evaluation.words` choose the words whose gap is measured."
)


def run_page(id: str, *, hidden: bool = False) -> None:
    """Everything about one run, or an error if there is no such run. A hidden page is not updated."""
    row = st.container(horizontal=is_presenting(), vertical_alignment="center")
    with row:
        way_back("All runs", open_run, "runs")
    try:
        run = runs.get(id)
    except FairKDError as error:
        st.error(literal(error), icon=":material/error:")
        return
    live = run.state in UNFINISHED and not hidden
    # A stopped run may be resumed elsewhere.
    state = LIVE if live else IDLE if run.resumable and not hidden else None
    values = CURVES_EVERY if live else None
    row.header(literal(run.name), anchor=False, width="content" if is_presenting() else "stretch")
    st.fragment(_state, run_every=state)(id, (run.state, run.name))
    if run.kind == "measure":
        st.fragment(_results, run_every=values)(run)
        st.page_link(
            "app/pages/measures.py",
            label="Charts, items and comparisons on Measures",
            icon=":material/straighten:",
            query_params={MEASUREMENT: run.id},
        )
    else:
        watched_sentences(run, every=values)
        st.fragment(_values, run_every=values)(run)
    _settings(run)
    reproduce_run(run)
    if not run.example:
        st.fragment(_log, run_every=values)(id)


@track_activity()
def _state(id: str, drawn: tuple[str, str]) -> None:
    """State, progress and buttons. A change of state or name redraws the whole page."""
    try:
        run = runs.get(id)
    except FairKDError:
        st.rerun()  # deleted elsewhere: `run_page` reports it
    if (run.state, run.name) != drawn:
        st.rerun()
    # A container for each part: a popover that moves by one element is closed.
    head, problem, actions = (st.container() for _ in range(3))
    with head:
        _head(run)
    with problem:
        show_problem()
    with actions:
        action_bar(run)
    if run.state == "queued":
        what = "results appear when it measures" if run.kind == "measure" else "curves appear when it trains"
        caption(f"This run is in the queue. Its {what}. You can close this page.")
    elif run.kind == "measure":
        _news(run, follow(run))
    elif not has_values(follow(run)):
        _nothing_yet(run, follow(run))


@track_activity()
def _values(run: Run) -> None:
    """The curves. They change less often than the progress, and take longer to draw."""
    found = follow(run)
    if has_values(found):
        _curves(run, found)
    if size := cost_sentence(found.costs):
        caption(f"The student has {size}.")


@track_activity()
def _results(run: Run) -> None:
    """What a measurement has found so far."""
    measurement.results(run)


def _news(run: Run, found: RunData) -> None:
    """What an active measurement says of its preparation, such as a download."""
    if run.active and (news := _latest(run, found)):
        caption(f"{literal(news)}.")


def _latest(run: Run, found: RunData) -> str:
    """The last message of what the run does now."""
    news = [event["text"] for event in found.messages if event["time"] >= (run.phase_since or 0.0)]
    return news[-1].rstrip(".") if news else ""


def has_values(found: RunData) -> bool:
    """Whether there is anything to draw."""
    return not (found.training.empty and found.evaluations.empty)


def _head(run: Run) -> None:
    """State, summary of the settings, and progress."""
    state, colour, icon = state_badge(run)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if run.example:
            st.badge("example", icon=":material/menu_book:", color="gray")
        else:
            st.badge(state, icon=icon, color=colour)
        if where := place_badge(run):
            st.badge(where, icon=AWAY, color="gray")
        caption(f"{' · '.join(map(literal, about(run)))} · `{run.id}`")
    if run.batch is not None and (study := names_of_studies().get(run.batch)):
        study_link(run.batch, study)
    for sentence in filter(None, (damage(run), follow(run).damage)):
        st.warning(literal(sentence), icon=":material/warning:")
    for line in () if is_presenting() else run.note.splitlines():
        st.markdown(literal(line))
    if run.example:
        if not is_presenting():
            caption(EXAMPLE)
    elif run.state in UNFINISHED:
        _progress(run)
    elif run.state == "failed":
        st.error(literal(run.sentence or "The run failed. Its log has the details."), icon=":material/error:")
    elif run.warning:
        st.warning(f"{status(run)}. {literal(run.warning)}", icon=":material/warning:")
    else:
        caption(" · ".join(filter(None, (status(run), literal(run.sentence or "")))))


def _progress(run: Run) -> None:
    """What an unfinished run does, or when it starts."""
    starts: Mapping[str, float | None] = {}
    usual: Mapping[str, float] = {}
    if run.phase != "training":  # only then are the other runs needed
        known = runs.all_runs()
        starts = runs.expected_starts(known, runs.slots(), time.time())
        usual = runs.usual_phase_seconds(known)
    said = status(run, start=starts.get(run.id), usual=usual, tokens_per_second=follow(run).speed)
    if run.active:
        st.progress(min(max(run.progress, 0.0), 1.0), text=said)
    else:
        st.markdown(literal(run.sentence) if run.sentence else f":material/schedule: {said}")


def _nothing_yet(run: Run, found: RunData) -> None:
    """A run without any values yet."""
    if run.state in UNFINISHED:
        with st.container(border=True):
            st.markdown("**Before the first step**")
            st.markdown("  \n".join(preparation(run)))
            news = _latest(run, found)
            caption(f"{literal(news)}." if news else "The curves appear after the first measurement.")
    else:
        caption("The run ended before its first evaluation, so there are no curves. See its log below.")


def preparation(run: Run) -> list[str]:
    """The phases before the first step, as lines of Markdown: done with its duration, at work, or to come."""
    place = PREPARATION.index(run.phase) if run.phase in PREPARATION else -1
    lines = []
    for number, phase in enumerate(PREPARATION):
        done = number < place
        icon = "check_circle" if done else "pending" if number == place else "radio_button_unchecked"
        took = f" · {duration(run.phase_seconds.get(phase))}" if done else ""
        lines.append(f":material/{icon}: {PHASES[phase]}{took}")
    return lines


def _curves(run: Run, found: RunData) -> None:
    """Charts of bias, quality, fidelity and loss, two in a row; in the presenter view without captions."""
    id, dark = run.id, is_dark()
    places = [column for _ in range(2) for column in st.columns(2, gap="medium")]
    for place, column in zip(places, CURVES, strict=False):
        with place:
            _measure(run, found, column, dark)
    with places[-1]:
        figure = _figure(run.folder, "loss", found.offset, dark, _found=found)
        show_figure(figure, f"loss_{id}", f"fairkd-{id}-loss", view=dark)
        if is_presenting():
            return
        caption(
            "The loss is the weighted sum of its terms, which are shown without their weights: KD, the "
            "distillation loss; MLM, the masked-LM loss; hidden, that of the hidden states; group, that of "
            "the groups."
        )
        table_download(found.training, f"fairkd-{id}-training", f"loss_{id}_csv", about=about_run(run))


# The layout of a figure takes tens of milliseconds on a busy machine, so unchanged figures are cached.
@st.cache_resource(max_entries=64, show_spinner=False)
def _figure(folder: Path, what: str, offset: int, dark: bool, *, _found: RunData) -> go.Figure:
    """A chart of the run in `folder` with the events up to byte `offset`. Callers must not change it."""
    if what == "loss":
        return loss_curves(_found.training, dark=dark)
    return measure_curve(_found.evaluations, MEASURES[what], teacher=_found.teacher, dark=dark)


def _measure(run: Run, found: RunData, column: str, dark: bool) -> None:
    id = run.id
    figure = _figure(run.folder, column, found.offset, dark, _found=found)
    show_figure(figure, f"{column}_{id}", f"fairkd-{id}-{column.replace('_', '-')}", view=dark)
    if is_presenting():
        return
    measure = MEASURES[column]
    sentences = [measure_caption(measure, banded=has_band(found.evaluations, measure))]
    if measure.needs_mass:
        sentences.append(mass_sentence(found.evaluations, found.teacher, mass_words(run.config)))
        if measures_other_words(run.config):
            tokens = (run.config.get("constraint") or {}).get("token_pairs") is not None
            sentences.append(MEASURED_WORDS if tokens else f"{OTHER_BALANCED} {MEASURED_WORDS}")
    caption(" ".join(filter(None, sentences)))
    table_download(found.evaluations, f"fairkd-{id}-evaluations", f"{column}_{id}_csv", about=about_run(run))


def measure_caption(measure: Measure, *, banded: bool) -> str:
    """What a measure is and how to read its chart; `banded` says whether intervals are drawn."""
    sentences = [measure.help]
    if measure.goal:
        sentences.append(f"{measure.goal.capitalize()}.")
    if banded:
        sentences.append(f"The band is a 95 % bootstrap interval over {measure.sampled}.")
    if measure.needs_mass:
        sentences.append(HOLLOW)
    return " ".join(sentences)


def _settings(run: Run) -> None:
    """The settings that differ from the defaults, and all settings as a file."""
    with st.expander("Settings", icon=":material/tune:", key=f"settings_{run.id}"):
        if run.config_error is not None:
            caption("The settings cannot be shown: see the warning above.")
            return
        if run.kind == "measure":
            frame = measurement.settings_frame(run.config)
            st.table(frame.map(literal), border="horizontal", hide_index=True)
        elif (frame := changed(run.config)).empty:
            caption("All settings have their default values: plain distillation.")
        else:
            caption("Settings that differ from the defaults:")
            changed_table(frame)
        st.download_button(
            "config.json",
            data=settings_text(run),
            file_name=f"fairkd-{run.id}-config.json",
            mime="application/json",
            key=f"config_{run.id}",
            on_click="ignore",
            icon=":material/download:",
            type="tertiary",
            help="`fairkd runs submit` with this file starts the same run again.",
        )


@track_activity()
def _log(id: str) -> None:
    """The end of the log. It is read only while the panel is open."""
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
            caption("The log is still empty.")
