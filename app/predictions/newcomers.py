"""The tour of the front page, for whoever is here for the first time."""

from __future__ import annotations

import streamlit as st

from app.components.tour import TourStep, has_ended_tour, show_tour
from app.shared.presenter import is_presenting
from app.shared.streamlit_internals import MENU_BUTTON, menu_link

GREETING = "Two language models read one sentence. You see which words they expect."
_FIGURE = ".st-key-columns"
STEPS = (
    TourStep(
        "Click a column",
        "Each column shows the words that both models expect there, the most probable on top. Click one to "
        "compare the models, or use Tab, the arrow keys and Enter.",
        (_FIGURE,),
    ),
    TourStep(
        "Blue is the teacher, orange the student",
        "The student is a smaller model that learnt from the teacher. The colours are the same on every "
        "page. In the menu you can choose other models.",
        (".st-key-teacher, .st-key-student", _FIGURE),
    ),
    TourStep(
        "Hide a word",
        "Write [MASK] or _ for a word: the models then predict it from the others. “Hide each word in turn” "
        "does that with all of them.",
        (".st-key-text, .st-key-each",),
    ),
    TourStep(
        "See the gap",
        "Gaps, in the menu, shows how much more likely each model finds “he” than “she”, profession by "
        "profession.",
        (menu_link("gaps"), MENU_BUTTON),
    ),
    TourStep(
        "Train a student",
        "Distill, in the menu, trains a student of your own, with or without a fairness constraint. Runs "
        "shows how it learns.",
        (menu_link("distill"), MENU_BUTTON),
    ),
)
# Of the session: whether the tour is for this visitor, and how often they have asked for it.
_OFFERED, _ASKED = "tour_offered", "tour_asked"


def tour() -> None:
    """Show the tour to a newcomer, or to whoever asked for it.

    Whoever opens a link with a sentence or other settings wants to see that, and a presenter explains the
    page. Call it after the figure, in a place before it.
    """
    offered = st.session_state.setdefault(_OFFERED, not (st.query_params or has_ended_tour()))
    asked = st.session_state.get(_ASKED, 0)
    if (offered or asked) and not is_presenting():
        show_tour(GREETING, STEPS, asked=asked)


def tour_button() -> None:
    """A button that shows the tour again."""
    st.button("Show the tour again", key="tour_again", icon=":material/explore:", on_click=_ask)


def _ask() -> None:
    st.session_state[_ASKED] = st.session_state.get(_ASKED, 0) + 1
