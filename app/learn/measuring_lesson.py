"""The parts of the lesson on measuring honestly."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.charts.experiment_charts import grid_chart, seeds_chart
from app.charts.measuring_charts import draws_chart, measures_chart
from app.components.chart import show_figure
from app.gaps import results
from app.learn.exercises import text_exercise
from app.learn.experiment_note import experiment_note, measure_choice
from app.learn.lesson_parts import ChosenModels, LessonParts
from app.shared import model_cache, theme
from app.shared.presenter import is_presenting
from app.shared.widgets import caption
from fairkd import lessons
from fairkd.lessons import ExerciseResult, ExperimentResult, QuestionAnswer
from fairkd.lexicon import contrasts, shipped_professions
from fairkd.measures import compare

QUALITY = "pseudo_perplexity_sampled"
GRID_VALUES = (QUALITY, "top1_accuracy", "kl", "ece", "gap_absolute", "gap_mass")
FIRST_DRAW = 8  # professions, as in the question
PLAIN = "embedded/student-plain"  # near enough to its teacher that small samples disagree
SIZES = (6, FIRST_DRAW, 12, 20, 40, 80)


def _grid() -> ExperimentResult:
    return lessons.stored_experiment("grid")


def _student(models: ChosenModels) -> str:
    """The student of the draws and of the exercise: the plain one, or the visitor's if chosen."""
    chosen = st.session_state.get("draws_student")
    return models.student if chosen == models.student else PLAIN


def _gaps(reference: str, who: str) -> pd.DataFrame:
    """The gaps of a model over all shipped professions, from the cache of the Gaps page."""
    question = results.GapQuestion(
        contrast=contrasts()["pronouns"],
        groups=("he", "she"),
        value="corrected_gap",
        templates=lessons.lesson_templates(),
        professions=shipped_professions(),
    )
    return results.measured(reference, question, who)


def _absolute_gaps(models: ChosenModels, student: str) -> tuple[pd.Series, pd.Series]:
    both = _gaps(models.teacher, "teacher"), _gaps(student, "student")
    first, second = (lessons.absolute_gaps(frame) for frame in both)
    return first, second


# --- seeds ---


def _seeds(_: ChosenModels) -> None:
    result = _grid()
    labels = {cell.key: lessons.cell_label(result, cell.key) for cell in result.cells}
    keys = list(labels)
    with st.container(horizontal=True):
        name = measure_choice("seeds_measure", GRID_VALUES[:4])
        pair = [
            st.selectbox(
                label,
                keys,
                index=index,
                key=key,
                persist_state="session",
                format_func=lambda one: labels[one],
                width=230,
            )
            for label, index, key in (("Training", 0, "seeds_one"), ("against", len(keys) - 1, "seeds_two"))
        ]
    seeds = list(range(result.seeds))
    chosen = st.pills(
        "Seeds that count",
        seeds,
        selection_mode="multi",
        default=seeds,
        key="seeds_chosen",
        persist_state="session",
        format_func=lambda seed: f"seed {seed}",
    )
    first, second = pair
    said = lessons.seeds_finding(result, first, second, name, chosen)
    figure = seeds_chart(result, pair, name, chosen, title=said, dark=theme.is_dark())
    show_figure(figure, "learn_seeds", "fairkd-seeds", title_lines=2)
    caption(lessons.seeds_details(result, first, second, name, chosen))
    experiment_note(result, pair, intervals=False)


# --- professions ---


def _draws(models: ChosenModels) -> None:
    students = list(dict.fromkeys([PLAIN, models.student]))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(students) > 1:
            st.session_state.setdefault("draws_student", PLAIN)
            if st.session_state["draws_student"] not in students:
                st.session_state["draws_student"] = PLAIN
            st.selectbox(
                "Student",
                students,
                key="draws_student",
                persist_state="session",
                format_func=lambda reference: reference.rpartition("/")[2],
                width=180,
            )
        teacher, student = _absolute_gaps(models, _student(models))
        sizes = [size for size in SIZES if size <= len(teacher)]
        st.session_state.setdefault("draws_count", FIRST_DRAW)
        count = st.select_slider(
            "Professions in each draw", sizes, key="draws_count", persist_state="session", width=240
        )
        st.session_state.setdefault("draws_seed", 0)
        st.button("Draw again", icon=":material/casino:", on_click=_draw_again)
    draws = lessons.repeated_draws(teacher, student, count=count, seed=st.session_state["draws_seed"])
    whole = compare(teacher, student.reindex(teacher.index))
    figure = draws_chart(draws, count, whole, dark=theme.is_dark())
    show_figure(figure, "learn_draws", "fairkd-draws", title_lines=2)
    caption(lessons.draws_note(draws, whole))
    if not is_presenting():
        caption(
            f"Each line is one draw of {count} of the {len(teacher)} professions: the difference and its "
            "95 % interval. Orange: the interval excludes 0, and the signed-rank test has p < .05."
        )


def _draw_again() -> None:
    st.session_state["draws_seed"] = st.session_state.get("draws_seed", 0) + 1


def _draws_answer(models: ChosenModels) -> QuestionAnswer:
    teacher, student = _absolute_gaps(models, PLAIN)  # the question names it
    draws = lessons.repeated_draws(teacher, student, count=FIRST_DRAW)
    return lessons.draws_told_apart(draws, FIRST_DRAW)


# --- two measures ---


def _contradictions(models: ChosenModels) -> None:
    both = lessons.two_measures(_gaps(models.teacher, "teacher"))
    show_figure(measures_chart(both, dark=theme.is_dark()), "learn_contradictions", "fairkd-two-measures")
    caption(lessons.measures_agreement(both))


def _contradictions_answer(models: ChosenModels) -> QuestionAnswer:
    return lessons.share_of_contradictions(lessons.two_measures(_gaps(models.teacher, "teacher")))


# --- the grid ---


def _grid_view(_: ChosenModels) -> None:
    result = _grid()
    name = measure_choice("grid_measure", GRID_VALUES)
    figure = grid_chart(result, name, ranking=lessons.rank_cells(result, name), dark=theme.is_dark())
    show_figure(figure, "learn_grid", "fairkd-grid", title_lines=2)
    caption(
        "The stronger the colour, the larger the value. Framed: the best cell, and those that the seeds do "
        f"not tell apart from it at p < .05 each. {lessons.comparisons_note(result, name)}"
    )
    with st.expander("Size and time of every model"):
        st.dataframe(lessons.size_table(result), hide_index=True, width="stretch")
        caption(
            "The median time for one sentence, one at a time, on one thread, all models in turns. The "
            "students differ in their training alone, so differences between their times are noise."
        )
    experiment_note(result)


def _best_alpha(_: ChosenModels) -> QuestionAnswer:
    return lessons.best_alpha(_grid(), QUALITY)


# --- the exercise ---


def _exercise(models: ChosenModels) -> ExerciseResult | None:
    def check(text: str) -> ExerciseResult:
        both = (models.teacher, _student(models))
        teacher, student = (model_cache.get_model(reference) for reference in both)
        return lessons.check_own_professions(teacher, student, text)

    return text_exercise(
        "own_professions", "Your professions", check, placeholder="nurse, pilot, poet, butcher, judge, singer"
    )


PARTS = LessonParts(
    live={"seeds": _seeds, "draws": _draws, "contradictions": _contradictions, "grid": _grid_view},
    answers={"draws": _draws_answer, "contradictions": _contradictions_answer, "best_alpha": _best_alpha},
    exercise=_exercise,
)
