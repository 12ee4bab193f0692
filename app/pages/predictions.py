"""Predictions: which words teacher and student expect at every position of a sentence."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app.components.columns import TokenColumn, columns_figure, figure_data, token_columns
from app.predictions.position import Position
from app.predictions.sections import along_the_sentence, bars, lookup, metrics, table, targets
from app.shared import model_cache
from app.shared.activity import track_activity
from app.shared.sidebar import chosen_models
from app.shared.widgets import caption, literal, warn_unread
from fairkd.models import unknown_parts
from fairkd.predictions import Prediction, compare

START = "Milk is a [MASK]."
PRESETS = (
    START,
    "[MASK] is a nurse.",
    "[MASK] is a doctor.",
    "The [MASK] thanked [MASK] mother.",
    "The engineer finished her work.",
)
POSITION = "position"  # a parameter of the address; it belongs to no widget, so the page writes it


@dataclass(frozen=True)
class Settings:
    """The values of the controls."""

    text: str
    k: int
    temperature: float
    mask_each: bool
    log: bool


def forget_position() -> None:
    """Remove the position from the address, for example because the sentence has changed."""
    st.query_params.pop(POSITION, None)


def take_preset() -> None:
    """Make the chosen example the sentence, and unselect it, so that it can be chosen again."""
    if st.session_state["preset"] is not None:
        st.session_state["text"] = st.session_state["preset"]
        st.session_state["preset"] = None
        forget_position()


def sentence() -> str:
    """The sentence and the examples."""
    text = st.text_input(
        "Sentence",
        value=START,
        key="text",
        bind="query-params",
        max_chars=4000,
        on_change=forget_position,
        placeholder="Type a sentence and press Enter. Write [MASK] or _ for a hidden word",
        help="Write `[MASK]` or `_` for a hidden word that the models have to guess. `[MASK]` is not "
        "required: the models also predict the words that they can see. Press Enter to apply.",
    )
    st.pills(
        "Examples",
        PRESETS,
        key="preset",
        format_func=literal,
        on_change=take_preset,
        label_visibility="collapsed",
    )
    return text or ""


def controls(text: str) -> Settings:
    """The row of controls below the figure."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        k = st.slider(
            "Words per column",
            1,
            20,
            7,
            key="k",
            bind="query-params",
            width=158,
            help="How many of the most probable words are shown at each position (top k).",
        )
        temperature = st.slider(
            "Temperature",
            0.1,
            5.0,
            1.0,
            0.1,
            key="temperature",
            bind="query-params",
            width=158,
            format="%.1f",
            help="The models' scores (logits) are divided by the temperature. Below 1, probable words become "
            "more probable; above 1, all words become more alike. Distillation often uses 2.",
        )
        each = st.toggle(
            "Hide each word in turn",
            key="each",
            bind="query-params",
            help="Off: the models read the sentence as written. On: each token is masked in turn and "
            "predicted from the others.",
        )
        log = st.toggle(
            "Log scale",
            key="log",
            bind="query-params",
            help="Draw shades and bars by the logarithm of the probability. Improbable words become visible.",
        )
    return Settings(text, k, temperature, each, log)


def predictions_of(
    references: tuple[str, str], settings: Settings
) -> tuple[Prediction | None, Prediction | None]:
    """Both models' predictions. None for a model with an error, which is shown on the page."""
    found: list[Prediction | None] = []
    problems: dict[str, None] = {}
    for reference in references:
        prediction = None
        with model_cache.collect_errors(problems):
            prediction = model_cache.predict(
                reference,
                settings.text,
                temperature=settings.temperature,
                mask_each=settings.mask_each,
            )
        found.append(prediction)
    model_cache.show_errors(problems)
    return found[0], found[1]


def hint_unknown(*predictions: Prediction | None) -> None:
    """Warn about characters that a model does not know."""
    found = (
        (one.reference, unknown_parts(model_cache.get_model(one.reference), one.text))
        for one in predictions
        if one is not None
    )
    warn_unread(((who, [f"“{part}”" for part in parts]) for who, parts in found), shown=", framed in red")


def chosen_number(columns: tuple[TokenColumn, ...], default: int) -> int:
    """The chosen column, counted from 1: the one in the address if it is valid, else the default."""
    asked = str(st.query_params.get(POSITION, ""))
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0
    return number if 1 <= number <= len(columns) else default


def default_number(
    columns: tuple[TokenColumn, ...], teacher: Prediction | None, student: Prediction | None
) -> int:
    """The column at the teacher's default position, or at the student's if there is no teacher."""
    places = [column.student if teacher is None else column.teacher for column in columns]
    model = teacher or student
    wanted = None if model is None else model.default_position
    return next((number for number, place in enumerate(places, start=1) if place == wanted), 1)


@st.fragment
@track_activity()
def body(references: tuple[str, str]) -> None:
    """Everything below the title, as a fragment: a changed control reruns only this part."""
    text = sentence()
    above = st.container()
    settings = controls(text)
    with above:
        teacher, student = predictions_of(references, settings)
        hint_unknown(teacher, student)
        comparison = compare(teacher, student) if teacher is not None and student is not None else None
        columns = token_columns(teacher, student, comparison)
        if not columns:
            return
        default = default_number(columns, teacher, student)
        number = chosen_number(columns, default)

        def choose(chosen: int) -> None:
            if chosen == default:
                forget_position()
            else:
                st.query_params[POSITION] = str(chosen)

        data = figure_data(columns, teacher, student, rows=settings.k, selected=number, log=settings.log)
        columns_figure(data, key="columns", on_choose=choose)
        caption(
            "Each column shows the words that a model expects at this position, the most probable on top. "
            "The teacher is blue (above), the student orange (below). Darker cells are more probable. Click "
            "a column to compare both models there, or use Tab, the arrow keys and Enter."
        )

    here = Position(columns[number - 1], teacher, student, comparison)
    frame = here.frame(settings.k)
    numbers = st.container()
    left, right = st.columns([5, 4], gap="large")
    with left:  # drawn first, because readers look at the bars first
        bars(here, frame, log=settings.log)
    with numbers:
        row = None if comparison is None else comparison.row(number - 1, settings.k)
        metrics(here, frame, row, settings.k)
        if comparison is not None and comparison.reason:
            st.info(literal(comparison.reason), icon=":material/info:")
    with right:
        table(frame)
        lookup(here)
    targets(here, k=settings.k, temperature=settings.temperature)
    if comparison is not None:
        along_the_sentence(comparison, settings.k)


st.header("Which words do the two models expect?")
caption(
    "A masked language model predicts a hidden word, written \\[MASK\\]. The **teacher** is the larger "
    "model. The **student** is a smaller model that learnt from it. Type a sentence, or choose an example."
)
body(chosen_models())
