"""The heading of a page, and beside it "What am I looking at?": three sentences, and where to learn more."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import streamlit as st

from app.shared.presenter import is_presenting, unseen

if TYPE_CHECKING:
    from app.shared.streamlit_internals import DeltaGenerator

PageName = Literal["predictions", "gaps", "measures", "distill", "runs", "studies"]

# What a visitor sees on a page, in Markdown.
SENTENCES = MappingProxyType[PageName, tuple[str, str, str]](
    {
        "predictions": (
            "Two masked language models read one sentence: each column shows the words that they expect "
            "there, the most probable on top and the darkest.",
            "The teacher is blue; the student, which learnt from it, is orange.",
            "Click a column, or use Tab, the arrow keys and Enter, to compare both models at this place.",
        ),
        "gaps": (
            "A **gap** says how much more likely a model finds one group of words than another at a hidden "
            "word, such as *he* and *she* in “\\[MASK\\] is a nurse.”",
            "A gap of 0.69 nats makes the first group twice as likely as the second, and one of −0.69 the "
            "second twice as likely as the first.",
            "The teacher is blue, the student orange; the views compare them by profession, with the labour "
            "market, and on two sentences of your own.",
        ),
        "measures": (
            "A **benchmark** asks a model many questions, such as which of two sentences is more probable, "
            "and makes one score of the answers.",
            "Choose models and benchmarks: they are measured in the background, and you can leave the page.",
            "Each score stands beside its interval and beside what an unbiased model would have, if that is "
            "known.",
        ),
        "distill": (
            "**Distillation** trains a small student to predict what its teacher predicts.",
            "A **variant** is one way to do it: with or without a **fairness constraint**, which edits the "
            "teacher's predictions before the student learns from them.",
            "You see that edit on a sentence first; the button at the end trains the students in the "
            "background.",
        ),
        "runs": (
            "A **run** is one training of a student, or one measurement of models, in the background.",
            "While a student trains, curves show how close it comes to its teacher, how well it predicts "
            "text, and how large its gap is.",
            "Open a run to follow or replay it, or choose several to compare them.",
        ),
        "studies": (
            "A **study** trains several variants of a student, each at several random seeds, with an equal "
            "budget.",
            "A **seed** decides the order of the text and which words are hidden; at another seed the same "
            "variant ends elsewhere, and a study shows how far.",
            "The results show each seed as a dot, the mean with its interval, and for every variant whether "
            "it is better than the **baseline**, worse, or neither is shown.",
        ),
    }
)
# The lessons that explain a page: name and subject.
LESSONS = MappingProxyType[PageName, tuple[tuple[str, str], ...]](
    {
        "predictions": (("predictions", "what a masked language model predicts"),),
        "gaps": (("gaps", "he and she, and what a gap says"),),
        "measures": (("measuring", "measuring honestly"),),
        "distill": (
            ("training", "making a student"),
            ("constraints", "changing what the teacher says"),
        ),
        "runs": (("training", "making a student"),),
        "studies": (("measuring", "measuring honestly"),),
    }
)


def heading(title: str, page: PageName, *more: Callable[[], None]) -> DeltaGenerator:
    """Draw the page's title and its explanation, which an audience does not see; returns their container.

    `more` draws what else belongs to the explanation.
    """
    place = unseen(f"{page}_heading")
    with place, _row():
        st.header(title, width="content")
        _what_am_i_looking_at(page, *more)
    return place


def way_back(label: str, leave: Callable[[None], None], page: PageName) -> None:
    """On a part of a page: a button back to all of it, and the explanation, except for an audience."""
    with nullcontext() if is_presenting() else _row():
        st.button(label, on_click=leave, args=(None,), icon=":material/arrow_back:", type="tertiary")
        if not is_presenting():
            _what_am_i_looking_at(page)


def _row() -> DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")


def _what_am_i_looking_at(page: PageName, *more: Callable[[], None]) -> None:
    with st.popover("What am I looking at?", icon=":material/help:", type="tertiary"):
        st.markdown("\n\n".join(SENTENCES[page]))
        for name, subject in LESSONS[page]:
            st.page_link(
                "app/pages/learn.py",
                label=f"Lesson: {subject}",
                icon=":material/school:",
                query_params={"lesson": name},
            )
        st.page_link(
            "app/pages/glossary.py",
            label="Glossary: every technical term explained",
            icon=":material/menu_book:",
        )
        for draw in more:
            draw()
