"""Figures of the view “Two sentences”: which words are more likely in one sentence than in the other.

The preference for a word w is log p(w | A) - log p(w | B), in nats.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.charts.base import Hues, base_figure, chosen_labels, colour, guide, hues, labelled_points, span
from app.charts.gaps import KIND_NAMES, KINDS, equal_scales
from app.charts.text import sentence_start, shorten
from fairkd.measures import compare

Model = Literal["teacher", "student"]
Sentences = tuple[str, str]
LABELS = 14
DIGITS = 2  # as shown; numbers that look equal count as equal
LEGEND = 60  # pixels above the plot: two lines of the legend, so that both plots begin at one height
PLOT = (320.0, 320.0)  # pixels, for which labels are chosen: the plot on a phone


class _Kind(NamedTuple):
    """The points of one look: which rows, their colour, symbol and name in the legend."""

    rows: list[int]
    hue: str
    symbol: str
    name: str


def preference_scatter(
    frame: pd.DataFrame, *, sentences: Sentences, model: Model, dark: bool = False
) -> go.Figure:
    """The probability of each word in sentence A (x) and in sentence B (y), by one model.

    `frame` is from `fairkd.measures.prefer` (token, log_p_a, log_p_b, preference). Words below the diagonal
    are more likely in A, words above it in B.
    """
    shades = hues(dark)
    signs = np.sign(frame["preference"].round(DIGITS))
    figure = _square_scatter(
        frame,
        ("log_p_a", "log_p_b", "preference"),
        title=_title(frame, model),
        sentences=sentences,
        kinds=[
            _Kind(_rows(signs == 1), shades.group_a, "circle", "more likely in A"),
            _Kind(_rows(signs == -1), shades.group_b, "square", "more likely in B"),
            _Kind(_rows(signs == 0), *KINDS["none"], "equally likely"),
        ],
        importance=frame["preference"].abs(),
        details=("log p(word | A) = {} nats", "log p(word | B) = {} nats", "preference {} nats"),
        shades=shades,
        dark=dark,
    )
    figure.update_xaxes(title_text=colour("log p(word | A) in nats", shades.group_a))
    figure.update_yaxes(title_text=colour("log p(word | B) in nats", shades.group_b))
    return figure


def preference_transfer(frame: pd.DataFrame, *, sentences: Sentences, dark: bool = False) -> go.Figure:
    """The teacher's preference for each word against the student's.

    `frame` is from `fairkd.measures.prefer_difference` (token, teacher, student, difference, kind). On the
    diagonal both models have the same preference; on the horizontal line the student has none.
    """
    shades = hues(dark)
    names = KIND_NAMES | {"none": "no preference"}
    figure = _square_scatter(
        frame,
        ("teacher", "student", "difference"),
        title=_transfer_title(frame),
        sentences=sentences,
        kinds=[
            _Kind(_rows(frame["kind"] == kind), hue, symbol, names.get(kind, kind))
            for kind, (hue, symbol) in KINDS.items()
        ],
        importance=frame["difference"].abs() + frame["teacher"].abs(),
        details=("teacher {} nats", "student {} nats", "difference {} nats"),
        shades=shades,
        dark=dark,
        zero_lines=True,
    )
    ends = colour("← B", shades.group_b), colour("A →", shades.group_a)
    for update, model in ((figure.update_xaxes, "teacher"), (figure.update_yaxes, "student")):
        update(title_text=f"{ends[0]}   {model}'s preference in nats   {ends[1]}")
    return figure


def _rows(chosen: pd.Series) -> list[int]:
    return [int(row) for row in np.flatnonzero(chosen)]


def _square_scatter(
    frame: pd.DataFrame,
    columns: tuple[str, str, str],
    *,
    title: str,
    sentences: Sentences,
    kinds: Sequence[_Kind],
    importance: pd.Series,
    details: Sequence[str],
    shades: Hues,
    dark: bool,
    zero_lines: bool = False,
) -> go.Figure:
    """Words as points on two equal axes, with the diagonal.

    Parameters
    ----------
    columns : those of x, of y, and of the number that the hover box adds.
    importance : of each row; the most important words get a label where there is space.
    details : the lines of the hover box, with a place for the number of each column.
    """
    x, y, _ = columns
    notes = [(f"A: {sentences[0]}", shades.group_a), (f"B: {sentences[1]}", shades.group_b)]
    figure = base_figure(title=title, height=530, dark=dark, notes=notes)
    figure.update_layout(margin_t=LEGEND)
    low, high = span([*frame[x], *frame[y]], around=[0.0] if zero_lines else [])
    if zero_lines:
        figure.add_shape(guide(low, 0, high, 0, shades.faint))
        figure.add_shape(guide(0, low, 0, high, shades.faint))
    figure.add_shape(guide(low, low, high, high, shades.faint, dash="dash"))
    labels = chosen_labels(
        list(frame[x]),
        list(frame[y]),
        [shorten(token, 18) for token in frame["token"]],
        list(importance),
        x_range=(low, high),
        y_range=(low, high),
        most=LABELS,
        plot=PLOT,
    )
    for kind in kinds:
        if kind.rows:
            figure.add_trace(
                labelled_points(
                    frame,
                    kind.rows,
                    columns=("token", *columns),
                    name=kind.name,
                    marker={"color": kind.hue, "symbol": kind.symbol, "size": 8},
                    labels=labels,
                    details=[
                        text.format(f"%{{customdata[{number}]}}") for number, text in enumerate(details, 1)
                    ],
                    ink=shades.text,
                )
            )
    equal_scales(figure, (low, high), (low, high))
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


def _transfer_title(frame: pd.DataFrame) -> str:
    """Which model distinguishes the two sentences more, as a sentence, if the words shown tell."""
    if frame.empty:
        return "The models have no words in common to compare"
    teacher, student = (frame[model].abs() for model in ("teacher", "student"))
    if round(teacher.mean(), DIGITS) == round(student.mean(), DIGITS):
        alike = f"mean absolute preference {teacher.mean():.2f} nats"
        if not round(teacher.mean(), DIGITS):
            return f"Neither model distinguishes A from B: {alike}"
        return f"Both models distinguish A from B equally: {alike}"
    verdict = compare(teacher, student)
    how = "less" if verdict.kind == "smaller" else "more"
    finding = (
        f"The student distinguishes A from B {how}"
        if verdict.is_clear
        else sentence_start(verdict.phrase("words"))
    )
    means = f"student {student.mean():.2f}, teacher {teacher.mean():.2f} nats on average"
    return f"{finding}: {means} ({verdict.n} words)"
