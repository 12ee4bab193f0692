"""Studies: variants at several seeds, what they show over seeds, and a verdict."""

import streamlit as st

from app.components.visibility import page_is_hidden
from app.shared.page_help import heading
from app.shared.sidebar import chosen_models
from app.shared.visitor import visitor
from app.shared.widgets import caption, literal
from app.studies import grid
from app.studies.build import choose_grid, choose_shared, choose_variants
from app.studies.link import chosen_study
from app.studies.page import study_page
from app.studies.reproduce_plan import reproduce_plan
from app.studies.start import planned_study, start_controls
from app.studies.study_list import can_list, empty_state, study_list
from fairkd import studies
from fairkd.errors import InputError

teacher, _ = chosen_models()
hidden = page_is_hidden()
asked = chosen_study()
if asked is not None:
    study_page(asked, hidden=hidden)
    st.stop()

grid.prepare()
heading("Studies: variants over several seeds", "studies")
found = can_list()
if found is not None:
    if found or studies.damaged_studies():
        study_list(found, hidden=hidden)
        st.subheader("New study")
    else:
        empty_state()
visitor().prepare()
caption(f"The students learn from {literal(teacher)}, the chosen teacher.")
choose_variants()
try:
    names = list(grid.variants())
except InputError:  # `planned_study` reports it
    names = []
choose_grid(names)
choose_shared(teacher)
st.subheader("Start")
planned = planned_study(teacher)
if planned is not None:
    start_controls(planned, teacher)
    reproduce_plan(planned, teacher)
elif not names:
    st.info("Choose the variants that you want to compare.", icon=":material/info:")
grid.keep()
