"""Gaps: how much more likely both models find one group of words than another, by profession."""

import streamlit as st

from app.gaps.inputs import read_question
from app.gaps.results import results
from app.gaps.views import SENTENCES, VIEWS, notes, summary, two_sentences
from app.shared.model_cache import friendly_errors
from app.shared.sidebar import chosen_models
from app.shared.widgets import caption

teacher, student = chosen_models()
st.header("Gaps between two groups of words")
caption(
    "How much more likely does a model find “he” than “she” in a sentence such as “[MASK] is a nurse.”? The "
    "**gap** is log P(A) − log P(B), in nats. At 0 both groups are equally likely. At ±0.69 one is twice as "
    "likely as the other, at ±2.3 ten times."
)

question = found = None
with friendly_errors():
    question = read_question()
view = st.segmented_control(
    "View",
    [*VIEWS, SENTENCES],
    default=next(iter(VIEWS)),
    required=True,
    key="view",
    bind="query-params",
    label_visibility="collapsed",
)
if view == SENTENCES:  # needs no gaps, so does not wait for them
    two_sentences(teacher, student)
else:
    if question is not None:
        with friendly_errors():
            found = results(teacher, student, question)
            summary(found, question)
            notes(teacher, student, found, question)
    if question is not None and found is not None:
        VIEWS.get(str(view), next(iter(VIEWS.values())))(found, question)
    else:
        caption(
            "The chart needs valid input: see the message above. The view “Two sentences” works without it."
        )
