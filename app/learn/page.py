"""The Learn page: the list of lessons, or the lesson that the address names."""

from __future__ import annotations

import streamlit as st

from app.learn.class_link import ALONE, class_link, is_in_class
from app.learn.exercises import is_solved
from app.learn.lesson_export import lesson_export
from app.learn.lesson_parts import ChosenModels
from app.learn.screens import READING_WIDTH, all_screens, one_screen
from app.shared.export_control import export_button
from app.shared.export_view import record_text
from app.shared.presenter import is_presenting
from app.shared.streamlit_internals import wrapped_links
from app.shared.visitor import is_public
from app.shared.widgets import caption, literal
from fairkd.errors import InputError
from fairkd.lessons import Lesson, lesson, lessons
from fairkd.utils import citation

LESSON = "lesson"  # the parameter of the address
PAGE = "app/pages/learn.py"
CARD_WIDTH = 468  # pixels: two beside one another on a desktop


def asked_lesson() -> Lesson | None:
    """The lesson in the address; None for the list. Says on the page that there is no such lesson."""
    name = str(st.query_params.get(LESSON, ""))
    if not name:
        return None
    try:
        return lesson(name)
    except InputError as error:
        st.warning(literal(error), icon=":material/help:")
        return None


def lesson_list() -> None:
    """All lessons in order, each with a link."""
    st.header("Learn: how a small model learns from a large one, and what fairness costs")
    st.markdown(
        f"{len(lessons())} short lessons with live models. Each asks you something before it shows the "
        "answer, and ends with an exercise that checks itself. Everything runs on this machine."
    )
    with st.container(horizontal=True, gap="small"):
        for one in lessons():
            with st.container(border=True, width=CARD_WIDTH, height="stretch", key=f"lesson_card_{one.name}"):
                _card(one)
    if is_in_class():
        return
    reach = "" if is_public() else " " + ALONE
    caption(
        "For teachers: the presenter view, in the sidebar, shows one idea at a time. Its link for the class "
        "opens the lesson in everybody's browser: you see their answers as they come, and they see the right "
        "one when you reveal it. The notes are in a lesson's normal view, which nobody sees by that link."
        f"{reach}"
    )


def _card(one: Lesson) -> None:
    st.page_link(
        PAGE,
        label=f"**{one.number}. {literal(one.title)}**",
        query_params={LESSON: one.name},
        icon=":material/check_circle:" if is_solved(one) else ":material/school:",
    )
    st.markdown(literal(one.summary))
    solved = " · exercise solved" if is_solved(one) else ""
    caption(f"About {one.minutes} minutes{solved}")


def show_lesson(one: Lesson, models: ChosenModels) -> None:
    """One lesson: for an audience one screen at a time, else all of them."""
    if is_presenting():
        one_screen(one, models)
        return
    st.header(f"{one.number}. {one.title}")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(PAGE, label="All lessons", icon=":material/arrow_back:", query_params={})
        caption(f"Lesson {one.number} of {len(lessons())} · about {one.minutes} minutes")
        if not is_in_class():  # the notes have the answers
            with st.popover("Notes for teachers", icon=":material/co_present:", type="tertiary"):
                _notes(one)
            class_link()
    all_screens(one, models)
    _what_remains(one)
    _neighbours(one)
    with st.container(width=READING_WIDTH):
        export_button(
            lesson_export(one, models),
            "lesson",
            models=[models.teacher, models.student],
            citation=citation(),
        )


def _notes(one: Lesson) -> None:
    """Aim, time, what to ask, what usually goes wrong, and a note on some screens."""
    st.markdown(
        f"**Aim.** {one.teacher.aim}\n\n**Time.** About {one.minutes} minutes, twice that with a discussion."
    )
    st.markdown("**What to ask**\n" + "\n".join(f"* {text}" for text in one.teacher.ask))
    st.markdown("**What usually goes wrong**\n" + "\n".join(f"* {text}" for text in one.teacher.goes_wrong))
    notes = [f"* *{literal(screen.title)}*: {screen.note}" for screen in one.screens if screen.note]
    if notes:
        st.markdown("**At the screens**\n" + "\n".join(notes))
    caption(
        "The presenter view, in the sidebar, shows one screen at a time. The arrow keys turn the screens."
    )


def _what_remains(one: Lesson) -> None:
    with st.container(border=True, width=860):
        st.subheader("Remember", anchor=False)
        remember = "\n".join(f"* {sentence}" for sentence in one.remember)
        st.markdown(remember)
        record_text("remember", "Remember", remember)
    st.subheader("Sources", anchor=False)
    st.markdown("\n".join(f"* [{literal(source.text)}]({source.url})" for source in one.sources))


def _neighbours(one: Lesson) -> None:
    """Links to the lesson before and the lesson after."""
    st.html(f"<style>{wrapped_links('neighbours')}</style>")
    with st.container(horizontal=True, horizontal_alignment="distribute", width=860, key="neighbours"):
        for other in lessons():
            if other.number == one.number - 1:
                st.page_link(
                    PAGE,
                    label=f"Before: {literal(other.title)}",
                    icon=":material/arrow_back:",
                    query_params={LESSON: other.name},
                )
            if other.number == one.number + 1:
                st.page_link(
                    PAGE,
                    label=f"Next: {literal(other.title)}",
                    icon=":material/arrow_forward:",
                    query_params={LESSON: other.name},
                )
