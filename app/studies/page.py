"""The page of one study, updated while its runs train: its cells, and what they show."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import streamlit as st

from app.runs.actions import RUN
from app.runs.list import IDLE, LIVE
from app.shared.activity import track_activity
from app.shared.export_control import Export
from app.shared.page_help import way_back
from app.shared.presenter import is_presenting
from app.shared.reproduce import reproduce
from app.shared.run_texts import duration
from app.shared.widgets import caption, literal
from app.studies.actions import show_study_problem, study_actions
from app.studies.link import open_study
from app.studies.matrix import counts_text, show_matrix, signature
from app.studies.notebook import study_cells
from app.studies.results_view import COLUMN, EVERY, found_results, study_results
from app.studies.study_list import STATES, about, without_folder
from fairkd import studies
from fairkd.errors import FairKDError
from fairkd.studies import StudyRecord, budget_notes, study_yaml

_OPENED = "study_opened_run"


def study_page(id: str, *, hidden: bool = False) -> None:
    """Everything about one study, or an error if there is none. A hidden page is not updated."""
    row = st.container(horizontal=is_presenting(), vertical_alignment="center")
    with row:
        way_back("All studies", open_study, "studies")
    try:
        record = studies.get(id)
    except FairKDError as error:
        st.error(literal(without_folder(str(error))), icon=":material/error:")
        return
    row.header(literal(record.study.name), anchor=False, width="content" if is_presenting() else "stretch")
    _head(record)
    live = record.state in ("running", "queued") and not hidden
    # While runs train, their cells come first; afterwards, what they show.
    if record.state in ("running", "queued"):
        _cells(record, every=LIVE if live else None)
        study_results(record, every=EVERY if live else None)
    else:
        study_results(record, every=None)
        st.subheader("Runs")
        _cells(record, every=None if hidden else IDLE)
    _reproduce(record)


def _cells(record: StudyRecord, *, every: str | None) -> None:
    st.fragment(_state, run_every=every)(record.id, (record.study.name, *signature(record)))


@track_activity()
def _state(id: str, drawn: tuple[object, ...]) -> None:
    """State, cells and buttons. A change of a cell's state redraws the whole page."""
    if opened := st.session_state.pop(_OPENED, None):
        st.switch_page("app/pages/runs.py", query_params={RUN: opened})
    try:
        record = studies.get(id)
    except FairKDError:
        st.rerun()  # deleted elsewhere: `study_page` reports it
    if (record.study.name, *signature(record)) != drawn:
        st.rerun()
    # A container for each part: a popover that moves by one element is closed.
    progress, cells, problem, actions = (st.container() for _ in range(4))
    with progress:
        if record.state in ("running", "queued"):
            st.progress(min(max(record.progress, 0.0), 1.0), text=_progress(record))
        elif record.state == "incomplete":
            caption(f"{counts_text(record)}. “Resume” starts what is missing.")
    with cells:
        show_matrix(record, on_open=_open)
        for cell in record.cells:
            if cell.state == "failed":
                why = cell.sentence or "The run failed. Its log has the details."
                st.error(
                    f"{literal(cell.variant)}, seed {cell.seed}: {literal(why)}", icon=":material/error:"
                )
    with problem:
        show_study_problem()
    with actions:
        study_actions(record)


def _open(run: str) -> None:
    st.session_state[_OPENED] = run


def _head(record: StudyRecord) -> None:
    """State, summary and note. The page is redrawn when the state changes."""
    if is_presenting():
        return
    colour, icon = STATES[record.state]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(record.state, icon=icon, color=colour)
        caption(f"{' · '.join(map(literal, about(record)))} · `{record.id}`")
    if record.note:
        st.markdown(literal(record.note))
    caption(" ".join(literal(note) for note in budget_notes(record.study)))


def _progress(record: StudyRecord) -> str:
    """How far the study is, and how long the runs at work take."""
    left = [cell.run.seconds_left for cell in record.cells if cell.run and cell.run.seconds_left is not None]
    said = counts_text(record)
    return f"{said} · the runs at work take about {duration(max(left))} more" if left else said


def _reproduce(record: StudyRecord) -> None:
    """The file and the command that run the study again."""
    file = f"fairkd-study-{record.id}.yaml"
    reproduce(
        ["fairkd", "study", "run", file],
        f"reproduce_study_{record.id}",
        models=[str(next(iter(record.settings.values())).get("teacher"))],
        files={file: partial(study_yaml, record.study)},
        export=_export(record),
        note=f"The file has variants, seeds and settings. `fairkd study export {record.id}` writes "
        "the results of this study.",
    )


def _export(record: StudyRecord) -> Export | None:
    """The export of the page; None before there is anything to show."""
    with suppress(FairKDError):
        found = found_results(record)
        if found.columns:
            column = str(st.session_state.get(COLUMN) or found.columns[0].key)
            return Export(
                record.study.name,
                f"fairkd-study-{record.id}",
                partial(study_cells, record.id, column),
                sentences=[literal(f"{found.finding}."), *map(literal, found.notes)],
                settings={"baseline": found.baseline, "seeds": studies.seeds_text(found.seeds)},
            )
    return None
