"""Predictions: what teacher and student expect at every position of a sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from app import loading
from app.charts.predictions import percent, position_bars, target_bars
from app.components.columns import Slot, columns_figure, figure_data, slots
from app.lookup import look_up
from app.sidebar import chosen_models
from app.theme import is_dark
from app.widgets import caption, download_row, literal, show_figure
from fairkd.distributions import Prediction
from fairkd.errors import FairKDError
from fairkd.predictions import Comparison, compare

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
    masked_in_turn: bool
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
        help="Write `[MASK]` or a lone `_` where the models shall guess. Without one, the sentence is read as it is.",
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
            width=170,
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
            width=170,
            format="%.1f",
            help="Divides the logits: below 1 sharper, above 1 flatter. Distillation often uses 2.",
        )
        each = st.toggle(
            "Mask in turn",
            key="each",
            bind="query-params",
            help="Hide each token in turn and predict it from the others, instead of reading the sentence as written.",
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
            help="What a student is asked for at this position: the hard label of MLM training against the soft "
            "target of distillation.",
        )
    return Settings(text, k, temperature, each, log, hard)


def predictions_of(
    references: tuple[str, str], settings: Settings
) -> tuple[Prediction | None, Prediction | None]:
    """Both models' predictions; what keeps one of them from predicting is said on the page, once."""
    found: list[Prediction | None] = []
    problems: dict[str, None] = {}
    for reference in references:
        try:
            found.append(
                loading.predict(
                    reference,
                    settings.text,
                    temperature=settings.temperature,
                    masked_in_turn=settings.masked_in_turn,
                )
            )
        except FairKDError as error:
            found.append(None)
            problems[str(error)] = None
    for problem in problems:
        st.error(literal(problem), icon=":material/error:")
    return found[0], found[1]


def hint_unknown(*predictions: Prediction | None) -> None:
    """Say which characters a model cannot read."""
    for prediction in predictions:
        if prediction is None:
            continue
        unread = [prediction.text[t.start : t.end] for t in prediction.tokens if t.unknown]
        if unread:
            listed = ", ".join(f"“{one}”" for one in dict.fromkeys(unread))
            st.warning(
                literal(
                    f"{prediction.reference} cannot spell {listed} and reads it as its unknown token, "
                    "framed in red below; its guesses around it are worth less."
                ),
                icon=":material/help:",
            )


def chosen_number(columns: tuple[Slot, ...], default: int) -> int:
    """The chosen column, counted from 1: from the URL if it is there, else the default."""
    asked = str(st.query_params.get(POSITION, ""))
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0
    return number if 1 <= number <= len(columns) else default


def default_number(columns: tuple[Slot, ...], teacher: Prediction | None, student: Prediction | None) -> int:
    """The column of the first mask, else the middle one."""
    for number, slot in enumerate(columns, start=1):
        if teacher is not None and slot.teacher == teacher.default_position:
            return number
        if teacher is None and student is not None and slot.student == student.default_position:
            return number
    return 1


def frame_at(
    slot: Slot,
    teacher: Prediction | None,
    student: Prediction | None,
    comparison: Comparison | None,
    k: int,
) -> pd.DataFrame:
    """Words, probabilities and ranks at a column, for the models that have it."""
    if comparison is not None and slot.teacher is not None:
        return comparison.at(slot.teacher, k)
    role, prediction, position = (
        ("teacher", teacher, slot.teacher) if slot.teacher is not None else ("student", student, slot.student)
    )
    other = "student" if role == "teacher" else "teacher"
    assert prediction is not None and position is not None
    top = prediction.top(position, k)
    frame = pd.DataFrame({"token": top["token"], f"{role}_probability": top["probability"]})
    frame[f"{other}_probability"] = math.nan
    frame[f"{role}_rank"] = top["rank"].astype("Int64")
    frame[f"{other}_rank"] = pd.Series([pd.NA] * len(top), dtype="Int64")
    return frame


def finding(slot: Slot, frame: pd.DataFrame) -> str:
    """The title of the bars: what either model holds most probable."""
    said = []
    for role in ("teacher", "student"):
        column = frame[f"{role}_probability"]
        if column.notna().any():
            best = frame.loc[column.idxmax()]
            said.append(f"{role} says “{best['token']}” ({percent(best[f'{role}_probability'])})")
    return f"At “{slot.text}”: {', '.join(said)}"


def metrics(
    slot: Slot, teacher: Prediction | None, student: Prediction | None, row: pd.Series | None, k: int
) -> None:
    """The figures of one position."""
    here = [(teacher, slot.teacher), (student, slot.student)]
    entropies, masses = [], []
    for prediction, position in here:
        known = prediction is not None and position is not None
        entropies.append(f"{prediction.entropy(position):.2f}" if known else "–")
        masses.append(percent(prediction.shown_mass(position, k)) if known else "–")
    divergence = "–" if row is None or math.isnan(row["kl"]) else f"{row['kl']:.2f} nats"
    overlap = "–" if row is None or math.isnan(row["overlap"]) else percent(row["overlap"])
    both = ":blue[teacher] | :orange[student]"
    with st.container(horizontal=True, gap="small"):
        st.metric(
            f"Entropy, {both}",
            " | ".join(entropies) + " nats",
            help="How undecided each model is: 0 when certain.",
            width=230,
        )
        st.metric(
            "KL(teacher ‖ student)",
            divergence,
            help="What the student misses of the teacher's distribution at this position: 0 when they agree.",
            width=210,
        )
        st.metric(
            f"Top-{k} overlap",
            overlap,
            help=f"The share of their {k} most probable words that both models have.",
            width=170,
        )
        st.metric(
            f"Mass shown, {both}",
            " | ".join(masses),
            help=f"The probability that each model's own top {k} hold together.",
            width=260,
        )


def table(frame: pd.DataFrame, key: str) -> None:
    """Words with probability and rank of both models, to read and to download."""
    columns = ["token", "teacher_probability", "student_probability", "teacher_rank", "student_rank"]
    number = st.column_config.NumberColumn
    st.dataframe(
        frame[columns],
        hide_index=True,
        key=key,
        row_height=30,
        height=min(38 + 30 * len(frame), 620),
        column_config={
            "token": st.column_config.TextColumn("word", width=104),
            "teacher_probability": number("teacher", format="percent", width=66),
            "student_probability": number("student", format="percent", width=66),
            "teacher_rank": number("rank (t)", format="localized", width=62),
            "student_rank": number("rank (s)", format="localized", width=62),
        },
    )
    download_row(frame, "fairkd-position", f"{key}_csv")


def lookup(slot: Slot, teacher: Prediction | None, student: Prediction | None) -> None:
    """Probability and rank of a word that need not be among the shown ones."""
    word = st.text_input(
        "Look up any word at this position",
        key="word",
        bind="query-params",
        max_chars=80,
        placeholder="for example: milkshake",
        width=320,
    )
    if not word or not word.strip():
        return
    for role, prediction, position in (
        ("teacher", teacher, slot.teacher),
        ("student", student, slot.student),
    ):
        if prediction is None or position is None:
            continue
        found = look_up(prediction, position, word.strip())
        colour = "blue" if role == "teacher" else "orange"
        parts = [percent(found.probability)] if found.probability is not None else []
        if found.rank is not None:
            parts.append(f"rank {found.rank:,} of {len(prediction.labels):,}")
        if found.pieces and found.pieces != word.strip():
            parts.append(f"spelled {found.pieces}")
        if found.note:
            parts.append(found.note)
        st.markdown(f":{colour}[**{role.capitalize()}**] {literal(' · '.join(parts))}")


def targets(slot: Slot, prediction: Prediction, position: int, settings: Settings) -> None:
    """Hard label against soft target at one position of the teacher's."""
    token = prediction.tokens[position]
    top = prediction.top(position, settings.k)
    label = int(top["id"].iloc[0]) if token.masked or token.unknown else token.id
    frame = pd.DataFrame({"token": top["token"], "id": top["id"], "soft": top["probability"]})
    if label not in set(frame["id"]):
        own = {"token": prediction.label(position, label), "id": label}
        own["soft"] = float(prediction.row(position)[label].exp())
        frame = pd.concat([frame, pd.DataFrame([own])], ignore_index=True)
    frame["hard"] = (frame["id"] == label).astype(float)
    word = prediction.label(position, label)
    rest = 1 - float(frame.loc[frame["id"] == label, "soft"].iloc[0])
    show_figure(
        target_bars(
            frame,
            title=f"The hard label asks for “{word}” alone; the soft target gives {percent(rest)} to other words",
            dark=is_dark(),
        ),
        "targets",
        "fairkd-targets",
    )
    source = (
        "The sentence hides its word here, so the teacher's first guess stands in for it"
        if token.masked or token.unknown
        else "The label is the word that stands in the sentence"
    )
    caption(
        f"{source}. MLM training sees the grey bar alone, and only at masked positions: every other word counts as "
        "equally wrong. Distillation sees all blue bars, at every position: which words the teacher thinks likely, "
        f"and by how much (temperature {settings.temperature:g}). The wrong answers teach, too, and so does the bias "
        "among them."
    )
    download_row(frame.drop(columns="id"), "fairkd-targets", "targets_csv")


def every_position(references: tuple[str, str], settings: Settings) -> None:
    """KL, overlap and entropies along the sentence."""
    panel = st.expander("How far apart are they along the sentence?", key="along", on_change="rerun")
    if not panel.open:
        return
    with panel:
        frame = loading.comparison_table(
            *references,
            settings.text,
            k=settings.k,
            temperature=settings.temperature,
            masked_in_turn=settings.masked_in_turn,
        )
        number = st.column_config.NumberColumn
        st.dataframe(
            frame[["token", "kl", "overlap", "teacher_entropy", "student_entropy"]],
            hide_index=True,
            key="along_table",
            column_config={
                "kl": number("KL(teacher ‖ student), nats", format="%.3f"),
                "overlap": number(f"top-{settings.k} overlap", format="percent"),
                "teacher_entropy": number("entropy, teacher (nats)", format="%.2f"),
                "student_entropy": number("entropy, student (nats)", format="%.2f"),
            },
        )
        download_row(frame, "fairkd-positions", "along_csv")


@st.fragment
def body(references: tuple[str, str]) -> None:
    """Everything under the title: reruns alone when a control changes."""
    text = sentence()
    above = st.container()
    settings = controls(text)
    with above:
        teacher, student = predictions_of(references, settings)
        hint_unknown(teacher, student)
        comparison = compare(teacher, student) if teacher is not None and student is not None else None
        columns = slots(teacher, student, comparison)
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
            "Each token has a column of what the models expect in its place, most probable on top: the teacher's in "
            "blue above, the student's in orange below. Click a column, or reach it with Tab, the arrow keys and "
            "Enter, to compare both models there."
        )

    slot = columns[number - 1]
    frame = frame_at(slot, teacher, student, comparison, settings.k)
    row = None
    if comparison is not None:
        along = loading.comparison_table(
            *references,
            settings.text,
            k=settings.k,
            temperature=settings.temperature,
            masked_in_turn=settings.masked_in_turn,
        )
        row = along.iloc[number - 1]
    metrics(slot, teacher, student, row, settings.k)
    if comparison is not None and comparison.reason:
        st.info(literal(comparison.reason), icon=":material/info:")
    left, right = st.columns([3, 2], gap="large")
    with left:
        title = finding(slot, frame)
        show_figure(
            position_bars(frame, title=title, log=settings.log, dark=is_dark()), "bars", "fairkd-position"
        )
        caption(
            "The union of both models' most probable words at the chosen position. A word that stands high in one "
            "model alone shows what the student has not learnt, or what it was taught to leave."
        )
    with right:
        table(frame, "words")
        lookup(slot, teacher, student)
    if settings.hard and teacher is not None and slot.teacher is not None:
        targets(slot, teacher, slot.teacher, settings)
    if comparison is not None:
        every_position(references, settings)


st.header("What do teacher and student expect at every position?")
body(chosen_models())
