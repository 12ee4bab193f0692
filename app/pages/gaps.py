"""Gaps: how differently teacher and student treat two groups of words, profession by profession."""

import streamlit as st

from app.gaps.inputs import setup
from app.gaps.results import results
from app.gaps.views import SENTENCES, VIEWS, notes, summary, two_sentences
from app.shared.model_cache import friendly_errors
from app.shared.sidebar import chosen_models
from app.shared.widgets import caption

teacher, student = chosen_models()
st.header("Gaps")
caption(
    "How far apart does a model hold two groups of words at the masked place of one sentence? The gap "
    "is log P(A) − log P(B) in nats: 0 is even, ±0.69 means odds of 2 to 1, ±2.3 of 10 to 1."
)

asked = found = None
with friendly_errors():
    asked = setup()
view = st.segmented_control(
    "View",
    [*VIEWS, SENTENCES],
    default=next(iter(VIEWS)),
    required=True,
    key="view",
    bind="query-params",
    label_visibility="collapsed",
)
if view == SENTENCES:  # asks nothing of the gaps, so does not wait for them
    two_sentences(teacher, student)
else:
    if asked is not None:
        with friendly_errors():
            found = results(teacher, student, asked)
            summary(found, asked)
            notes(teacher, student, found, asked)
    if asked is not None and found is not None:
        VIEWS.get(str(view), next(iter(VIEWS.values())))(found, asked)
    else:
        caption(
            "The chart is drawn as soon as the message above is dealt with. Two sentences can be compared "
            "meanwhile."
        )
