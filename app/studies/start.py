"""The end of the form for a new study: the cells it will have, the time it takes, and the start button."""

from __future__ import annotations

import streamlit as st

from app.distill.start import ELSEWHERE, check_run, time_estimate
from app.shared.launcher_choice import chosen_launcher, launcher_choice
from app.shared.visitor import visitor, who_may_change
from app.shared.widgets import caption, literal
from app.studies import grid
from app.studies.link import open_study
from app.studies.matrix import preview_matrix
from fairkd import runs, studies
from fairkd.errors import FairKDError
from fairkd.studies import Study, variant_configs

NAME, OWNER, NOTE = "study_name", "study_owner", "study_note"
_PROBLEM = "study_problem"
FEW_SEEDS = (
    "With one seed there is no verdict: how far another seed would end from it is unknown. Three seeds are "
    "the least, five show smaller differences."
)


def planned_study(teacher: str) -> Study | None:
    """The study that the form describes; None after an error, which is shown, or without variants."""
    try:
        if not grid.variants():
            return None
        study = grid.study(_text(NAME), teacher)
        me = visitor()
        if me.start_refusal() is None:
            for config in variant_configs(study).values():
                me.may_use(config)
    except FairKDError as error:
        st.error(literal(error), icon=":material/error:")
        return None
    return study


def start_controls(study: Study, teacher: str) -> None:
    """The cells, the time, a name, and the button; or why nothing can start here."""
    configs = variant_configs(study)
    count, first = len(study.variants) * len(study.seeds), configs[study.baseline]
    variants = "1 variant" if len(configs) == 1 else f"{len(configs)} variants"
    seeds = "1 seed" if len(study.seeds) == 1 else f"{len(study.seeds)} seeds"
    st.markdown(f"**{variants} × {seeds} = {count} run{'s' if count != 1 else ''}**")
    preview_matrix(study)
    caption(" ".join(literal(note) for note in studies.budget_notes(study)))
    if len(study.seeds) < studies.FEWEST_SEEDS:
        st.info(FEW_SEEDS, icon=":material/info:")
    if len(configs) == 1:
        st.info("With one variant there is nothing to compare: choose a second one.", icon=":material/info:")
    if refusal := visitor().start_refusal():
        st.info(f"{literal(refusal)} {ELSEWHERE}", icon=":material/info:")
        return
    time_estimate(first, count, study.baseline, of_all="All runs")
    _description()
    launcher_choice()
    st.button(
        f"Start {count} run{'s' if count != 1 else ''}",
        type="primary",
        icon=":material/play_arrow:",
        key="start_study",
        on_click=_start,
        args=(teacher,),
    )
    if said := st.session_state.pop(_PROBLEM, None):
        st.error(literal(said), icon=":material/error:")
    else:
        number = "One run works" if runs.slots() == 1 else f"Up to {runs.slots()} runs work"
        caption(f"{number} at a time, the first seed of every variant first. You can close this page.")


def _description() -> None:
    """Name, owner and note; all of them may stay empty."""
    name, owner, note = st.columns([3, 2, 5])
    with name:
        st.text_input(
            "Name of the study", key=NAME, max_chars=80, placeholder="Study", persist_state="session"
        )
    with owner:
        st.text_input(
            "Whose study",
            key=OWNER,
            max_chars=runs.LONGEST["owner"],
            placeholder="your name",
            persist_state="session",
            help=f"Shown in the list of studies. {who_may_change()}",
        )
    with note:
        st.text_input(
            "Note", key=NOTE, max_chars=400, placeholder="What is asked here?", persist_state="session"
        )


def _text(key: str) -> str:
    return " ".join(str(st.session_state.get(key) or "").split())


def _start(teacher: str) -> None:
    """Queue the runs and show the study. The form is read here: a box may just have been changed."""
    st.session_state.pop(_PROBLEM, None)
    try:
        study = grid.study(_text(NAME), teacher)
        for config in variant_configs(study).values():
            check_run(config)
        record = studies.create(
            study, note=_text(NOTE), owner=_text(OWNER), visitor=visitor(), on=chosen_launcher()
        )
    except FairKDError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    for key in (NAME, NOTE):
        st.session_state[key] = ""
    open_study(record.id)
