"""The parts of the lesson on temperature: flattened distributions, and the soft targets' gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from app.charts.temperature import gradient_lines, matching_points, shares_area
from app.charts.word_bars import WordSeries, word_bars
from app.components.chart import show_figure
from app.learn.lesson_parts import ChosenModels, LessonParts
from app.shared import model_cache, theme
from app.shared.presenter import is_presenting
from app.shared.url_state import take_parameter, write_parameter
from app.shared.widgets import caption, literal
from fairkd import lessons
from fairkd.errors import InputError
from fairkd.lessons import ExerciseResult, QuestionAnswer
from fairkd.utils import percent, times

if TYPE_CHECKING:
    from torch import Tensor

    from fairkd.predictions import Prediction

SURE = "The child [MASK] born in London."  # the teacher is sure, so that flattening brings words out
MILK = "Milk is a [MASK]."  # teacher and student differ, so that there is a gradient
TEXT = "flat_text"  # the learner's sentence: a widget, and a parameter of the address
TEMPERATURES: list[float] = np.geomspace(0.5, 20, 33).tolist()
STEPS = (1, 2, 4, 8, 20)
TRIED = "drowned_tried"


def _sentence() -> str:
    return str(st.session_state.get(TEXT, st.query_params.get(TEXT, SURE))) or SURE


def _compared_sentence() -> str:
    """Where teacher and student are compared: the learner's sentence, or one where they differ."""
    typed = _sentence()
    return MILK if typed == SURE else typed


def _prediction(reference: str) -> Prediction:
    return model_cache.predict(reference, _sentence())


def _halved(models: ChosenModels) -> None:
    """The first words at T = 1 and at T = 2."""
    prediction = model_cache.predict(models.teacher, SURE)
    few = 4 if is_presenting() else 6
    one, two = (lessons.flattened(prediction, temperature, few) for temperature in (1.0, 2.0))
    second, was, now = one.words[1], percent(one.probabilities[1]), percent(two.probabilities[1])
    figure = word_bars(
        [*one.words, "all other words"],
        [
            WordSeries("T = 1", theme.MUTED, [*one.probabilities, one.others]),
            WordSeries("T = 2", theme.TEACHER, [*two.probabilities, two.others]),
        ],
        title=f"“{second}”, the second word: {was} at T = 1, {now} at T = 2",
        dark=theme.is_dark(),
    )
    show_figure(figure, "learn_halved", "fairkd-two-temperatures", rows=True)


def _slider(models: ChosenModels) -> None:
    """The learner's sentence, and its first words at the temperature of the slider."""
    before = _sentence()
    take_parameter(TEXT, SURE)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.text_input("Sentence", key=TEXT, max_chars=300, persist_state="session")
        temperature = st.slider(
            "Temperature T", 0.5, 8.0, 1.0, 0.1, key="flat_t", bind="query-params", persist_state="session"
        )
    write_parameter(TEXT, _sentence(), SURE)
    if _sentence() != before:
        st.rerun()  # the screens below show this sentence, too
    few = 5 if is_presenting() else 8
    found = lessons.flattened(_prediction(models.teacher), temperature, few)
    figure = word_bars(
        [*found.words, "all other words"],
        [WordSeries("teacher", theme.TEACHER, [*found.probabilities, found.others])],
        title=f"T = {temperature:g}: like a choice among {found.equal_choices:,.0f} equally likely words",
        rest=True,
        dark=theme.is_dark(),
    )
    show_figure(figure, "learn_flattened", "fairkd-temperature", rows=True)
    st.markdown(
        f"“{literal(found.words[0])}” is **{times(found.lead)} times** as likely as "
        f"“{literal(found.words[-1])}”. The entropy is {found.entropy:.2f} nats."
    )


def _shares(models: ChosenModels) -> None:
    prediction = _prediction(models.teacher)
    shares = lessons.shares_by_temperature(prediction, TEMPERATURES)
    one, two = lessons.shares_by_temperature(prediction, [1.0, 2.0]).others
    figure = shares_area(
        shares,
        first=lessons.flattened(prediction, 1.0, 1).words[0],
        title=f"All other words together: {percent(one)} at T = 1, {percent(two)} at T = 2",
        dark=theme.is_dark(),
    )
    show_figure(figure, "learn_shares", "fairkd-probability-over-temperature")
    _at_sentence()
    grid = lessons.stored_experiment("grid")
    cool, hot = (grid.cell(alpha=1.0, temperature=temperature) for temperature in (1.0, 4.0))
    finding = lessons.seeds_finding(grid, cool, hot, "pseudo_perplexity_sampled", range(grid.seeds))
    caption(f"Measured in lesson 7, {grid.runs[0].steps} steps of training: {finding}.")


def _rows(draw: Callable[[Tensor, Tensor], None]) -> Callable[[ChosenModels], None]:
    """A live part of both models at the learner's sentence, or a sentence where they do not compare."""

    def part(models: ChosenModels) -> None:
        try:
            text = _compared_sentence()
            rows = lessons.both_rows(
                *(model_cache.predict(one, text) for one in (models.teacher, models.student))
            )
        except InputError as error:
            st.info(literal(error), icon=":material/info:")
            return
        draw(*rows)
        if not is_presenting():
            st.caption(f"At “{literal(text)}”.")

    return part


@_rows
def _sizes(teacher: Tensor, student: Tensor) -> None:
    sizes = lessons.gradient_sizes(teacher, student, TEMPERATURES)
    limit = float(lessons.matched_logits(teacher, student).abs().sum())
    show_figure(gradient_lines(sizes, limit, dark=theme.is_dark()), "learn_gradient", "fairkd-gradient-size")


@_rows
def _matching(teacher: Tensor, student: Tensor) -> None:
    chosen = st.segmented_control(
        "Temperature T", STEPS, default=1, required=True, key="matching_t", bind="query-params"
    )
    temperature = float(chosen or 1)
    figure = matching_points(
        lessons.logit_matching(teacher, student, temperature),
        temperature=temperature,
        correlation=lessons.agreement_with_limit(teacher, student, temperature),
        dark=theme.is_dark(),
    )
    show_figure(figure, "learn_matching", "fairkd-matching-logits")


def _at_sentence() -> None:
    if not is_presenting():
        st.caption(f"At “{literal(_sentence())}”, the sentence above.")


def _first_word(models: ChosenModels) -> QuestionAnswer:
    return lessons.first_word_flattened(model_cache.predict(models.teacher, SURE))


def _shrinks(models: ChosenModels) -> QuestionAnswer:
    return lessons.gradient_shrinks(
        *(model_cache.predict(one, MILK) for one in (models.teacher, models.student))
    )


def _exercise(models: ChosenModels) -> ExerciseResult | None:
    with st.form("drowned_form", border=False):
        text = st.text_input(
            "Your sentence",
            key="drowned_text",
            max_chars=500,
            placeholder="Once upon a [MASK] there was a king.",
            persist_state="session",
        )
        temperature = st.slider("Temperature T", 1.0, 8.0, 1.0, 0.1, key="drowned_t", persist_state="session")
        if st.form_submit_button("Check", type="primary"):
            st.session_state[TRIED] = (text, temperature)
    text, temperature = st.session_state.get(TRIED, ("", 1.0))
    if not (text or "").strip():
        return None
    teacher = model_cache.get_model(models.teacher)
    return lessons.check_first_word_drowns(teacher, text, temperature, example=SURE)


PARTS = LessonParts(
    live={
        "halved": _halved,
        "slider": _slider,
        "shares": _shares,
        "sizes": _sizes,
        "matching": _matching,
    },
    answers={"first_word": _first_word, "shrinks": _shrinks},
    exercise=_exercise,
)
