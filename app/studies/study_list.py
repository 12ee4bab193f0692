"""The Studies page without a chosen study: earlier studies, and why one seed is not enough."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

import streamlit as st

from app.runs.list import IDLE, LIVE
from app.shared.activity import track_activity
from app.shared.list_cards import card_name, more_button
from app.shared.model_cache import friendly_errors
from app.shared.run_texts import Colour, ago
from app.shared.visitor import visitor
from app.shared.widgets import caption, literal
from app.studies import grid
from app.studies.actions import confirm_delete, delete_button, show_study_problem
from app.studies.link import open_study
from app.studies.matrix import counts_text
from fairkd import studies
from fairkd.errors import FairKDError, listed
from fairkd.studies import StudyRecord, StudyState
from fairkd.utils import studies_folder

FIRST = 6  # studies in the list at first; a button shows more
_SHOWN = "studies_shown"
# Word, colour and icon of each state.
STATES: dict[StudyState, tuple[Colour, str]] = {
    "running": ("violet", ":material/model_training:"),
    "queued": ("gray", ":material/hourglass_empty:"),
    "finished": ("green", ":material/check_circle:"),
    "incomplete": ("yellow", ":material/error:"),
}
EXPLANATION = (
    "A **study** trains each of several variants at several random seeds, with an equal budget, and answers "
    "whether one is better than the baseline: better, worse, or not shown.",
    "One seed misleads: three students that learnt from the text alone, and differed in their seed only, "
    "ended with gaps of 1.76, 1.22 and 1.11 nats.",
    "A study therefore shows every seed as a dot, the mean with its interval, and the smallest difference "
    "that so many seeds could have shown.",
)


def empty_state() -> None:
    """What a study is, and a button that fills in a small example."""
    with st.container(border=True):
        st.markdown("**No studies yet.**")
        st.markdown("  \n".join(EXPLANATION))
        if visitor().start_refusal() is None:
            st.button(
                "Fill in a small example",
                key="study_example",
                icon=":material/edit_note:",
                type="primary",
                on_click=grid.fill_in_example,
                help="Plain distillation and a fair variant at three seeds, on the text that needs no "
                "network. Nothing starts before you press Start.",
            )
        caption("Studies started with `fairkd study run` on this machine appear here, too.")


def study_list(found: Sequence[StudyRecord], *, hidden: bool) -> None:
    """The studies, the newest first. It updates itself unless the page is hidden."""
    live = any(one.state in ("running", "queued") for one in found)
    st.fragment(_list, run_every=None if hidden else LIVE if live else IDLE)()


@track_activity()
@friendly_errors()
def _list() -> None:
    show_study_problem()
    found = studies.all_studies()
    shown = int(st.session_state.get(_SHOWN, FIRST))
    for record in found[:shown]:
        _row(record)
    for id, sentence in studies.damaged_studies().items():
        _damaged(id, sentence)
    more_button(shown, len(found), FIRST, key=_SHOWN)


def _row(record: StudyRecord) -> None:
    """One study. A click on its name opens it."""
    colour, icon = STATES[record.state]
    with st.container(border=True):
        left, right = st.columns([5, 4], vertical_alignment="center", gap="xsmall")
        with left.container(gap=None):
            key = f"open_study_{record.id}"
            if card_name(record.study.name, record.state, colour, icon, key=key, what="study"):
                open_study(record.id)
                st.rerun()
            caption(" · ".join(map(literal, about(record))))
            if record.note:
                caption(literal(record.note))
        with right.container(gap=None):
            if record.state in ("running", "queued"):
                st.progress(min(max(record.progress, 0.0), 1.0), text=counts_text(record))
            else:
                caption(counts_text(record))


def about(record: StudyRecord) -> list[str]:
    """A study in one line: its variants, its seeds, whose it is, and when it was created."""
    seeds = record.study.seeds
    parts = [listed(list(record.study.variants), 4)]
    parts += [f"{'seed' if len(seeds) == 1 else 'seeds'} {studies.seeds_text(seeds)}"]
    parts += [f"by {record.owner}"] if record.owner else []
    parts += ["yours"] if visitor().owns(record) else []
    return [*parts, ago(record.created, time.time())]


def _damaged(id: str, sentence: str) -> None:
    """A study that cannot be read: what is wrong, without the server's folders, and a way to delete it."""
    with st.container(border=True):
        st.markdown(f"**`{literal(id)}`**")
        caption(f":material/warning: {literal(without_folder(sentence))}")
        if studies.change_refusal(id, visitor()) is None:
            delete_button(id)
            confirm_delete(id, "this study")


def without_folder(sentence: str) -> str:
    """The sentence without the path of the folder of studies."""
    return sentence.replace(f"{studies_folder()}{os.sep}", "")


def can_list() -> list[StudyRecord] | None:
    """All studies; None after an error, which is shown."""
    try:
        return studies.all_studies()
    except FairKDError as error:
        st.error(literal(without_folder(str(error))), icon=":material/error:")
        return None
