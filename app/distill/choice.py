"""Which variants are trained, and which of them the Distill page shows in detail."""

from __future__ import annotations

import streamlit as st

from app.shared.presenter import is_presenting
from app.shared.url_state import take_parameter, write_parameter
from app.shared.widgets import literal
from fairkd.distill.config import DESCRIPTIONS, LABELS, PRESETS

VARIANTS = "variants"  # a parameter of the address, written by the page: a bound widget would write labels
FOCUSED = "focused"  # likewise
FIRST = ["plain", "fair"]


def full_name(variant: str) -> str:
    """A variant's label with its short name: `Plain distillation · plain`."""
    return f"{LABELS[variant]} · {variant}"


def choose_variants() -> list[str]:
    """The variants to train, in the order of the presets, chosen here or by the address."""
    if VARIANTS not in st.session_state:
        linked = st.query_params.get_all(VARIANTS)
        st.session_state[VARIANTS] = [variant for variant in PRESETS if variant in linked] or FIRST
    pressed = st.pills(
        "Variants",
        list(PRESETS),
        selection_mode="multi",
        key=VARIANTS,
        # An audience comes for the figure: one row of short names is enough.
        format_func=lambda variant: literal(variant if is_presenting() else full_name(variant)),
        label_visibility="collapsed" if is_presenting() else "visible",
        persist_state="session",
        help="  \n".join(f"**{variant}**: {text}" for variant, text in DESCRIPTIONS.items()),
    )
    chosen = [variant for variant in PRESETS if variant in pressed]
    _write(chosen)
    return chosen


def _write(chosen: list[str]) -> None:
    """Keep the choice in the address, unless it is the default."""
    if chosen == FIRST or not chosen:
        st.query_params.pop(VARIANTS, None)
    elif chosen != st.query_params.get_all(VARIANTS):
        st.query_params[VARIANTS] = chosen


def focus_on(variants: list[str]) -> str:
    """The variant whose constraint and settings are shown."""
    if len(variants) == 1:
        return variants[0]
    take_parameter(FOCUSED, variants[-1])
    if st.session_state[FOCUSED] not in variants:
        st.session_state[FOCUSED] = variants[-1]
    focused = st.segmented_control(
        "Show variant",
        variants,
        required=True,
        key=FOCUSED,
        persist_state="session",
        label_visibility="collapsed",
    )
    write_parameter(FOCUSED, str(focused), variants[-1])
    return focused if focused in variants else variants[-1]
