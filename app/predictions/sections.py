"""The sections of the Predictions page under the figure: both models at the chosen position."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from app.charts.predictions import exactly, target_bars
from app.charts.text import percent
from app.components.bars import bars_data, bars_figure
from app.predictions.position import Position, Role
from app.predictions.word_lookup import look_up
from app.shared.theme import is_dark
from app.shared.widgets import caption, download_row, literal, show_figure
from fairkd.predictions import Comparison

COLOURS: dict[Role, str] = {"teacher": "blue", "student": "orange"}
BOTH = ":blue[teacher] | :orange[student]"


def metrics(here: Position, frame: pd.DataFrame, row: Mapping[str, Any] | None, k: int) -> None:
    """The numbers of one position; `row` is its `Comparison.row`, None where a model is missing."""
    entropies = {role: f"{prediction.entropy(position):.2f}" for role, prediction, position in here.sides}
    masses = {role: percent(mass) for role, mass in here.mass(frame).items()}
    divergence = "–" if row is None or math.isnan(row["kl"]) else f"{row['kl']:.2f} nats"
    overlap = "–" if row is None else percent(row["overlap"])
    with st.container(horizontal=True, gap="small"):
        st.metric(
            f"Entropy, {BOTH}",
            " | ".join(entropies.get(role, "–") for role in COLOURS) + " nats",
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
            f"Mass shown, {BOTH}",
            " | ".join(masses.get(role, "–") for role in COLOURS),
            help=f"The probability that each model gives to all words below: both models' top {k}.",
            width=260,
        )


def bars(here: Position, frame: pd.DataFrame, *, log: bool) -> None:
    """Both models' words, side by side."""
    bars_figure(bars_data(frame, title=here.finding(), log=log), key="bars")
    caption(
        "The union of both models' most probable words at the chosen position. A word that stands high in "
        "one model alone shows what the student has not learnt, or what it was taught to leave."
    )


def table(frame: pd.DataFrame) -> None:
    """Words with probability and rank of both models, to read and to download."""
    number = st.column_config.NumberColumn
    columns = ["token", "teacher_probability", "student_probability", "teacher_rank", "student_rank"]
    st.dataframe(
        frame[columns].dropna(axis="columns", how="all"),  # a model that is not here has no columns
        hide_index=True,
        key="words",
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
    download_row(frame, "fairkd-position", "words_csv")


def lookup(here: Position) -> None:
    """Probability and rank of a word that need not be among the shown ones."""
    word = st.text_input(
        "Look up any word at this position",
        key="word",
        bind="query-params",
        max_chars=80,
        placeholder="for example: milkshake",
    )
    word = (word or "").strip()
    if not word:
        return
    for role, prediction, position in here.sides:
        found = look_up(prediction, position, word)
        parts = []
        if found.probability is not None:
            parts.append(exactly(found.probability))
        if found.rank is not None:
            parts.append(f"rank {found.rank:,} of {len(prediction.token_strings):,}")
        if found.subwords not in ("", word):
            parts.append(f"spelled {found.subwords}")
        if found.note:
            parts.append(found.note)
        st.markdown(f":{COLOURS[role]}[**{role.capitalize()}**] {literal(' · '.join(parts))}")


def targets(here: Position, *, k: int, temperature: float) -> None:
    """Hard label against soft target."""
    asked = here.targets(k)
    if asked is None:
        caption("The teacher has no token at this position, so there is neither label nor soft target.")
        return
    title = f"The label asks for “{asked.label}” alone; the soft target gives {percent(asked.rest)} to others"
    show_figure(target_bars(asked.frame, title=title, dark=is_dark()), "targets", "fairkd-targets")
    source = (
        "The label is the word that stands in the sentence"
        if asked.visible
        else "The sentence hides its word here, so the teacher's first guess stands in for it"
    )
    caption(
        f"{source}. MLM training sees the grey bar alone, and only at masked positions: every other word "
        "counts as equally wrong. Distillation sees all blue bars, at every position: what the teacher "
        f"thinks likely, and by how much (temperature {temperature:g}). The wrong answers teach, too, and so "
        "does the bias among them."
    )
    download_row(asked.frame, "fairkd-targets", "targets_csv")


def along_the_sentence(comparison: Comparison, k: int) -> None:
    """KL, overlap and entropies at every position; computed and drawn when it is opened."""
    panel = st.expander("How far apart are they along the sentence?", key="along", on_change="rerun")
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
                "overlap": number(f"top-{k} overlap", format="percent"),
                "teacher_entropy": number("entropy, teacher (nats)", format="%.2f"),
                "student_entropy": number("entropy, student (nats)", format="%.2f"),
            },
        )
        download_row(frame, "fairkd-positions", "along_csv")
