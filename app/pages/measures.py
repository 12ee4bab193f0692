"""Measures: the field's benchmarks of bias and quality on any models, in the background."""

from __future__ import annotations

import streamlit as st

from app.components.visibility import page_is_hidden
from app.measures.choice import choose_extent, choose_measures, restore_measures, ticked
from app.measures.data import choose_data
from app.measures.earlier import earlier_measurements
from app.measures.link import chosen_measurement
from app.measures.measurement import measurement_page
from app.measures.start import reproduce_choice, start_button
from app.shared.models_picker import pick_models
from app.shared.page_help import heading
from app.shared.sidebar import chosen_models
from app.shared.widgets import caption
from fairkd.benchmarks import MOST_MODELS

teacher, student = chosen_models()
hidden = page_is_hidden()
asked = chosen_measurement()
if asked is not None:
    measurement_page(asked, hidden=hidden)
else:
    heading("Measure models with the benchmarks of the field", "measures")
    caption(
        "Benchmarks of bias are made of stereotypes, and many of their sentences are offensive by design. "
        "This page shows sentences only after a click."
    )
    left, right = st.columns([5, 3], gap="large")
    with left:
        models = pick_models(teacher, student, key="measured_models", most=MOST_MODELS - 1)
        with st.container(horizontal=True, gap="medium"):
            choose_extent()
        restore_measures()
        start_button(models, ticked())
    with right:
        earlier_measurements(hidden=hidden)
    choose_measures()
    choose_data(ticked())
    reproduce_choice(models, ticked())
