"""The sections below the figure of the Predictions page: both models at the chosen position."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from app.charts.predictions import exactly, target_bars
from app.charts.text import percent
from app.components.bars import bars_data, bars_figure
from app.components.chart import show_figure
from app.predictions.position import Position, Role
from app.shared.model_cache import get_model
from app.shared.theme import is_dark
from app.shared.widgets import caption, csv_download, literal
from fairkd.errors import InputError
from fairkd.predictions import Comparison, Prediction

COLOURS: dict[Role, str] = {"teacher": "blue", "student": "orange"}
BOTH = ":blue[teacher] | :orange[student]"


def metrics(here: Position, frame: pd.DataFrame, row: Mapping[str, Any] | None, k: int) -> None:
    """The measures of one position. `row` is its `Comparison.row`, or None if a model is missing."""
    entropies = {role: f"{prediction.entropy(position):.2f}" for role, prediction, position in here.sides}
    masses = {role: percent(mass) for role, mass in here.mass(frame).items()}
    divergence = "–" if row is None or math.isnan(row["kl"]) else f"{row['kl']:.2f} nats"
    overlap = "–" if row is None else percent(row["overlap"])
    with st.container(horizontal=True, gap="small"):
        st.metric(
            f"Entropy, {BOTH}",
            " | ".join(entropies.get(role, "–") for role in COLOURS) + " nats",
            help="How uncertain each model is about this word. 0 means that it is certain.",
            width=210,
        )
        st.metric(
            "KL(teacher ‖ student)",
            divergence,
            help="How much the student's distribution differs from the teacher's at this position. 0 means "
            "that they are equal.",
            width=190,
        )
        st.metric(
            f"Words in both top {k}",
            overlap,
            help=f"The share of the teacher's {k} most probable words that are also among the student's {k}.",
            width=170,
        )
        st.metric(
            f"Probability of the words shown, {BOTH}",
            " | ".join(masses.get(role, "–") for role in COLOURS),
            help=f"How much probability each model gives to all words below: the top {k} of both models. The "
            "rest is spread over all other words.",
            width=330,
        )


def bars(here: Position, frame: pd.DataFrame, *, log: bool) -> None:
    """Both models' words, side by side."""
    bars_figure(bars_data(frame, title=here.finding(), log=log), key="bars")
    caption(
        "The most probable words of both models at the chosen position. If only one model finds a word "
        "probable, the student has not learnt it, or was trained to expect it less."
    )


def table(frame: pd.DataFrame) -> None:
    """The words with each model's probability and rank, as a table with its download."""
    number = st.column_config.NumberColumn
    columns = ["token", "teacher_probability", "student_probability", "teacher_rank", "student_rank"]
    st.dataframe(
        frame[columns].dropna(axis="columns", how="all"),  # without the columns of a missing model
        hide_index=True,
        key="words",
        row_height=30,
        height=min(38 + 30 * len(frame), 620),
        column_config={
            "token": st.column_config.TextColumn("word", width=84),
            "teacher_probability": number("teacher", format="percent", width=60),
            "student_probability": number("student", format="percent", width=60),
            "teacher_rank": number("rank, teacher", format="localized", width=94),
            "student_rank": number("rank, student", format="localized", width=94),
        },
    )
    csv_download(frame, "fairkd-position", "words_csv")


def lookup(here: Position) -> None:
    """Probability and rank of any word at this position."""
    word = st.text_input(
        "Look up any word here",
        key="word",
        bind="query-params",
        max_chars=80,
        placeholder="for example: milkshake",
    )
    word = (word or "").strip()
    if not word:
        return
    for role, prediction, position in here.sides:
        found = literal(_word_at(prediction, position, word))
        st.markdown(f":{COLOURS[role]}[**{role.capitalize()}**] {found}")


def _word_at(prediction: Prediction, position: int, word: str) -> str:
    """One model's probability and rank for a word, or why there are none."""
    from fairkd.predictions import look_up  # imports PyTorch

    try:
        found = look_up(get_model(prediction.reference), prediction, word, position=position)
    except InputError as error:
        return str(error)
    parts = []
    if found.probability is not None:
        parts.append(exactly(found.probability))
    if found.rank is not None:
        parts.append(f"rank {found.rank:,} of {len(prediction.token_strings):,}")
    if (spelling := " ".join(found.spelling)) != word:
        parts.append(f"spelled {spelling}")
    if found.note:
        parts.append(found.note)
    return " · ".join(parts)


def targets(here: Position, *, k: int, temperature: float) -> None:
    """The two targets that a student can be trained on, if asked for: hard label and soft target."""
    wanted = st.toggle(
        "Show what a student is taught here",
        key="hard",
        bind="query-params",
        help="Compare the two training targets at the chosen position: the hard label (one word) and the "
        "soft target (the teacher's probabilities).",
    )
    if not wanted:
        return
    found = here.targets(k)
    if found is None:
        caption("The teacher has no token at this position, so there is no target to show.")
        return
    title = (
        f"The hard label is “{found.label}” only. The soft target gives {percent(found.rest)} to other words"
    )
    show_figure(target_bars(found.frame, title=title, dark=is_dark()), "targets", "fairkd-targets")
    source = (
        "The hard label is the word in the sentence"
        if found.visible
        else "The word is masked here, so the teacher's most probable word is shown as the hard label"
    )
    caption(
        f"{source}. Ordinary MLM training uses only this label: all other words count as equally wrong. "
        "Distillation uses the soft target: the teacher's probability for every word, at temperature "
        f"{temperature:g}. The probabilities of the wrong words are the *dark knowledge* of the teacher "
        "(Hinton et al. 2015). They help the student to learn, and they carry the teacher's bias."
    )
    csv_download(found.frame, "fairkd-targets", "targets_csv")


def along_the_sentence(comparison: Comparison, k: int) -> None:
    """KL, overlap and entropies at every position, computed when the panel is opened."""
    panel = st.expander("How much do the two models differ at each position?", key="along", on_change="rerun")
    if not panel.open:
        return
    frame = comparison.table(k)
    with panel:
        number = st.column_config.NumberColumn
        st.dataframe(
            frame[["token", "kl", "overlap", "teacher_entropy", "student_entropy"]],
            hide_index=True,
            key="along_table",
            column_config={
                "kl": number("KL(teacher ‖ student), nats", format="%.3f"),
                "overlap": number(f"words in both top {k}", format="percent"),
                "teacher_entropy": number("entropy, teacher, nats", format="%.2f"),
                "student_entropy": number("entropy, student, nats", format="%.2f"),
            },
        )
        csv_download(frame, "fairkd-positions", "along_csv")
