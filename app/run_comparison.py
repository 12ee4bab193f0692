"""Several runs side by side: one measure on one chart, bias against quality, and what sets them apart."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.charts.run_comparison import X_AXES, bias_quality, compared_curves
from app.charts.runs import MEASURES
from app.run_data import Followed, follow
from app.run_texts import UNFINISHED, begun, labels
from app.settings_table import shown
from app.theme import is_dark
from app.warm_up import waited_for
from app.widgets import caption, download_row, show_figure
from fairkd.pareto import front
from fairkd.runs import configs
from fairkd.runs.store import Run

MOST = 8  # runs on one chart
COMPARE = "compare"


def comparison(found: list[Run]) -> None:
    """The section below the list: which runs, then charts and tables."""
    offered = [run for run in found if begun(run)]
    if len(offered) < 2:
        return
    # With the id always: a choice travels, to the server and in links, by the name that is shown here.
    names = {run.id: f"{run.name} ({run.id})" for run in offered}
    st.subheader("Side by side")
    chosen = st.multiselect(
        "Runs to compare",
        list(names),
        default=newest_batch(offered),
        format_func=lambda id: names.get(id, id),
        key=COMPARE,
        bind="query-params",
        max_selections=MOST,
        placeholder="Choose two or more",
    )
    picked = [run for id in chosen for run in offered if run.id == id][:MOST]
    if len(picked) < 2:
        caption("Choose two runs or more. Arms that were started together share seed, text and order.")
        return
    live = any(run.state in UNFINISHED for run in picked)
    shown = labels(picked)  # shorter names: only those that are compared have to be told apart
    st.fragment(_compared, run_every="4s" if live else None)(picked, shown)
    _differences(picked, shown)


def newest_batch(found: list[Run]) -> list[str]:
    """The runs that were started together last, in their order; else the two newest."""
    for run in found:
        together = [one.id for one in reversed(found) if run.batch and one.batch == run.batch]
        if len(together) > 1:
            return together[:MOST]
    return [run.id for run in found[:2]]


@waited_for()
def _compared(picked: list[Run], names: dict[str, str]) -> None:
    """The charts; they follow the runs that still train."""
    data = {names[run.id]: follow(run) for run in picked}
    teachers = {str(run.config.get("teacher")) for run in picked}
    teacher = next((one.teacher for one in data.values() if one.teacher), {}) if len(teachers) == 1 else {}
    left, right = st.columns([3, 2], gap="medium")
    with left:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            chosen = st.selectbox(
                "Measure",
                list(MEASURES),
                index=list(MEASURES).index("gap_absolute"),
                format_func=lambda column: MEASURES[column].name,
                key="compared_measure",
                bind="query-params",
                width=240,
            )
            x = st.segmented_control(
                "Over",
                list(X_AXES),
                default="minutes",
                required=True,
                key="compared_over",
                bind="query-params",
            )
        measure = MEASURES.get(str(chosen), MEASURES["gap_absolute"])
        frames = {name: one.evaluations for name, one in data.items()}
        figure = compared_curves(
            frames, measure, x=str(x) if x in X_AXES else "step", teacher=teacher, dark=is_dark()
        )
        show_figure(figure, "compared", f"fairkd-runs-{measure.column.replace('_', '-')}")
        caption(
            f"{measure.best.capitalize()}. Bands are 95 % intervals over professions; the dashed blue line "
            "is the teacher. A click on a name in the legend hides its run."
        )
    table = last_values(data)
    with right:
        measured = table.dropna(subset=["pseudo_perplexity", "gap_absolute"]).reset_index(drop=True)
        if measured.empty:
            caption("Bias against quality is drawn after the first evaluation.")
        else:
            costs = list(zip(measured["pseudo_perplexity"], measured["gap_absolute"], strict=True))
            # Looks follow the order of the runs, so a run without numbers yet keeps its place.
            figure = bias_quality(
                measured,
                front=front(costs),
                looks=[list(data).index(name) for name in measured["name"]],
                teacher=teacher,
                dark=is_dark(),
            )
            show_figure(figure, "bias_quality", "fairkd-bias-quality")
            caption(
                "Each run's last evaluation. No run lies below and to the left of the dotted front: along "
                "it, less bias costs quality."
            )
    st.dataframe(
        table,
        hide_index=True,
        key="compared_table",
        column_config={
            "name": st.column_config.TextColumn("run"),
            "steps": st.column_config.NumberColumn(format="localized"),
            "tokens": st.column_config.NumberColumn(format="localized"),
            "minutes": st.column_config.NumberColumn(format="%.1f"),
            "kl": st.column_config.NumberColumn("KL, nats", format="%.3f"),
            "pseudo_perplexity": st.column_config.NumberColumn("pseudo-perplexity", format="%.1f"),
            "gap_absolute": st.column_config.NumberColumn("mean |gap|, nats", format="%.2f"),
            "gap_absolute_low": st.column_config.NumberColumn("from", format="%.2f"),
            "gap_absolute_high": st.column_config.NumberColumn("to", format="%.2f"),
            "gap_mass": st.column_config.NumberColumn("mass of the words", format="percent"),
        },
    )
    download_row(table, "fairkd-runs", "compared_csv")


def last_values(data: dict[str, Followed]) -> pd.DataFrame:
    """Each run's last evaluation: one row a run, NaN where it has none."""
    columns = ["kl", "pseudo_perplexity", "gap_absolute", "gap_absolute_low", "gap_absolute_high", "gap_mass"]
    rows = []
    for name, found in data.items():
        last = found.evaluations.iloc[-1] if len(found.evaluations) else pd.Series(dtype=float)
        row: dict[str, object] = {"name": name, "steps": last.get("step"), "tokens": last.get("tokens")}
        row["minutes"] = last.get("minutes")
        rows.append(row | {column: last.get(column) for column in columns})
    frame = pd.DataFrame(rows, columns=["name", "steps", "tokens", "minutes", *columns])
    return frame.astype(dict.fromkeys(frame.columns[1:], float))


def _differences(picked: list[Run], names: dict[str, str]) -> None:
    """The settings that are not the same in all of them."""
    found = configs.differences(picked)
    st.markdown("**What sets them apart**")
    if not found:
        caption("Their settings are equal.")
        return
    rows = [
        {"setting": key} | {names[id]: shown(value) for id, value in row.items()}
        for key, row in found.items()
    ]
    frame = pd.DataFrame(rows)
    st.dataframe(frame, hide_index=True, key="differences", height="auto")
    download_row(frame, "fairkd-differences", "differences_csv")
    caption("Only the settings that differ. Everything else, the seed and the text included, is equal.")
