"""The tables of the Gaps page: rounded as its charts and cards, with their provenance in the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from app.charts.text import p_value, percent, signed
from app.shared.export_view import record_table
from app.shared.provenance import About
from app.shared.table_download import table_download

MOST_STYLED = 1500  # rows; formatting more in Python would take longer than measuring them

# Beginnings of column names, the longest first, and how their numbers are shown: as in the charts.
_SIZE = "{:.2f}".format
_SHARE_NAMES = (
    "P(",
    "mass",
    "share",
    "women_share",
    "p_a",
    "p_b",
    "teacher_mass",
    "student_mass",
    "mean probability",
)
_SIZE_NAMES = ("mean_absolute", "mean absolute", "absolute_")
_COUNTS = ("professions", "templates", "sentences", "n_", "subwords", "id")


def format_of(column: str) -> Callable[[Any], str]:
    """How the numbers of a column are shown.

    >>> format_of("mean_absolute")(1.388), format_of("mean_teacher")(-0.5), format_of("mass")(0.675)
    ('1.39', '−0.50', '68 %')
    """
    if column == "p_value":
        return p_value
    if column == "p" or column.startswith(_SHARE_NAMES):
        return percent
    if column.startswith(_SIZE_NAMES):
        return _SIZE
    if column.startswith(_COUNTS) or column == "n":
        return "{:,.0f}".format
    return signed


def show_table(
    frame: pd.DataFrame,
    name: str,
    key: str,
    *,
    about: About,
    shown: pd.DataFrame | None = None,
    headings: Mapping[str, str] | None = None,
    on_row: Callable[[int | None], None] | None = None,
) -> None:
    """A table with its download.

    Parameters
    ----------
    shown : what the page shows and copies, if it differs from the file's columns: with headings as names.
    headings : shorter headings for the screen, by column of `shown`; other columns are only copied.
    on_row : draws above the table what belongs to the row that the visitor clicked; None before a click.
    """
    shown, numbers = _with_formats(frame, shown)
    styled = shown.style.format(numbers, na_rep="–") if len(shown) <= MOST_STYLED else shown
    above = st.container()
    if on_row is None:
        st.dataframe(
            styled,
            key=f"{key}_frame",
            hide_index=True,
            height="auto",
            column_order=headings and list(headings),
            column_config=dict(headings) if headings else None,
        )
    else:
        found = st.dataframe(
            styled,
            key=f"{key}_frame",
            hide_index=True,
            height="auto",
            on_select="rerun",
            selection_mode="single-cell",
        )
        with above:
            on_row(next((int(row) for row, _ in found.selection.cells), None))
    table_download(frame, name, f"{key}_csv", about=about, shown=shown, formats=numbers)


def _with_formats(
    frame: pd.DataFrame, shown: pd.DataFrame | None
) -> tuple[pd.DataFrame, dict[str, Callable[[Any], str]]]:
    """The table as it is shown, and how the numbers of each column are."""
    formats = {column: format_of(column) for column in frame.columns}
    if shown is None:
        names = {column: heading_of(column) for column in frame.columns}
        shown = frame.rename(columns=names)
        formats = {names[column]: format for column, format in formats.items()}
    return shown, {
        column: formats.get(column, format_of(column))
        for column in shown.columns
        if pd.api.types.is_numeric_dtype(shown[column])
    }


def heading_of(column: str) -> str:
    """`mean, teacher` for `mean_teacher`."""
    for role in ("teacher", "student"):
        if column.endswith(f"_{role}"):
            return f"{column.removesuffix(f'_{role}').replace('_', ' ')}, {role}"
    return column.replace("_", " ")


def folded_table(
    frame: Callable[[], pd.DataFrame],
    name: str,
    key: str,
    *,
    about: About,
    title: str = "Table",
    shown: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
    headings: Callable[[pd.DataFrame], Mapping[str, str]] | None = None,
    on_row: Callable[[int | None], None] | None = None,
) -> None:
    """`show_table` in an expander; made and drawn when it is opened."""

    def exported() -> tuple[pd.DataFrame, dict[str, Callable[[Any], str]]]:
        made = frame()
        return _with_formats(made, shown and shown(made))

    record_table(f"{key}_csv", name, exported)
    panel = st.expander(title, key=f"{key}_fold", icon=":material/table:", on_change="rerun")
    if panel.open:
        with panel:
            made = frame()
            show_table(
                made,
                name,
                key,
                about=about,
                shown=shown and shown(made),
                headings=headings and headings(made),
                on_row=on_row,
            )
