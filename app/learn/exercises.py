"""An exercise of a lesson: it checks itself on what the learner typed."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.learn.lesson_parts import ChosenModels, LessonParts
from app.shared import model_cache
from app.shared.widgets import caption, literal
from fairkd.lessons import Exercise, ExerciseResult, Lesson

_SOLVED = "solved_lessons"  # names of the lessons whose exercise was solved in this session


def do_exercise(lesson: Lesson, exercise: Exercise, parts: LessonParts, models: ChosenModels) -> None:
    """Draw the exercise, its inputs, and the result."""
    st.markdown(exercise.prompt)
    with model_cache.friendly_errors():
        result = parts.exercise(models)
        if result is None:
            caption(f":material/lightbulb: {exercise.hint}")
        elif result.solved:
            st.session_state.setdefault(_SOLVED, set()).add(lesson.name)
            st.success(f"Solved. {literal(result.message)}", icon=":material/check_circle:")
        else:
            st.info(f"Not yet. {literal(result.message)}", icon=":material/edit:")


def is_solved(lesson: Lesson) -> bool:
    """Whether the visitor has solved the lesson's exercise since they opened the dashboard."""
    return lesson.name in st.session_state.get(_SOLVED, ())


def text_exercise(
    key: str, label: str, check: Callable[[str], ExerciseResult], *, placeholder: str = ""
) -> ExerciseResult | None:
    """A text box with a button, for an exercise whose input is one text; None before the first try."""
    with st.form(f"{key}_form", border=False):
        text = st.text_input(label, key=key, max_chars=500, placeholder=placeholder, persist_state="session")
        pressed = st.form_submit_button("Check", type="primary")
    tried = f"tried:{key}"
    if pressed:
        st.session_state[tried] = text
    text = (st.session_state.get(tried) or "").strip()
    return check(text) if text else None
