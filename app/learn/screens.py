"""The screens of a lesson: one below the other, or one at a time for an audience."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import streamlit as st

from app.components.turning import turn_by_keys
from app.learn.class_link import SCREEN, class_link
from app.learn.exercises import do_exercise
from app.learn.lesson_export import without_links
from app.learn.lesson_parts import ChosenModels, LessonParts, parts_of
from app.learn.questions import ask, is_revealed
from app.shared import model_cache
from app.shared.export_view import record_text
from app.shared.streamlit_internals import CONTENT
from app.shared.theme import GRID, PAGE
from app.shared.url_state import write_parameter
from app.shared.widgets import caption, literal
from fairkd.lessons import Lesson, Screen

if TYPE_CHECKING:
    from app.shared.streamlit_internals import DeltaGenerator

_TERM = re.compile(r"\[\[([^\]|]+)(?:\|([^\]]+))?\]\]")
READING_WIDTH = 860  # pixels of text and figures below one another
# The way to the other screens stays where it is, at the bottom of the window.
_TURNING_STYLE = f"""<style>
{CONTENT} {{ padding-top: 3.9rem; padding-bottom: 4rem; }}
{CONTENT} h2 {{ padding: 0.2rem 0 0; }}
html:root {{ --figure-zoom: 1.15; }}
.st-key-turn_screens {{
  position: fixed; bottom: 0; left: 0; right: 0; z-index: 99; padding: 0.4rem 1.5rem;
  background: {PAGE.light}; border-top: 1px solid {GRID.light};
}}
@media (prefers-color-scheme: dark) {{
  .st-key-turn_screens {{ background: {PAGE.dark}; border-color: {GRID.dark}; }}
}}
</style>"""


def all_screens(lesson: Lesson, models: ChosenModels) -> None:
    """All screens below one another. Each reruns alone when something in it changes."""
    parts = parts_of(lesson.name)
    for number, screen in enumerate(lesson.screens, start=1):
        st.subheader(screen.title, anchor=f"{SCREEN}-{number}")
        record_text(f"{SCREEN}_{number}", screen.title, without_links(screen.text or ""))
        _screen(lesson, screen, parts, models)


def one_screen(lesson: Lesson, models: ChosenModels) -> None:
    """The screen that the address names, large, and the way to the others: buttons and arrow keys."""
    number = asked_screen(lesson)
    last = len(lesson.screens) + 1  # what to remember
    if number == last:
        st.header("Remember", anchor=False)
        st.markdown("\n".join(f"* {sentence}" for sentence in lesson.remember))
    else:
        screen = lesson.screens[number - 1]
        st.header(screen.title, anchor=False)
        _screen(lesson, screen, parts_of(lesson.name), models, wide=True)
    st.html(_TURNING_STYLE)
    with st.container(horizontal=True, vertical_alignment="center", key="turn_screens"):
        for label, step, icon in (("Back", -1, "arrow_back"), ("Next", 1, "arrow_forward")):
            st.button(
                label,
                key=f"turn_{label.lower()}",
                icon=f":material/{icon}:",
                disabled=not 1 <= number + step <= last,
                on_click=_turn,
                args=(number + step,),
            )
        caption(f"{literal(lesson.title)} · {number} of {last}")
        class_link()
    turn_by_keys()


def asked_screen(lesson: Lesson) -> int:
    """The number of the screen in the address, from 1; after the last one comes what to remember."""
    text = str(st.query_params.get(SCREEN, "1"))
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 1
    return min(max(number, 1), len(lesson.screens) + 1)


def _turn(number: int) -> None:
    write_parameter(SCREEN, str(number), "1")


@st.fragment
def _screen(
    lesson: Lesson, screen: Screen, parts: LessonParts, models: ChosenModels, *, wide: bool = False
) -> None:
    """The text and the live part; for an audience beside one another, where there are both.

    Once an answer is revealed to an audience, the question goes below the text, so that what is revealed is
    whole on a projector.
    """
    beside = wide and bool(screen.text) and screen.width == "beside" and bool(screen.live or screen.question)
    if beside:
        text, live = st.columns([2, 3], gap="large", vertical_alignment="top")
    else:
        text = live = st.container(width="stretch" if wide else READING_WIDTH)
    moved = beside and screen.question is not None and is_revealed((lesson.name, screen.question.name))
    with text:
        if screen.text:
            st.markdown(with_terms(screen.text))
    with live:
        _live(lesson, screen, parts, models, question=text if moved else live)


def _live(
    lesson: Lesson, screen: Screen, parts: LessonParts, models: ChosenModels, *, question: DeltaGenerator
) -> None:
    if screen.question is not None:
        revealed = False
        with question, model_cache.friendly_errors():
            answer = parts.answers[screen.question.name]
            revealed = ask(lesson, screen.question, lambda: answer(models))
        if not revealed:
            return
        if screen.reveal:
            st.markdown(with_terms(screen.reveal))
    if screen.live is not None:
        with model_cache.friendly_errors():
            parts.live[screen.live](models)
    if screen.exercise is not None:
        do_exercise(lesson, screen.exercise, parts, models)


def with_terms(text: str) -> str:
    """Markdown in which `[[term]]` and `[[term|shown]]` are links to the glossary."""

    def link(found: re.Match[str]) -> str:
        term, shown = found[1], found[2] or found[1]
        return f"[{shown}](glossary?term={term.replace(' ', '%20')})"

    return _TERM.sub(link, text)
