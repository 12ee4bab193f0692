"""A measurement as files: everything as JSON, and all items as CSV. The report is in the page's export."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from app.measures.stored import Measured
from fairkd import __version__
from fairkd.benchmarks import word_pair_rows
from fairkd.runs import Run


def downloads(run: Run, found: Measured) -> None:
    """Buttons; the files are written on the click."""
    name = f"fairkd-measures-{run.id}"
    files: dict[str, tuple[str, str, Callable[[], str], str]] = {
        "JSON": (
            f"{name}.json",
            ":material/data_object:",
            lambda: json_text(run, found),
            "Settings, and every value with its interval and categories.",
        ),
        "All items (CSV)": (
            f"{name}-items.csv",
            ":material/table_rows:",
            lambda: all_items(found).to_csv(index=False),
            "One row an item of each measure and model, with its id in the data file and all scores. "
            "The sentences are offensive by design.",
        ),
    }
    with st.container(horizontal=True, gap="small"):
        for label, (file, icon, text, help) in files.items():
            st.download_button(
                label,
                data=partial(_encoded, text),
                file_name=file,
                mime="application/json" if file.endswith("json") else "text/csv",
                key=f"measures_{file}",
                on_click="ignore",
                icon=icon,
                type="tertiary",
                help=help,
            )


def _encoded(text: Callable[[], str]) -> bytes:
    return text().encode()


def json_text(run: Run, found: Measured) -> str:
    """The settings and all results but the items."""
    content = {
        "fairkd_version": __version__,
        "settings": dict(run.config),
        "results": [{**one.as_json(), "word_pairs": word_pair_rows(one)} for one in found.results],
        "refused": [vars(one) for one in found.refusals],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def all_items(found: Measured) -> pd.DataFrame:
    """One row an item of each measure and model; a column that a measure does not have is empty."""
    tables = [
        result.items.assign(measure=result.benchmark, model=result.model, model_sha256=result.model_hash)
        for result in found.results
    ]
    whole = pd.concat(tables, ignore_index=True)
    first = ["measure", "model", "id", "category"]
    return whole[[*first, *(name for name in whole.columns if name not in first)]]
