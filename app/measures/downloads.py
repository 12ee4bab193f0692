"""A measurement as files: a report in HTML, everything as JSON, and all items as CSV."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from app.measures.reproduction import command
from app.measures.stored import Measured
from app.shared.reproduce import command_line
from fairkd import __version__
from fairkd.benchmarks import html_report
from fairkd.runs import Run


def downloads(run: Run, found: Measured) -> None:
    """Buttons; the files are written on the click."""
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "Report (HTML)",
            data=lambda: html_report(
                found.results, refusals=found.refusals, command=command_line(command(run.config))
            ),
            file_name=f"fairkd-measures-{run.id}.html",
            mime="text/html",
            key=f"measures_html_{run.id}",
            on_click="ignore",
            icon=":material/description:",
            type="tertiary",
            help="Everything in one page that opens offline. It has some of the sentences, which are "
            "offensive by design, behind a click.",
        )
        st.download_button(
            "JSON",
            data=lambda: json_text(run, found),
            file_name=f"fairkd-measures-{run.id}.json",
            mime="application/json",
            key=f"measures_json_{run.id}",
            on_click="ignore",
            icon=":material/data_object:",
            type="tertiary",
            help="Settings, and every value with its interval and categories.",
        )
        st.download_button(
            "All items (CSV)",
            data=lambda: all_items(found).to_csv(index=False).encode(),
            file_name=f"fairkd-measures-{run.id}-items.csv",
            mime="text/csv",
            key=f"measures_items_{run.id}",
            on_click="ignore",
            icon=":material/table_rows:",
            type="tertiary",
            help="One row an item of each measure and model, with its id in the data file and all scores. "
            "The sentences are offensive by design.",
        )


def json_text(run: Run, found: Measured) -> str:
    """The settings and all results but the items."""
    content = {
        "fairkd_version": __version__,
        "settings": dict(run.config),
        "results": [result.as_json() for result in found.results],
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
