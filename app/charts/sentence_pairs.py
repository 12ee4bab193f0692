"""The charts of the two-sentence comparison: which words one sentence prefers over the other.

Pure functions: a DataFrame in, a plotly Figure out. Preference is log p(w | A) - log p(w | B), in nats.
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
DIGITS = 2  # what is shown; numbers that look alike are said to be alike


def preference_scatter(
    frame: pd.DataFrame, *, sentences: tuple[str, str], model: Model, dark: bool = False
) -> go.Figure:
    """How likely one model finds each word in sentence A (across) and in sentence B (up).

    `frame` is from `fairkd.measures.word_gaps.prefer` (token, log_p_a, log_p_b, preference). Below the
    diagonal are the words that A prefers, above it those of B.
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
    leans = np.sign(frame["preference"].round(DIGITS))
    for lean, hue, symbol, name in (
        (1, shades.group_a, "circle", "A prefers it"),
        (-1, shades.group_b, "square", "B prefers it"),
        (0, *KINDS["none"], "alike in both"),
    ):
        rows = [index for index, found in enumerate(leans) if found == lean]
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
                told=(
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
    """The two words that tell the sentences apart best, in a sentence."""
    if frame.empty:
        return f"The {model} has no words to compare"
    most_a = frame.loc[frame["preference"].idxmax()]
    most_b = frame.loc[frame["preference"].idxmin()]
    if not frame["preference"].round(DIGITS).any():
        return f"The {model} finds every word as likely in A as in B"
    if round(most_a["preference"], DIGITS) <= 0 or round(most_b["preference"], DIGITS) >= 0:
        return f"Which words does the {model} prefer in A, and which in B?"
    words = shorten(str(most_a["token"]), 20), shorten(str(most_b["token"]), 20)
    return f"The {model} prefers “{words[0]}” most in A and “{words[1]}” most in B"


def _notes(sentences: tuple[str, str], shades: Hues) -> list[tuple[str, str]]:
    """What A and B are, for a figure that leaves its page."""
    return [(f"A: {sentences[0]}", shades.group_a), (f"B: {sentences[1]}", shades.group_b)]


def preference_transfer(frame: pd.DataFrame, *, sentences: tuple[str, str], dark: bool = False) -> go.Figure:
    """The teacher's preference for each word against the student's.

    `frame` is from `fairkd.measures.word_gaps.prefer_difference` (token, teacher, student, difference). On
    the diagonal the two models tell A from B alike; on the horizontal line the student does not tell them
    apart.
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
        (1, *KINDS["amplified"], "stronger"),
        (0, *KINDS["inherited"], "as strong"),
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
                told=(
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
    """Which model tells the two sentences apart more, in a sentence."""
    if frame.empty:
        return "The models share no words to compare"
    teacher, student = (round(frame[model].abs().mean(), DIGITS) for model in ("teacher", "student"))
    if teacher == student:
        who = "Both models tell A from B alike" if teacher else "Neither model tells A from B"
        return f"{who}: mean |preference| of these words {teacher:.2f} nats"
    how = "less" if student < teacher else "more"
    return (
        f"The student tells A from B {how} than the teacher: mean |preference| of these words "
        f"{student:.2f} against {teacher:.2f} nats"
    )
