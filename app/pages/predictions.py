"""Predictions: what teacher and student expect at every position of a sentence."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app.components.columns import TokenColumn, columns_figure, figure_data, token_columns
from app.predictions.position import Position
from app.predictions.sections import along_the_sentence, bars, lookup, metrics, table, targets
from app.shared import model_cache
from app.shared.activity import waited_for
from app.shared.sidebar import chosen_models
from app.shared.widgets import caption, literal, warn_unread
from fairkd.models import unread
from fairkd.predictions import Prediction, compare

START = "Milk is a [MASK]."
PRESETS = (
    START,
    "[MASK] is a nurse.",
    "[MASK] is a doctor.",
    "The [MASK] thanked [MASK] mother.",
    "The engineer finished her work.",
)
POSITION = "position"  # in the URL; no widget holds it, so it is not bound but written here


@dataclass(frozen=True)
class Settings:
    """What the controls say."""

    text: str
    k: int
    temperature: float
    mask_each: bool
    log: bool
    hard: bool


def forget_position() -> None:
    """Another sentence has other positions: back to its mask."""
    st.query_params.pop(POSITION, None)


def take_preset() -> None:
    """A preset becomes the sentence; the pill itself stays unpressed, ready for the next time."""
    if st.session_state["preset"] is not None:
        st.session_state["text"] = st.session_state["preset"]
        st.session_state["preset"] = None
        forget_position()


def sentence() -> str:
    """The sentence and the presets."""
    text = st.text_input(
        "Sentence",
        value=START,
        key="text",
        bind="query-params",
        max_chars=4000,
        on_change=forget_position,
        placeholder="Type a sentence; write [MASK] or _ where the models shall guess",
        help="Write `[MASK]` or a lone `_` where the models shall guess. Without one, the sentence is read "
        "as it is.",
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
    """The row of settings under the figure."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        k = st.slider(
            "Words shown (top k)",
            1,
            20,
            7,
            key="k",
            bind="query-params",
            width=158,
            help="How many of the most probable words each column and the bars show.",
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
            help="Divides the logits: below 1 sharper, above 1 flatter. Distillation often uses 2.",
        )
        each = st.toggle(
            "Mask in turn",
            key="each",
            bind="query-params",
            help="Hide each token in turn and predict it from the others, instead of reading the sentence as "
            "written.",
        )
        log = st.toggle(
            "Log scale",
            key="log",
            bind="query-params",
            help="Shades and bars by the logarithm of the probability, which brings out the rare words.",
        )
        hard = st.toggle(
            "Hard or soft target",
            key="hard",
            bind="query-params",
            help="What a student is asked for at this position: the hard label of MLM training against the "
            "soft target of distillation.",
        )
    return Settings(text, k, temperature, each, log, hard)


def predictions_of(
    references: tuple[str, str], settings: Settings
) -> tuple[Prediction | None, Prediction | None]:
    """Both models' predictions; what keeps one of them from predicting is said on the page, once."""
    found: list[Prediction | None] = []
    problems: dict[str, None] = {}
    for reference in references:
        prediction = None
        with model_cache.noting(problems):
            prediction = model_cache.predict(
                reference,
                settings.text,
                temperature=settings.temperature,
                mask_each=settings.mask_each,
            )
        found.append(prediction)
    model_cache.tell(problems)
    return found[0], found[1]


def hint_unknown(*predictions: Prediction | None) -> None:
    """Say which characters a model cannot read."""
    found = (
        (one.reference, unread(model_cache.get_model(one.reference), one.text))
        for one in predictions
        if one is not None
    )
    warn_unread(((who, [f"“{part}”" for part in parts]) for who, parts in found), shown=", framed in red")


def chosen_number(columns: tuple[TokenColumn, ...], default: int) -> int:
    """The chosen column, counted from 1: from the URL if it is there, else the default."""
    asked = str(st.query_params.get(POSITION, ""))
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0
    return number if 1 <= number <= len(columns) else default


def default_number(
    columns: tuple[TokenColumn, ...], teacher: Prediction | None, student: Prediction | None
) -> int:
    """The column at the default position of the teacher, or where there is none of the student."""
    places = [column.student if teacher is None else column.teacher for column in columns]
    model = teacher or student
    wanted = None if model is None else model.default_position
    return next((number for number, place in enumerate(places, start=1) if place == wanted), 1)


@st.fragment
@waited_for()
def body(references: tuple[str, str]) -> None:
    """Everything under the title: reruns alone when a control changes."""
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
            "Each token has a column of what the models expect in its place, most probable on top: the "
            "teacher's in blue above, the student's in orange below. Click a column, or reach it with Tab, "
            "the arrow keys and Enter, to compare both models there."
        )

    here = Position(columns[number - 1], teacher, student, comparison)
    frame = here.frame(settings.k)
    numbers = st.container()
    left, right = st.columns([3, 2], gap="large")
    with left:  # sent first: the eye goes from the figure to the bars
        bars(here, frame, log=settings.log)
    with numbers:
        row = None if comparison is None else comparison.row(number - 1, settings.k)
        metrics(here, frame, row, settings.k)
        if comparison is not None and comparison.reason:
            st.info(literal(comparison.reason), icon=":material/info:")
    with right:
        table(frame)
        lookup(here)
    if settings.hard:
        targets(here, k=settings.k, temperature=settings.temperature)
    if comparison is not None:
        along_the_sentence(comparison, settings.k)


st.header("What do teacher and student expect at every position?")
body(chosen_models())
