"""Gaps: how much more likely models find one group of words than another, by profession."""

import streamlit as st

from app.gaps.all_groups import all_groups
from app.gaps.gap_export import gap_export, models_export
from app.gaps.inputs import read_question
from app.gaps.models_view import NAME as MODELS, link_to_models, models_view, roles
from app.gaps.reproduction import LPBS, NOTE, command, files
from app.gaps.results import results
from app.gaps.sentences import NAME as SENTENCES, two_sentences
from app.gaps.summary import lead_text, notes, summary
from app.gaps.views import VIEWS
from app.predictions.gap_link import link_back
from app.shared.model_cache import friendly_errors
from app.shared.model_language import language_of_model
from app.shared.page_help import heading
from app.shared.presenter import is_presenting, panel
from app.shared.reproduce import reproduce
from app.shared.sidebar import chosen_models, second_student
from app.shared.widgets import caption

teacher, student = chosen_models()
heading("Gaps between two groups of words", "gaps")
row = st.container(horizontal=True, vertical_alignment="center")
with row:
    view = st.segmented_control(
        "View",
        [*VIEWS, MODELS, SENTENCES],
        default=next(iter(VIEWS)),
        required=True,
        key="view",
        bind="query-params",
        label_visibility="collapsed",
        wrap=False,
    )
    if view in VIEWS and (second := second_student()) is not None:
        link_to_models(student, second)
in_panel = is_presenting() and view != SENTENCES
place = panel("Words", "words", row=row) if in_panel else st.container()
lead = st.empty()
if view == SENTENCES:  # needs no word groups, templates or professions
    if not is_presenting():
        lead.caption("Which words does a model find more likely in one sentence than in the other?")
    two_sentences(teacher, student)
else:
    question = None
    with friendly_errors():
        controls = place.container(horizontal=True, vertical_alignment="bottom", gap="small")
        question = read_question(controls, language_of_model(teacher))
    if question is None:
        caption(
            f"The chart needs valid input: see the message above. The view “{SENTENCES}” works without it."
        )
    else:
        if not is_presenting():
            lead.caption(lead_text(question))
        link_back(question.templates)
        measured: list[str] = []
        export = None
        with friendly_errors():
            if view == MODELS:
                measured = models_view(teacher, student, question)
                export = models_export(measured, question, roles(measured, teacher, student))
            else:
                found = results(teacher, student, question)
                measured = [teacher, student]
                export = gap_export(found, question, str(view))
                summary(found, question)
                above = st.container()
                VIEWS.get(str(view), next(iter(VIEWS.values())))(found, question)
                with st.container() if is_presenting() else above:
                    notes(teacher, student, found, question)
                all_groups(found.models, question)
        if measured:
            reproduce(
                command(measured, question),
                "gaps_reproduce",
                models=measured,
                files=files(question),
                note=NOTE,
                sources=[LPBS] if question.value == "corrected_gap" else [],
                export=export,
            )
