"""Distill: choose variants, see what their constraints change, and start training."""

from contextlib import suppress
from functools import partial

import streamlit as st

from app.distill.choice import choose_variants, focus_on
from app.distill.fields import editor
from app.distill.link import keep, restore
from app.distill.preview import constraint_preview
from app.distill.reproduce_variants import reproduce_variants
from app.distill.shared_settings import shared_controls
from app.distill.start import start_controls
from app.distill.variants import changes, common_settings, config_of, reset, without_effect
from app.shared.page_help import heading
from app.shared.presenter import unseen
from app.shared.settings_table import changed, changed_table, fields
from app.shared.sidebar import chosen_models
from app.shared.visitor import visitor
from app.shared.widgets import caption, literal
from app.studies.as_study import as_study
from fairkd.distill.config import DESCRIPTIONS, LABELS
from fairkd.errors import FairKDError

teacher, _ = chosen_models()
restore()
visitor().prepare()
with heading("Train a student", "distill"):
    caption(
        f"Each *variant* is a way to train a student of {literal(teacher)}, the chosen teacher. Variants "
        "that are started together can be compared: they see the same text in the same order."
    )
variants = choose_variants()
if not variants:
    st.info(
        "Choose at least one variant. Plain distillation is the one to compare the others with.",
        icon=":material/info:",
    )
    st.stop()

with st.container(horizontal=True, vertical_alignment="center"):
    st.subheader("What the student is shown")
    focused = focus_on(variants)
with unseen("distill_description"):
    caption(f"**{LABELS[focused]}** ({focused}): {DESCRIPTIONS[focused]}")
config = None
with suppress(FairKDError):  # the start buttons report an invalid configuration
    config = config_of(focused, teacher)
preview = constraint_preview(focused, teacher, config)

if config is not None:
    table = changed(config.model_dump(mode="json"), leave_out=common_settings(focused))
    if table.empty:
        caption(f"**{focused}** has the default value in every setting.")
    else:
        caption(f"The settings of **{focused}** that differ from plain distillation:")
        changed_table(table)
panel = st.expander(
    f"All settings of {focused}", icon=":material/tune:", key="all_settings", on_change="rerun"
)
if panel.open:
    with panel:
        # The constraint's settings are in the preview.
        above = tuple(key for key in fields() if key.startswith("constraint."))
        editor(focused, leave_out=(*above, *without_effect(focused)))
if changes(focused):
    st.button(
        f"Undo the changes of {focused}",
        key="undo",
        on_click=reset,
        args=(focused,),
        icon=":material/restart_alt:",
        type="tertiary",
    )

st.subheader("Settings for all variants")
shared_controls(teacher)

st.subheader("Start")
start_controls(variants, focused, teacher, more=partial(as_study, variants))
reproduce_variants(variants, focused, teacher, config, preview)
keep()
