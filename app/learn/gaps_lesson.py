"""The parts of the lesson on gaps: two words for one blank, the prior, and the mass behind a gap."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from app.charts.gap_text import directions
from app.charts.lesson_gaps import GapPoint, GapRow, gap_rows, is_hollow
from app.charts.text import shorten, signed
from app.charts.word_bars import WordSeries, word_bars
from app.components.chart import show_figure
from app.learn.lesson_parts import ChosenModels, LessonParts
from app.shared import model_cache, theme
from app.shared.model_options import STUDENT_DEFAULT, short_name
from app.shared.presenter import is_presenting
from app.shared.url_state import take_parameter, write_parameter
from app.shared.widgets import caption, literal
from fairkd import lessons
from fairkd.lessons import ExerciseResult, QuestionAnswer, SentenceGap
from fairkd.lexicon import Contrast, parse_words, typed_contrast
from fairkd.utils import percent, times

if TYPE_CHECKING:
    import pandas as pd

NURSE = "[MASK] is a nurse."
OWN, GROUP_A, GROUP_B = "My [MASK] is a doctor.", "father, brother, son", "mother, sister, daughter"
PROFESSIONS = "nurse, librarian, teacher, doctor, engineer, pilot"
DOCTOR = "doctor"
QUEEN = "The queen lost [MASK] crown."
BLANKS = 10_000
TRIED = "mass_tried"


def _input(label: str, name: str, default: str) -> str:
    """A text box whose text is in the address; an empty one has its default."""
    take_parameter(name, default)
    typed = st.text_input(label, key=name, max_chars=300, persist_state="session")
    text = str(typed or "")
    write_parameter(name, text, default)
    return text.strip() or default


def _both(models: ChosenModels, text: str, contrast: Contrast) -> dict[str, SentenceGap]:
    """Both models' gaps, with the groups named by their words."""
    a, b = (shorten(", ".join(group.for_role("subject")), 26) for group in contrast.groups[:2])
    return {
        role: replace(lessons.sentence_gap(model_cache.get_model(reference), text, contrast), groups=(a, b))
        for role, reference in (("teacher", models.teacher), ("student", models.student))
    }


def _pair(models: ChosenModels, text: str, contrast: Contrast, key: str) -> None:
    """Both models' probabilities of two groups, and what their ratio says."""
    found = _both(models, text, contrast)
    teacher = found["teacher"]
    more, _ = teacher.likelier
    figure = word_bars(
        teacher.groups,
        [
            WordSeries("teacher", theme.TEACHER, [teacher.p_a, teacher.p_b]),
            WordSeries("student", theme.STUDENT, [found["student"].p_a, found["student"].p_b]),
        ],
        title=f"Teacher: “{more}” {times(teacher.ratio)} times as likely",
        dark=theme.is_dark(),
    )
    show_figure(figure, key, "fairkd-two-groups", rows=True)
    st.markdown("  \n".join(_said(role, one) for role, one in found.items()))


def _said(role: str, found: SentenceGap) -> str:
    """A model's gap in words: times as likely first, then nats and mass."""
    more, less = map(literal, found.likelier)
    tint = "blue" if role == "teacher" else "orange"
    return (
        f":{tint}[**{role.capitalize()}**]: “{more}” **{times(found.ratio)} times** as likely as “{less}” "
        f"(gap {signed(found.gap)} nats, mass {percent(found.mass)})"
    )


def _nurse(models: ChosenModels) -> None:
    _pair(models, NURSE, lessons.pronouns(), "learn_nurse")


def _own(models: ChosenModels) -> None:
    """The learner's own sentence and two lists of words."""
    row = st.container(horizontal=True, gap="medium")
    with row if is_presenting() else st.container():
        text = _input("Sentence", "he_sentence", OWN)
    with row if is_presenting() else st.container(horizontal=True, gap="medium"):
        words_a = _input("First group", "he_words_a", GROUP_A)
        words_b = _input("Second group", "he_words_b", GROUP_B)
    _pair(models, text, typed_contrast(words_a, words_b), "learn_own_groups")


def _professions(models: ChosenModels) -> None:
    """Both models' gaps of a few professions."""
    names = parse_words(_input("Professions", "he_professions", PROFESSIONS))
    teacher = _measured(models.teacher, names)
    student = _measured(models.student, names)
    rows = [
        GapRow(
            ours.profession,
            [
                GapPoint("teacher", ours.gap, theme.TEACHER, hollow=is_hollow(ours.mass)),
                GapPoint("student", theirs.gap, theme.STUDENT, "square", hollow=is_hollow(theirs.mass)),
            ],
        )
        for ours, theirs in zip(teacher.itertuples(), student.itertuples(), strict=True)
    ]
    (t_he, _), (s_he, _) = lessons.gap_directions(teacher), lessons.gap_directions(student)
    figure = gap_rows(
        rows,
        groups=("he", "she"),
        title=f"“he” is likelier for {t_he} of {len(rows)} with the teacher, for {s_he} with the student",
        dark=theme.is_dark(),
    )
    show_figure(figure, "learn_professions", "fairkd-profession-gaps", rows=True)
    said = ["A hollow point has a mass below 1 %.", _which_student(models)]
    if unknown := lessons.unknown_professions(names):
        listed = ", ".join(f"“{literal(name)}”" for name in unknown)
        are = "is" if len(unknown) == 1 else "are"
        said.append(
            f"**{listed} {are} not in FairKD's list of professions.** A model gives any word a gap, even one "
            "that means nothing."
        )
    caption(" ".join(said))


def _which_student(models: ChosenModels) -> str:
    """The student's name, and for the default one that a constraint has changed its gaps."""
    name = short_name(models.student)
    if models.student == STUDENT_DEFAULT:
        return f"The student is {name}, which was trained with a constraint against such gaps (lesson 6)."
    return f"The student is {literal(name)}."


def _measured(reference: str, professions: tuple[str, ...]) -> pd.DataFrame:
    return lessons.profession_gaps(model_cache.get_model(reference), professions)


def _prior(models: ChosenModels) -> None:
    """How far a profession moves both models."""
    profession = _input("Profession", "he_profession", DOCTOR)
    rows, said = [], []
    for role, reference, hue in (
        ("teacher", models.teacher, theme.TEACHER),
        ("student", models.student, theme.STUDENT),
    ):
        found = _measured(reference, (profession,)).iloc[0]
        rows.append(
            GapRow(
                role,
                [
                    GapPoint("profession hidden", found.prior_gap, hue, hollow=True),
                    GapPoint(f"with “{found.profession}”", found.gap, hue),
                ],
            )
        )
        tint = "blue" if role == "teacher" else "orange"
        said.append(
            f":{tint}[**{role.capitalize()}**]: gap {signed(found.gap)}, prior gap "
            f"{signed(found.prior_gap)}, prior-corrected gap **{signed(found.corrected_gap)} nats**"
        )
    to_a, to_b = directions(("he", "she"), "corrected_gap")
    moved = to_a if rows[0].points[1].gap >= rows[0].points[0].gap else to_b
    figure = gap_rows(
        rows,
        groups=("he", "she"),
        title=f"With “{profession}”, the teacher expects {moved}",
        arrows=True,
        dark=theme.is_dark(),
    )
    show_figure(figure, "learn_prior", "fairkd-prior", rows=True)
    st.markdown("  \n".join(said))


def _mass(models: ChosenModels) -> None:
    """The words that the teacher expects, and the two that the gap compares."""
    text = _input("Sentence", "he_rare", QUEEN)
    found = _both(models, text, lessons.pronouns())
    teacher = found["teacher"]
    prediction = model_cache.predict(models.teacher, text)
    top = prediction.top(prediction.default_position, 3 if is_presenting() else 5)
    expected = top[~top.token.str.lower().isin(["he", "she"])]
    figure = word_bars(
        [*expected.token, *teacher.groups],
        [WordSeries("teacher", theme.TEACHER, [*expected.probability, teacher.p_a, teacher.p_b])],
        title=f"A gap of {signed(teacher.gap)} nats, a mass of {percent(teacher.mass)}",
        dark=theme.is_dark(),
    )
    show_figure(figure, "learn_mass", "fairkd-mass", rows=True)
    fills = teacher.fills(BLANKS)
    often = "less than once" if fills < 1 else "about once" if fills < 1.5 else f"about {fills:,.0f} times"
    st.markdown(f"{_said('teacher', teacher)}. In {BLANKS:,} such blanks, one of them comes up **{often}**.")
    if not is_presenting():
        st.markdown(_said("student", found["student"]))


def _times(models: ChosenModels) -> QuestionAnswer:
    return lessons.how_much_more_likely(model_cache.get_model(models.teacher))


def _moves(models: ChosenModels) -> QuestionAnswer:
    return lessons.where_the_ratio_moves(model_cache.get_model(models.teacher))


def _exercise(models: ChosenModels) -> ExerciseResult | None:
    with st.form("mass_form", border=False):
        empty = st.text_input(
            "First: a large gap with no mass", key="mass_empty", max_chars=300, persist_state="session"
        )
        full = st.text_input(
            "Second: a small gap with much mass", key="mass_full", max_chars=300, persist_state="session"
        )
        if st.form_submit_button("Check", type="primary"):
            st.session_state[TRIED] = (empty, full)
    empty, full = ((text or "").strip() for text in st.session_state.get(TRIED, ("", "")))
    if not (empty or full):
        return None
    if not (empty and full):
        return ExerciseResult(False, "Write both sentences, each with one hidden word.")
    return lessons.check_gap_and_mass(model_cache.get_model(models.teacher), empty, full)


PARTS = LessonParts(
    live={"nurse": _nurse, "professions": _professions, "own": _own, "prior": _prior, "mass": _mass},
    answers={"times": _times, "moves": _moves},
    exercise=_exercise,
)
