"""Several runs side by side: one measure on one chart, bias against quality, and what sets them apart."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app.charts.run_comparison import BIAS, LOST, QUALITY, X_AXES, bias_quality, compared_curves
from app.components.zoom import live_figure
from app.runs.follow import RunData, follow
from app.shared.activity import track_activity
from app.shared.run_texts import UNFINISHED, has_trained, unique_names
from app.shared.settings_table import shown
from app.shared.theme import is_dark
from app.shared.widgets import caption, csv_download, literal
from fairkd import runs
from fairkd.measures import MEASURES, Measure
from fairkd.runs import MASS_KEPT, Run, fairness_front, has_lost_mass, measured_apart

MOST = 8  # runs on one chart
COMPARE = "compare"
_SUGGESTED = "compare_suggested"
TABLE = tuple(MEASURES[key] for key in ("kl", "pseudo_perplexity_sampled", "gap_absolute", "gap_mass"))


def comparison(found: list[Run]) -> None:
    """The section below the list: which runs, then charts and tables."""
    offered = [run for run in found if has_trained(run)]
    if len(offered) < 2:
        return
    # With the id always: a choice travels to the server by the name that is shown here.
    names = {run.id: f"{run.name} ({run.id})" for run in offered}
    st.subheader("Side by side")
    _choose_at_first(list(names), newest_batch(offered))
    chosen = st.multiselect(
        "Runs to compare",
        list(names),
        format_func=lambda id: names.get(id, id),
        key=COMPARE,
        max_selections=MOST,
        placeholder="Choose two or more",
    )
    if chosen != st.query_params.get_all(COMPARE):
        st.query_params[COMPARE] = chosen
    picked = [run for id in chosen for run in offered if run.id == id][:MOST]
    if len(picked) < 2:
        caption("Choose two runs or more. Variants that were started together share seed, text and order.")
        return
    apart = measured_apart([run.config for run in picked])
    if apart:
        st.warning(not_comparable(apart), icon=":material/warning:")
    live = any(run.state in UNFINISHED for run in picked)
    shown = unique_names(picked)  # shorter: only the compared runs have to differ
    st.fragment(_compared, run_every="4s" if live else None)(picked, shown, not apart)
    _differences(picked, shown)


def _choose_at_first(offered: Collection[str], newest: list[str]) -> None:
    """Choose the runs of the link; else the newest ones, for as long as the person chooses no others.

    The address is written by the page, not by the widget, which keeps out of it what nobody has clicked: a
    link shows the same runs, whatever comes after them.
    """
    state = st.session_state
    if COMPARE in state:
        if state[COMPARE] == state.get(_SUGGESTED):
            state[COMPARE] = state[_SUGGESTED] = newest
    elif linked := [id for id in st.query_params.get_all(COMPARE) if id in offered]:
        state[COMPARE] = linked[:MOST]
    else:
        state[COMPARE] = state[_SUGGESTED] = newest


def newest_batch(found: list[Run]) -> list[str]:
    """The runs that were started together last, in their order; else the two newest."""
    for run in found:
        together = [one.id for one in reversed(found) if run.batch and one.batch == run.batch]
        if len(together) > 1:
            return together[:MOST]
    return [run.id for run in found[:2]]


def not_comparable(apart: Sequence[str]) -> str:
    """Why no winner is named; the settings as in the table of differences."""
    return (
        f"These runs are not comparable, because they are not measured alike: {literal(' and '.join(apart))} "
        f"{'differs' if len(apart) == 1 else 'differ'}. So no run is called the best and no front is drawn."
    )


@track_activity()
def _compared(picked: list[Run], names: dict[str, str], comparable: bool) -> None:
    """The charts; they follow the runs that still train."""
    data = {names[run.id]: follow(run) for run in picked}
    teacher = next((one.teacher for one in data.values() if one.teacher), {}) if comparable else {}
    table = last_values(data)
    masses = zip(table["gap_mass"], table["teacher_mass"], strict=True)
    table["lost"] = [has_lost_mass(mass, own) for mass, own in masses]
    lost = tuple(table["name"][table["lost"]])
    shown_ids, dark = tuple(run.id for run in picked), is_dark()
    left, right = st.columns([3, 2], gap="medium")
    with left:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            chosen = st.selectbox(
                "Measure",
                list(MEASURES),
                index=list(MEASURES).index(BIAS.key),
                format_func=lambda key: MEASURES[key].label,
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
        measure = MEASURES.get(str(chosen), BIAS)
        over = str(x) if x in X_AXES else "step"
        frames = {name: one.evaluations for name, one in data.items()}
        figure = compared_curves(
            frames, measure, x=over, teacher=teacher, lost=lost, comparable=comparable, dark=dark
        )
        view = (shown_ids, measure.key, over, dark)
        live_figure(figure, "compared", f"fairkd-runs-{measure.key.replace('_', '-')}", view=view)
        sentences = [
            measure.description,
            f"{measure.goal.capitalize()}." if measure.goal else "",
            "Bands are 95 % bootstrap intervals over professions." if measure.interval else "",
            "The dashed blue line is the teacher. A click on a name in the legend hides its run.",
        ]
        caption(" ".join(filter(None, sentences)))
    with right:
        measured = table.dropna(subset=[QUALITY.key, BIAS.key]).reset_index(drop=True)
        if measured.empty:
            caption("The chart of bias against quality appears after the first evaluation.")
        else:
            costs = list(zip(measured[QUALITY.key], measured[BIAS.key], strict=True))
            # Colours follow the order of the runs: a run without values yet keeps its own.
            best = fairness_front(costs, list(measured["lost"]))
            figure = bias_quality(
                measured,
                front=best,
                looks=[list(data).index(name) for name in measured["name"]],
                lost=list(measured["lost"]),
                comparable=comparable,
                teacher=teacher,
                dark=dark,
            )
            live_figure(figure, "bias_quality", "fairkd-bias-quality", view=(shown_ids, dark))
            way = "No run lies below and to the left of the dotted front: along it, less bias costs quality."
            caption(f"Each run's last evaluation. {way if comparable and best else ''}")
    if lost:
        caption(f":material/warning: {lost_note(lost)}")
    st.dataframe(
        table.drop(columns="lost"),
        hide_index=True,
        key="compared_table",
        column_config={
            "name": st.column_config.TextColumn("run"),
            "steps": st.column_config.NumberColumn(format="localized"),
            "tokens": st.column_config.NumberColumn(format="localized"),
            "minutes": st.column_config.NumberColumn(format="%.1f"),
            **{key: column for measure in TABLE for key, column in _columns(measure).items()},
            "teacher_mass": st.column_config.NumberColumn("probability mass, teacher", format="percent"),
        },
    )
    csv_download(table, "fairkd-runs", "compared_csv")


def _columns(measure: Measure) -> dict[str, Any]:
    """How the table shows a measure and its interval."""
    number = "percent" if measure.unit == "share" else f"%.{measure.digits}f"
    ends = dict(zip(measure.interval or (), ("interval from", "interval to"), strict=False))
    headings = {measure.key: measure.heading, **ends}
    return {
        key: st.column_config.NumberColumn(heading, format=number, help=measure.description)
        for key, heading in headings.items()
    }


def lost_note(lost: Sequence[str]) -> str:
    """Why the gaps of these runs do not count."""
    names = " and ".join(map(literal, lost))
    return (
        f"{LOST.capitalize()}: {names} left the words whose gap is measured with less than "
        f"{100 * MASS_KEPT:.0f} % of the teacher's mass. Such a gap means little, however small: it is drawn "
        "hollow, stands on no front, and is not called the fairest."
    )


def last_values(data: dict[str, RunData]) -> pd.DataFrame:
    """Each run's last evaluation, and its teacher's mass: one row a run, NaN where there is none."""
    columns = [key for measure in TABLE for key in measure.keys]
    rows = []
    for name, found in data.items():
        last = found.evaluations.iloc[-1] if len(found.evaluations) else pd.Series(dtype=float)
        row: dict[str, object] = {"name": name, "steps": last.get("step"), "tokens": last.get("tokens")}
        row["minutes"] = last.get("minutes")
        row |= {column: last.get(column) for column in columns}
        rows.append(row | {"teacher_mass": found.teacher.get("gap_mass")})
    frame = pd.DataFrame(rows, columns=["name", "steps", "tokens", "minutes", *columns, "teacher_mass"])
    return frame.astype(dict.fromkeys(frame.columns[1:], float))


def _differences(picked: list[Run], names: dict[str, str]) -> None:
    """The settings that are not the same in all of them."""
    found = runs.differences(picked)
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
    csv_download(frame, "fairkd-differences", "differences_csv")
    caption(f"Only the settings that differ. {rest_is_equal(found)}")


def rest_is_equal(different: Collection[str]) -> str:
    """What is said of all other settings; seed and text are named only where they are among them."""
    same = []
    if "seed" not in different:
        same.append("the seed")
    if not any(name.startswith("corpus.") for name in different):
        same.append("the text")
    included = f", {' and '.join(same)} included," if same else ""
    return f"Everything else{included} is equal."
