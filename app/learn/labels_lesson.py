"""The parts of the lesson on hard labels and soft targets."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from app.charts.experiment_charts import HARD, sizes_chart
from app.charts.word_bars import WordSeries, word_bars
from app.charts.word_counts import word_counts_chart
from app.components.chart import show_figure
from app.learn.exercises import text_exercise
from app.learn.experiment_note import experiment_note, measure_choice
from app.learn.lesson_parts import ChosenModels, LessonParts
from app.predictions.position import OTHERS
from app.shared import model_cache, theme
from app.shared.presenter import is_presenting
from app.shared.url_state import take_parameter, write_parameter
from app.shared.widgets import caption, literal
from fairkd import lessons
from fairkd.errors import InputError
from fairkd.lessons import ExerciseResult, QuestionAnswer
from fairkd.utils import percent

if TYPE_CHECKING:
    from fairkd.predictions import Prediction

MILK = "Milk is a [MASK]."
SENTENCE = "The doctor put the book on the table."
HIDDEN = "put"  # the word of SENTENCE that is hidden first
QUALITY = "pseudo_perplexity_sampled"


def _sentence(models: ChosenModels) -> tuple[Prediction, int]:
    """The visitor's sentence with each word hidden in turn, and the position of the chosen word."""
    text = st.session_state.get("labels_text") or SENTENCE
    prediction = model_cache.predict(models.teacher, text, mask_each=True)
    chosen = st.session_state.get("labels_place")
    shown = {prediction.tokens[place].text: place for place in reversed(prediction.positions)}
    default = shown.get(HIDDEN, prediction.default_position)
    return prediction, chosen if chosen in prediction.positions else default


def _choose(models: ChosenModels) -> tuple[Prediction, int]:
    """Inputs for the sentence and the word to hide."""
    take_parameter("labels_text", SENTENCE)
    text = st.text_input("Sentence", key="labels_text", max_chars=300, persist_state="session")
    write_parameter("labels_text", text or "", SENTENCE)
    prediction, place = _sentence(models)
    if not prediction.positions:
        raise InputError("Write a sentence with at least one word.")
    if st.session_state.get("labels_place") not in prediction.positions:
        st.session_state["labels_place"] = place  # the sentence has changed
    st.pills(
        "Word to hide",
        prediction.positions,
        key="labels_place",
        persist_state="session",
        wrap=True,
        format_func=lambda number: literal(prediction.tokens[number].text),
    )
    return _sentence(models)


def _targets(models: ChosenModels) -> None:
    prediction, place = _choose(models)
    found = lessons.targets_at(prediction, place, k=3 if is_presenting() else 8)
    right = found.soft[found.words.index(found.right)]
    figure = word_bars(
        [*found.words, OTHERS],
        [
            WordSeries("hard label", HARD, [*found.hard, 0.0]),
            WordSeries("soft target (the teacher)", theme.TEACHER, [*found.soft, found.others]),
        ],
        title=f"“{found.right}”: 100 % in the hard label, {percent(right)} in the soft target",
        dark=theme.is_dark(),
    )
    show_figure(figure, "learn_targets", "fairkd-targets", rows=True)


def _worth(models: ChosenModels) -> None:
    prediction, _ = _sentence(models)
    tokens = [prediction.tokens[place].text for place in prediction.positions]
    counts = [lessons.words_worth(prediction, place) for place in prediction.positions]
    figure = word_counts_chart(
        tokens, counts, text=prediction.text, compact=is_presenting(), dark=theme.is_dark()
    )
    show_figure(figure, "learn_worth", "fairkd-entropy", rows=True)


def _wrong_words(models: ChosenModels) -> None:
    prediction, place = _sentence(models)
    found = lessons.targets_at(prediction, place, k=5 if is_presenting() else 12)
    figure = word_bars(
        [word for word, _ in found.wrong],
        [WordSeries("the teacher", theme.TEACHER, [share for _, share in found.wrong])],
        title=f"Without “{found.right}”: how the teacher divides the rest among the wrong words",
        dark=theme.is_dark(),
    )
    show_figure(figure, "learn_wrong_words", "fairkd-dark-knowledge", rows=True)
    st.markdown(f"Compare two words in the place of “{literal(found.right)}”:")
    with st.container(horizontal=True):
        words = [
            st.text_input(label, default, key=key, max_chars=40, persist_state="session", width=220)
            for label, default, key in (
                ("One word", "threw", "wrong_one"),
                ("Another word", "married", "wrong_two"),
            )
        ]
    one, other = words
    said = lessons.compare_wrong_words(model_cache.get_model(models.teacher), prediction, place, one, other)
    st.markdown(f"{literal(said)} The hard label makes no difference between wrong words.")


def _experiment(_: ChosenModels) -> None:
    result = lessons.stored_experiment("labels")
    name = measure_choice("labels_measure", (QUALITY, "top1_accuracy", "kl", "ece"))
    figure = sizes_chart(result, name, dark=theme.is_dark())
    show_figure(figure, "learn_sizes", "fairkd-hard-soft", title_lines=2)
    caption(lessons.passes_text(result))
    experiment_note(result)


def _how_many_words(models: ChosenModels) -> QuestionAnswer:
    return lessons.how_many_words(model_cache.predict(models.teacher, MILK))


def _sentences_needed(_: ChosenModels) -> QuestionAnswer:
    return lessons.sentences_needed(lessons.stored_experiment("labels"), QUALITY)


def _exercise(models: ChosenModels) -> ExerciseResult | None:
    check = partial(lessons.check_sure_and_unsure, model_cache.get_model(models.teacher))
    return text_exercise(
        "sure_unsure", "Your sentence", check, placeholder="[MASK] is the capital [MASK] France."
    )


PARTS = LessonParts(
    live={
        "targets": _targets,
        "worth": _worth,
        "wrong_words": _wrong_words,
        "experiment": _experiment,
    },
    answers={"how_many_words": _how_many_words, "sentences_needed": _sentences_needed},
    exercise=_exercise,
)
