"""The cells of a study, variants by seeds: a click opens a run. `study_cells.js` draws them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from app.components.drawing import component

_component = component("study_cells", styles=("study_cells",), scripts=("study_cells",))

# Plotly's symbols as paths of SVG, around 0 and as large as a circle of radius 6.
_PATHS = {
    "circle": "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0",
    "square": "M-5.5-5.5h11v11h-11z",
    "diamond": "M0-7.5L7.5 0L0 7.5L-7.5 0z",
    "triangle-up": "M0-6.5L7 5.5H-7z",
    "triangle-down": "M0 6.5L7-5.5H-7z",
    "x": "M-6.5-3.5l3-3L0-3l3.5-3.5l3 3L3 0l3.5 3.5l-3 3L0 3l-3.5 3.5l-3-3L-3 0z",
    "star": "M0-7.5L1.9-2.6L7.1-2.3L3.1 1L4.4 6.1L0 3.3L-4.4 6.1L-3.1 1L-7.1-2.3L-1.9-2.6z",
}


@dataclass(frozen=True)
class ShownCell:
    """One cell: the class of its look, a sign, a word, and for screen readers and the mouse a sentence.

    `run` is the id of the run that a click opens; without one, the cell is no button. `done` is the part that
    is done, from 0 to 1; None draws none.
    """

    look: str
    sign: str
    word: str
    told: str
    run: str | None = None
    done: float | None = None


@dataclass(frozen=True)
class ShownVariant:
    """One row. `role` is a line below the name, such as "baseline"; `symbol` is one of plotly's."""

    name: str
    role: str
    colour: str
    symbol: str
    cells: Sequence[ShownCell]


def show_cells(
    variants: Sequence[ShownVariant],
    seeds: Sequence[int],
    *,
    title: str,
    key: str,
    on_open: Callable[[str], None] | None = None,
) -> None:
    """Draw the table. `on_open` gets the id of the run whose cell was pressed, before the rerun."""

    def opened() -> None:
        id = st.session_state[key].opened
        if on_open is not None and id in {cell.run for variant in variants for cell in variant.cells}:
            on_open(id)

    rows = [
        {
            **asdict(one),
            "symbol": _PATHS[one.symbol],
            "cells": [
                {name: value for name, value in asdict(cell).items() if value is not None}
                for cell in one.cells
            ],
        }
        for one in variants
    ]
    data = {"title": title, "seeds": [f"seed {seed}" for seed in seeds], "variants": rows}
    # In a list, because in a dictionary Streamlit looks for tables, for which it imports pandas.
    _component(key=key, data=[data], on_opened_change=opened)
