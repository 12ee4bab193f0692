"""The main figure: columns of shaded cells above and below every token of a sentence.

`columns_figure` shows it and calls back when a visitor selects a column; `columns.js` draws it.
`token_columns` and `figure_data` are pure functions that return its data.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from app.charts.text import percent, percent_tick
from app.components.drawing import component
from fairkd.predictions import Prediction, top_ids

if TYPE_CHECKING:
    from fairkd.predictions import Comparison

_PALEST = 1e-4  # the probability at which a logarithmic scale begins


@dataclass(frozen=True)
class TokenColumn:
    """One column of the figure: a token, and its position in each model's tokens (None if it has none)."""

    teacher: int | None
    student: int | None
    text: str
    masked: bool
    unknown: bool


def token_columns(
    teacher: Prediction | None, student: Prediction | None, comparison: Comparison | None
) -> tuple[TokenColumn, ...]:
    """The columns of the figure from left to right; the side of a missing model is empty."""
    pairs: tuple[tuple[int | None, int | None], ...]
    if comparison is not None:
        pairs = comparison.aligned
    elif teacher is not None:
        pairs = tuple((position, None) for position in teacher.positions)
    elif student is not None:
        pairs = tuple((None, position) for position in student.positions)
    else:
        pairs = ()
    found = []
    for left, right in pairs:
        if left is not None and teacher is not None:
            token = teacher.tokens[left]
        elif right is not None and student is not None:
            token = student.tokens[right]
        else:
            continue
        found.append(TokenColumn(left, right, token.text, token.masked, token.unknown))
    return tuple(found)


def _best(prediction: Prediction, rows: int, *, log: bool) -> dict[int, list[tuple[str, float, str]]]:
    """The `rows` most probable tokens by position, each with its shade and its probability as text."""
    ids = top_ids(prediction.log_probabilities, rows)
    probabilities = prediction.log_probabilities.gather(1, ids).exp().tolist()
    return {
        position: [
            cell(prediction.token_string(position, token), value, log=log)
            for token, value in zip(row, values, strict=True)
        ]
        for position, row, values in zip(prediction.positions, ids.tolist(), probabilities, strict=True)
    }


def cell(word: str, probability: float, *, log: bool = False) -> tuple[str, float, str]:
    """A cell of the figure: the word, its shade from 0 to 1, and its probability as text."""
    return word, _shade(probability, log=log), percent(probability)


def scale(*, log: bool = False) -> dict[str, str]:
    """The legend of the shades."""
    return {
        "title": f"Shade: probability{', log scale' if log else ''}",
        "low": percent_tick(_PALEST if log else 0),
        "high": percent_tick(1),
    }


def _shade(probability: float, *, log: bool) -> float:
    """How dark a cell is, from 0 to 1. A logarithmic scale begins at the probability `_PALEST`."""
    if not log:
        return round(probability, 4)
    return round(max(0.0, 1 - math.log10(max(probability, _PALEST)) / math.log10(_PALEST)), 4)


def figure_data(
    columns: tuple[TokenColumn, ...],
    teacher: Prediction | None,
    student: Prediction | None,
    *,
    rows: int,
    selected: int,
    log: bool,
) -> dict:
    """What the browser draws: `columns` with each model's cells.

    `selected` counts from 1; 0 selects no column.
    """
    panels = []
    for role, prediction in (("teacher", teacher), ("student", student)):
        if prediction is None:
            continue
        best = _best(prediction, rows, log=log)
        places = [column.teacher if role == "teacher" else column.student for column in columns]
        cells = [None if place is None else best.get(place) for place in places]
        panels.append({"role": role, "name": prediction.reference, "columns": cells})
    sentence = next((one.text for one in (teacher, student) if one is not None), "")
    return {
        "sentence": sentence,
        "columns": [
            {"text": column.text, "masked": column.masked, "unknown": column.unknown} for column in columns
        ],
        "panels": panels,
        "rows": rows,
        "selected": selected,
        "scale": scale(log=log),
    }


_component = component("columns")


def columns_figure(data: dict, *, key: str, on_choose: Callable[[int], None]) -> None:
    """Draw `figure_data`. When a visitor selects a column, `on_choose` gets its number before the rerun."""

    def chosen() -> None:
        number = st.session_state[key].chosen
        if isinstance(number, int | float) and 1 <= number <= len(data["columns"]):
            on_choose(int(number))

    _component(key=key, data=data, on_chosen_change=chosen)
