"""The tour: a card that explains a page in steps, and outlines what each speaks of; `tour.js` draws it.

Whoever has ended it is not shown it again: the browser then has a cookie, which the next visit sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from app.components.drawing import component

COOKIE, ENDED = "fairkd_tour", "seen"  # name and value
_component = component("tour", styles=("tour",), scripts=("tour",))
_WITHOUT_A_GAP = "<style>div:has(> .st-key-tour) { position: absolute; }</style>"


@dataclass(frozen=True)
class TourStep:
    """A step: title, text, and CSS selectors of what it speaks of: the first that is in the window counts."""

    title: str
    text: str
    places: tuple[str, ...]


def has_ended_tour() -> bool:
    """Whether the visitor ended the tour before this visit."""
    return st.context.cookies.get(COOKIE) == ENDED


def show_tour(greeting: str, steps: Sequence[TourStep], *, asked: int = 0) -> None:
    """Show the tour, unless the visitor has ended it; `asked` counts how often they asked for it since."""
    st.html(_WITHOUT_A_GAP)
    with st.container(key="tour"):
        data = {
            "greeting": greeting,
            "steps": [asdict(step) for step in steps],
            "asked": asked,
            "cookie": f"{COOKIE}={ENDED}",
        }
        _component(key="tour_card", data=[data])
