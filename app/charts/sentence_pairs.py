"""Figures of the view “Two sentences”: which words are more likely in one sentence than in the other.

The preference for a word w is log p(w | A) - log p(w | B), in nats.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.charts.base import Hues, base_figure, chosen_labels, colour, guide, hues, labelled_points, span
from app.charts.gaps import KINDS
from app.charts.text import shorten

Model = Literal["teacher", "student"]
LABELS = 16
DIGITS = 2  # as shown; numbers that look equal count as equal


def preference_scatter(
    frame: pd.DataFrame, *, sentences: tuple[str, str], model: Model, dark: bool = False
) -> go.Figure:
    """The probability of each word in sentence A (x) and in sentence B (y), by one model.

    `frame` is from `fairkd.measures.prefer` (token, log_p_a, log_p_b, preference). Words below the diagonal
    are more likely in A, words above it in B.
    """
    shades = hues(dark)
    notes = _notes(sentences, shades)
    figure = base_figure(title=_title(frame, model), height=560, dark=dark, notes=notes)
    low, high = span([*frame["log_p_a"], *frame["log_p_b"]])
    figure.add_shape(guide(low, low, high, high, shades.faint, dash="dash"))
    labels = chosen_labels(
        list(frame["log_p_a"]),
        list(frame["log_p_b"]),
        [shorten(token, 18) for token in frame["token"]],
        list(frame["preference"].abs()),
        x_range=(low, high),
        y_range=(low, high),
        most=LABELS,
    )
    signs = np.sign(frame["preference"].round(DIGITS))
    for sign, hue, symbol, name in (
        (1, shades.group_a, "circle", "more likely in A"),
        (-1, shades.group_b, "square", "more likely in B"),
        (0, *KINDS["none"], "equally likely"),
    ):
        rows = [index for index, found in enumerate(signs) if found == sign]
        if not rows:
            continue
        figure.add_trace(
            labelled_points(
                frame,
                rows,
                columns=("token", "log_p_a", "log_p_b", "preference"),
                name=name,
                marker={"color": hue, "symbol": symbol, "size": 8},
                labels=labels,
                details=(
                    "log p(word | A) = %{customdata[1]}",
                    "log p(word | B) = %{customdata[2]}",
                    "preference %{customdata[3]} nats",
                ),
                ink=shades.text,
            )
        )
    figure.update_xaxes(
        title_text=colour("log p(word | A) in nats", shades.group_a), range=[low, high], zeroline=False
    )
    figure.update_yaxes(
        title_text=colour("log p(word | B) in nats", shades.group_b), range=[low, high], zeroline=False
    )
    return figure


def _title(frame: pd.DataFrame, model: Model) -> str:
    """The words with the largest preference for A and for B, as a sentence."""
    if frame.empty:
        return f"The {model} has no words to compare"
    most_a = frame.loc[frame["preference"].idxmax()]
    most_b = frame.loc[frame["preference"].idxmin()]
    if not frame["preference"].round(DIGITS).any():
        return f"The {model} finds every word equally likely in A and in B"
    if round(most_a["preference"], DIGITS) <= 0 or round(most_b["preference"], DIGITS) >= 0:
        return f"Which words does the {model} find more likely in A, and which in B?"
    words = shorten(str(most_a["token"]), 20), shorten(str(most_b["token"]), 20)
    return f"The {model}'s largest preferences: “{words[0]}” in A, “{words[1]}” in B"


def _notes(sentences: tuple[str, str], shades: Hues) -> list[tuple[str, str]]:
    """The two sentences, so that a downloaded figure is complete."""
    return [(f"A: {sentences[0]}", shades.group_a), (f"B: {sentences[1]}", shades.group_b)]


def preference_transfer(frame: pd.DataFrame, *, sentences: tuple[str, str], dark: bool = False) -> go.Figure:
    """The teacher's preference for each word against the student's.

    `frame` is from `fairkd.measures.prefer_difference` (token, teacher, student, difference). On the diagonal
    both models have the same preference; on the horizontal line the student has none.
    """
    shades = hues(dark)
    notes = _notes(sentences, shades)
    figure = base_figure(title=_transfer_title(frame), height=560, dark=dark, notes=notes)
    low, high = span([*frame["teacher"], *frame["student"]], around=[0.0])
    figure.add_shape(guide(low, 0, high, 0, shades.faint))
    figure.add_shape(guide(0, low, 0, high, shades.faint))
    figure.add_shape(guide(low, low, high, high, shades.faint, dash="dash"))
    labels = chosen_labels(
        list(frame["teacher"]),
        list(frame["student"]),
        [shorten(token, 18) for token in frame["token"]],
        list(frame["difference"].abs() + frame["teacher"].abs()),
        x_range=(low, high),
        y_range=(low, high),
        most=LABELS,
    )
    changes = np.sign(frame["student"].abs().round(DIGITS) - frame["teacher"].abs().round(DIGITS))
    for change, hue, symbol, name in (
        (-1, *KINDS["reduced"], "weaker in the student"),
        (1, *KINDS["amplified"], "stronger in the student"),
        (0, *KINDS["inherited"], "equal"),
    ):
        rows = [index for index, found in enumerate(changes) if found == change]
        if not rows:
            continue
        figure.add_trace(
            labelled_points(
                frame,
                rows,
                columns=("token", "teacher", "student", "difference"),
                name=name,
                marker={"color": hue, "symbol": symbol, "size": 8},
                labels=labels,
                details=(
                    "teacher %{customdata[1]} nats",
                    "student %{customdata[2]} nats",
                    "difference %{customdata[3]} nats",
                ),
                ink=shades.text,
            )
        )
    ends = colour("← B", shades.group_b), colour("A →", shades.group_a)
    for update, model in ((figure.update_xaxes, "teacher"), (figure.update_yaxes, "student")):
        update(
            title_text=f"{ends[0]}   {model}'s preference in nats   {ends[1]}",
            range=[low, high],
            zeroline=False,
        )
    return figure


def _transfer_title(frame: pd.DataFrame) -> str:
    """Which model distinguishes the two sentences more, as a sentence."""
    if frame.empty:
        return "The models have no words in common to compare"
    teacher, student = (round(frame[model].abs().mean(), DIGITS) for model in ("teacher", "student"))
    if teacher == student:
        finding = (
            "Both models distinguish A from B equally" if teacher else "Neither model distinguishes A from B"
        )
        return f"{finding}: mean absolute preference {teacher:.2f} nats"
    how = "less" if student < teacher else "more"
    return (
        f"The student distinguishes A from B {how} than the teacher: mean absolute preference "
        f"{student:.2f} against {teacher:.2f} nats"
    )
