"""The studies whose cells are among the runs, so that the list of runs shows a study in one row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from app.shared.widgets import caption, literal
from fairkd import studies
from fairkd.errors import FairKDError
from fairkd.runs import Run

STUDY = "study"  # the parameter of the Studies page's address


@dataclass(frozen=True)
class StudyRuns:
    """The runs of one study in a part of the list, the newest first."""

    id: str
    name: str
    runs: tuple[Run, ...]


def names_of_studies() -> dict[str, str]:
    """The names of all studies that can be read, by id, which is the batch of their runs."""
    try:
        return {record.id: record.study.name for record in studies.all_studies()}
    except FairKDError:  # the Studies page reports it
        return {}


def grouped(found: Sequence[Run], names: dict[str, str]) -> list[Run | StudyRuns]:
    """The runs in their order, those of one study as one entry at the place of the first."""
    rows: dict[str, list[Run]] = {}
    for run in found:
        key = run.batch if run.batch in names else run.id
        rows.setdefault(str(key), []).append(run)
    return [
        StudyRuns(key, names[key], tuple(runs)) if key in names else runs[0] for key, runs in rows.items()
    ]


def study_row(group: StudyRuns) -> None:
    """One study: how many runs, and the way to it."""
    count = len(group.runs)
    with st.container(border=True):
        left, right = st.columns([5, 4], vertical_alignment="center", gap="medium")
        with left.container(gap=None):
            study_link(group.id, group.name)
        with right:
            states = dict.fromkeys(run.state for run in group.runs)
            counts = [f"{sum(run.state == state for run in group.runs)} {state}" for state in states]
            caption(f"{count} run{'s' if count != 1 else ''} of this study: {', '.join(counts)}")


def study_link(id: str, name: str) -> None:
    """A link to a study."""
    st.page_link(
        "app/pages/studies.py",
        label=f"Study: {literal(name)}",
        icon=":material/grid_view:",
        query_params={STUDY: id},
    )
