"""The parts of the first lesson: what a masked language model predicts."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.charts.word_bars import WordSeries, word_bars
from app.components.chart import show_figure
from app.components.columns import columns_figure
from app.learn.exercises import text_exercise
from app.learn.lesson_parts import ChosenModels, LessonParts
from app.predictions.position import Role
from app.predictions.view import predictions_view
from app.shared import model_cache, theme
from app.shared.presenter import is_presenting
from app.shared.url_state import take_parameter, write_parameter
from app.shared.widgets import literal
from fairkd import lessons
from fairkd.lessons import ExerciseResult, QuestionAnswer
from fairkd.utils import percent

MILK = "Milk is a [MASK]."
WHOLE = "Milk is a drink that children like."
WORDS = 10  # to accept or not
ROWS = 6  # words of a column


def _columns(models: ChosenModels, text: str, key: str, *, presented: int, mask_each: bool = False) -> None:
    """Both models' columns for `text`, with `presented` words each on a projector."""
    roles: dict[Role, str] = {"teacher": models.teacher, "student": models.student}
    place = f"{key}_place"
    found = {
        role: model_cache.predict(reference, text, mask_each=mask_each) for role, reference in roles.items()
    }
    rows = presented if is_presenting() else ROWS
    view = predictions_view(found, k=rows, number=st.session_state.get(place))
    del view["positions"]  # the columns alone

    def choose(number: int) -> None:
        st.session_state[place] = number

    columns_figure(view, key=key, on_choose=choose)


def _first_look(models: ChosenModels) -> None:
    _columns(models, MILK, "learn_columns", presented=4)


def _every_position(models: ChosenModels) -> None:
    take_parameter("each_text", WHOLE)
    with st.container(horizontal=True, vertical_alignment="center"):
        text = st.text_input(
            "Sentence", key="each_text", max_chars=300, persist_state="session", label_visibility="collapsed"
        )
        each = st.toggle(
            "Hide each word in turn", key="each_hidden", bind="query-params", persist_state="session"
        )
    write_parameter("each_text", text or "", WHOLE)
    _columns(models, text or WHOLE, "learn_each", presented=3, mask_each=each)


def _bars(models: ChosenModels) -> None:
    prediction = model_cache.predict(models.teacher, MILK)
    position = prediction.default_position
    top = prediction.top(position, 8)
    share = percent(prediction.shown_mass(position, 8))
    figure = word_bars(
        top["token"].tolist(),
        [WordSeries("teacher", theme.TEACHER, top["probability"].tolist())],
        title=f"The teacher's eight most probable words have {share} together",
        dark=theme.is_dark(),
    )
    show_figure(figure, "learn_milk_bars", "fairkd-milk", rows=True)


def _accepted(models: ChosenModels) -> None:
    prediction = model_cache.predict(models.teacher, MILK)
    position = prediction.default_position
    ids = prediction.top_ids(position, WORDS)
    chosen = st.pills(
        "Words that you accept",
        ids,
        selection_mode="multi",
        key="learn_accepted",
        persist_state="session",
        wrap=True,
        format_func=lambda token: literal(prediction.token_string(position, token)),
    )
    share = lessons.accepted_share(prediction, position, chosen)
    one = percent(lessons.accepted_share(prediction, position, ids[:1]))
    word = literal(prediction.token_string(position, ids[0]))
    if not chosen:
        st.markdown("Choose the words that make a good sentence.")
        return
    st.markdown(
        f"The words that **you** accept have **{percent(share)}** of the teacher's probability. If the text "
        f"says “{word}”, a model that learns from the text is told that “{word}” is right and nothing else "
        f"is. The teacher gives “{word}” {one}."
    )


def _how_sure(models: ChosenModels) -> QuestionAnswer:
    return lessons.how_sure(model_cache.predict(models.teacher, MILK))


def _exercise(models: ChosenModels) -> ExerciseResult | None:
    check = partial(lessons.check_many_answers, model_cache.get_model(models.teacher))
    return text_exercise("many_answers", "Your sentence", check, placeholder="My friend is called [MASK].")


PARTS = LessonParts(
    live={"columns": _first_look, "bars": _bars, "accepted": _accepted, "every_position": _every_position},
    answers={"how_sure": _how_sure},
    exercise=_exercise,
)
