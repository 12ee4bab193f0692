"""The view “Words”: which words a student promotes over the first model in the text of fidelity."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.measures.pick import pick_model
from app.measures.stored import Measured, display_names
from app.shared.provenance import about_models
from app.shared.table_download import table_download
from app.shared.widgets import caption, literal
from fairkd.benchmarks import stored_results

NEEDED = "fidelity"
_PERCENT = st.column_config.NumberColumn(format="%.2f %%")


def words_view(found: Measured) -> None:
    """Two tables: promoted and demoted words of one model."""
    others = [model for model in found.models[1:] if model in found.of(NEEDED)]
    if not others:
        caption(
            "Words are compared in the text of the measure fidelity: choose it, with a second model of the "
            "same vocabulary."
        )
        return
    names = display_names(found.models)
    model = pick_model(others, names)
    stored = stored_results.read_words(found.folder, model)
    if stored is None:
        caption("The words are compared when fidelity has been measured.")
        return
    first = literal(names[found.models[0]])
    caption(
        f"Mean probability of each word at the masked tokens of the text: {literal(names[model])} against "
        f"{first}. The example is the sentence where they differ most."
    )
    for title, name, table in zip(
        (f"More probable than for {first}", f"Less probable than for {first}"),
        ("promoted", "demoted"),
        stored,
        strict=True,
    ):
        st.markdown(f"**{title}**")
        _table(table, name, found.models[0], model, names)


def _table(table: pd.DataFrame, name: str, first: str, model: str, names: dict[str, str]) -> None:
    if table.empty:
        caption("No word.")
        return
    shown = pd.DataFrame(
        {
            "word": table["word"],
            names[first]: 100 * table["teacher"],
            names[model]: 100 * table["student"],
            "example": table["example"],
            f"{names[first]} there": 100 * table["at_teacher"],
            f"{names[model]} there": 100 * table["at_student"],
        }
    )
    numbers = [column for column in shown if column not in ("word", "example")]
    st.dataframe(
        shown,
        hide_index=True,
        key=f"{name}_words",
        column_config=dict.fromkeys(numbers, _PERCENT)
        | {"example": st.column_config.TextColumn(width="large")},
    )
    table_download(
        table,
        f"fairkd-{name}-words",
        f"{name}_words_csv",
        about=about_models({"first": first, "model": model}),
    )
