"""The benchmarks of the compared runs' students, for those that were measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from app.shared.provenance import about_runs
from app.shared.table_download import table_download
from app.shared.widgets import caption, literal
from fairkd.benchmarks import overview, stored_results
from fairkd.runs import Run


def measured_benchmarks(picked: Sequence[Run], names: Mapping[str, str]) -> None:
    """A table of the students' benchmarks, a row a run; nothing where none was measured."""
    results = [
        replace(result, model=names[run.id])
        for run in picked
        for result in stored_results.read(run.folder)[0]
    ]
    if not results:
        return
    table = overview(results).rename(columns={"model": "run"})
    st.markdown("**Benchmarks**")
    st.dataframe(table, hide_index=True, key="compared_benchmarks", height="content")
    measured = {result.model for result in results}
    quick = dict.fromkeys(result.model for result in results if result.quick)
    told = ["Values with 95 % intervals, as the page Measures has them."]
    if quick:
        told.append(f"On a sample of the items: {literal(', '.join(quick))}.")
    if missing := [names[run.id] for run in picked if names[run.id] not in measured]:
        told.append(f"Not measured: {literal(', '.join(missing))}.")
    caption(" ".join(told))
    table_download(
        table, "fairkd-runs-benchmarks", "compared_benchmarks_csv", about=about_runs(picked), shown=table
    )
