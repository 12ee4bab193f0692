"""The view “Items”: every item of a measure with its scores, behind a click."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.measures.open_item import show_item
from app.measures.pick import pick_measure, pick_model
from app.measures.stored import Measured, display_names
from app.shared.table_download import table_download
from app.shared.widgets import caption
from fairkd.benchmarks import BENCHMARKS, Result

TEXT = "text_"  # what the names of columns with sentences begin with
_FIRST = ("id", "category", "flipped", "change", "disagreement", "agree")


def items_view(found: Measured) -> None:
    """The items of one measure and model, the ones with the largest scores first."""
    key = pick_measure(found.benchmarks)
    results, names = found.of(key), display_names(found.models)
    model = pick_model(list(results), names)
    result = results[model]
    _unscored(result)
    panel = st.expander(
        f"Show the {result.overall.n:,} items",
        icon=":material/visibility:",
        key="items_panel",
        on_change="rerun",
    )
    if not panel.open:
        return
    with panel:
        items_table(by_size(result), f"fairkd-{key}-items", "items_table", [model])


def by_size(result: Result) -> pd.DataFrame:
    """The items, those with the largest scores (sign ignored) first."""
    score = BENCHMARKS[result.benchmark].score
    if score is None or score not in result.items:
        return result.items
    order = result.items[score].abs().sort_values(ascending=False, kind="stable").index
    return result.items.loc[order].reset_index(drop=True)


def items_table(items: pd.DataFrame, name: str, key: str, models: Sequence[str]) -> None:
    """Items as a table. A click on a row shows its sentences with links to Predictions."""
    above = st.container()
    shown = items[shown_columns(items)].rename(columns=headings(items))
    chosen = st.dataframe(
        shown,
        key=key,
        hide_index=True,
        height=380,
        on_select="rerun",
        selection_mode="single-row",
    )
    row = clicked_row(chosen.selection.rows, len(items))
    with above:
        if row is not None:
            show_item(items.iloc[row], models, key)
        else:
            caption(
                "Click the box at the left of a row to see its sentences and to open them in Predictions."
            )
    table_download(items, name, f"{key}_csv")


def shown_columns(items: pd.DataFrame) -> list[str]:
    """What the table shows, in this order: what it is sorted by, the sentences, and all other numbers.

    >>> shown_columns(pd.DataFrame({"id": ["1"], "faulty": [False], "faults": [""], "text_more": ["A."]}))
    ['id', 'text_more']
    """
    first = [name for name in _FIRST if name in items]
    hidden = ["faulty", *(["faults"] if "faults" in items and not items["faults"].any() else [])]
    texts = [name for name in items if str(name).startswith(TEXT)]
    return [*first, *texts, *(name for name in items if name not in (*first, *texts, *hidden))]


def clicked_row(rows: Sequence[int], count: int) -> int | None:
    """The chosen row of a table with `count` rows; it may have had more when it was clicked."""
    return next((int(row) for row in rows if int(row) < count), None)


def heading(column: str) -> str:
    """`more` for `text_more`, `score, second` for `score_second`."""
    return column.removeprefix(TEXT).replace("_", " ")


def headings(items: pd.DataFrame) -> dict[str, str]:
    """The headings of the columns. A sentence is "text male" where another column is "male".

    >>> headings(pd.DataFrame(columns=["text_male", "text_female", "male"]))
    {'text_male': 'text male', 'text_female': 'female', 'male': 'male'}
    """
    return {
        name: name.replace("_", " ") if name.removeprefix(TEXT) in items.columns else heading(name)
        for name in map(str, items.columns)
    }


def _unscored(result: Result) -> None:
    """Items that could not be scored, with the reason of each."""
    if not result.unscored:
        return
    count = len(result.unscored)
    panel = st.expander(
        f"{count:,} {'item' if count == 1 else 'items'} could not be scored",
        icon=":material/block:",
        key="items_unscored",
        on_change="rerun",
    )
    if panel.open:
        with panel:
            table = pd.DataFrame([vars(one) for one in result.unscored])
            st.dataframe(table, hide_index=True, height="auto", key="unscored_table")
