"""The view “Contradictions”: where several measures disagree about the same items."""

from __future__ import annotations

import streamlit as st

from app.measures.compared import contradictions
from app.measures.items import items_table
from app.measures.pick import pick_model
from app.measures.stored import Measured, display_names
from app.shared.widgets import caption, literal
from fairkd.benchmarks import share_items
from fairkd.errors import FairKDError

WHY = (
    "CrowS-Pairs masks the tokens that both sentences share, AUL and AULA score all tokens with nothing "
    "masked, and LPBS fills templates. They measure different things, so a low score of one does not show "
    "that a model is unbiased."
)


def contradictions_view(found: Measured) -> None:
    """The items about which the measures of one model disagree most."""
    names = display_names(found.models)
    model = pick_model(found.models, names)
    fitting = share_items([result for result in found.results if result.model == model])
    if len(fitting) < 2:
        caption(
            "Measures can contradict each other about an item only if they score the same items: choose "
            "CrowS-Pairs and AUL, for example."
        )
        caption(WHY)
        return
    try:
        one = contradictions(fitting)
    except FairKDError as error:
        st.warning(literal(error), icon=":material/warning:")
        return
    st.markdown("\n".join(f"- {literal(sentence)}" for sentence in one.sentences))
    caption(WHY)
    panel = st.expander(
        f"Show the {one.n:,} items, those with the largest disagreement first",
        icon=":material/visibility:",
        key="contradictions_panel",
        on_change="rerun",
    )
    if panel.open:
        with panel:
            items_table(one.items, "fairkd-contradictions", "contradictions_items", [model])
            caption(
                "Disagreement: each measure's items are ranked by the size of their score, with its sign; "
                "the largest rank minus the smallest, between 0 and 2."
            )
