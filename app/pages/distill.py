"""Distill: choose variants, see what their constraint does to the teacher, and start them."""

from contextlib import suppress

import streamlit as st

from app.distill.fields import editor
from app.distill.link import keep, restore
from app.distill.preview import constraint_preview
from app.distill.shared_settings import shared
from app.distill.start import start
from app.distill.variants import SHARED_SETTINGS, changes, config_of, reset
from app.shared.settings_table import changed, fields
from app.shared.sidebar import chosen_models
from app.shared.widgets import caption, literal
from fairkd.distill.config import DESCRIPTIONS, PRESETS
from fairkd.errors import FairKDError

FIRST = ["plain", "fair"]

teacher, _ = chosen_models()
restore()
st.header("What shall the student learn, and what not?")
caption(
    f"A student learns from the predictions of {literal(teacher)}, the teacher in the sidebar. Each "
    "*variant* is one way to do it. Variants that start together see the same text in the same order, so "
    "that they can be compared."
)
variants = st.pills(
    "Variants",
    list(PRESETS),
    selection_mode="multi",
    default=[variant for variant in FIRST if variant in PRESETS],
    key="variants",
    bind="query-params",
    help="  \n".join(f"**{variant}**: {text}" for variant, text in DESCRIPTIONS.items()),
)
variants = [variant for variant in PRESETS if variant in variants]
for variant in variants:
    caption(f"**{variant}** {DESCRIPTIONS.get(variant, '')}")
if not variants:
    st.info(
        "Choose at least one variant: plain distillation is the one to compare with.", icon=":material/info:"
    )
    st.stop()

st.subheader("What does a variant do to the teacher?")
focused = variants[-1]
if len(variants) > 1:
    focused = st.segmented_control(
        "Variant to look at",
        variants,
        default=focused,
        required=True,
        key="focused",
        bind="query-params",
        label_visibility="collapsed",
    )
    focused = focused if focused in variants else variants[-1]
constraint_preview(focused, teacher)

with suppress(FairKDError):  # what does not fit is said where the variants are started
    table = changed(config_of(focused, teacher).model_dump(mode="json"), leave_out=SHARED_SETTINGS)
    if table.empty:
        caption(f"**{focused}** leaves every setting of its own at its default.")
    else:
        caption(f"What sets **{focused}** apart from plain distillation:")
        st.dataframe(table, hide_index=True, key="variant_table", height="auto")
panel = st.expander(
    f"All settings of {focused}", icon=":material/tune:", key="all_settings", on_change="rerun"
)
if panel.open:
    with panel:
        editor(
            focused,
            leave_out=tuple(
                key for key in fields() if key.startswith("constraint.")
            ),  # in the constraint_preview
        )
if changes(focused):
    st.button(
        f"Undo the changes of {focused}",
        key="undo",
        on_click=reset,
        args=(focused,),
        icon=":material/restart_alt:",
        type="tertiary",
    )

st.subheader("The same for all variants")
shared(teacher)

st.subheader("Start")
start(variants, focused, teacher)
keep()
