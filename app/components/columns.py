"""The main figure: columns of shaded cells above and below every token of a sentence.

`columns_figure` shows it, with the chosen position below it if its data has `positions`, and calls back when
a visitor chooses. `columns.js` draws it. The other functions make parts of its data.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import streamlit as st

from app.charts.text import percent
from app.components.drawing import component
from app.components.standalone import Standalone
from app.shared.export_view import record_figure
from app.shared.widgets import image_format

_PALEST = 1e-4  # the probability at which a logarithmic scale begins
# The shade grows with this power of the probability, so that 1 % and 5 % differ as visibly as 50 % and 70 %.
_POWER = 0.45
_STEPS = (0.01, 0.05, 0.2, 0.5, 1.0)  # in the legend

_component = component(
    "columns",
    styles=("figure", "columns", "position"),
    scripts=("figure", "columns_drawing", "bars", "position", "columns"),
)


def cell(word: str, probability: float, *, log: bool = False) -> tuple[str, float, str]:
    """A cell of the figure: the word, its shade from 0 to 1, and its probability as text."""
    return word, shade(probability, log=log), percent(probability)


def scale(*, log: bool = False) -> dict[str, Any]:
    """The legend of the shades: a title, and some probabilities as text, each with its shade."""
    return {
        "title": f"Shade: probability{', log scale' if log else ''}",
        "steps": [[percent(step), shade(step, log=log)] for step in _STEPS],
    }


def shade(probability: float, *, log: bool) -> float:
    """How dark a cell is, from 0 to 1. A logarithmic scale begins at the probability `_PALEST`."""
    if not log:
        return round(probability**_POWER, 3)
    return round(max(0.0, 1 - math.log10(max(probability, _PALEST)) / math.log10(_PALEST)), 3)


def columns_figure(
    data: dict,
    *,
    key: str,
    on_choose: Callable[[int], None],
    on_compare: Callable[[str, str], None] | None = None,
    sentence_key: str | None = None,
) -> None:
    """Draw the figure.

    Before the rerun, `on_choose` gets the number of a chosen column, and `on_compare` the two words that are
    to be compared; either word may be empty. `sentence_key` is the key of the text box with the sentence, if
    the browser's Back shall return to sentences that were typed.
    """

    def chosen() -> None:
        number = st.session_state[key].chosen
        if isinstance(number, int | float) and 1 <= number <= len(data["columns"]):
            on_choose(int(number))

    def compared() -> None:
        words = st.session_state[key].compared
        if on_compare is not None and isinstance(words, list | tuple) and len(words) == 2:
            on_compare(*(str(word)[:80] for word in words))

    record_figure(key, standalone_columns(data))
    _component(
        key=key,
        # In a list, because in a dictionary Streamlit looks for tables, for which it imports pandas.
        data=[{**data, "format": image_format().lower(), "sentence_key": sentence_key}],
        on_chosen_change=chosen,
        on_compared_change=compared,
    )


def standalone_columns(data: dict) -> Standalone:
    """The figure for an exported page or a notebook, where nothing compares other words."""
    return Standalone("columns", [{**data, "format": "png", "sentence_key": None, "fixed": True}])
