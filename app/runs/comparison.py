"""Several runs side by side: one measure on one chart, bias against quality, and their different settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.charts.run_comparison import BIAS, LOST, QUALITY, X_AXES, bias_quality, compared_curves
from app.charts.runs import has_band
from app.components.chart import show_figure
from app.runs.compared_tables import (
    different_settings,
    last_values,
    measured_on,
    paired_differences,
    values_table,
)
from app.runs.follow import RunData, follow
from app.runs.measured_benchmarks import measured_benchmarks
from app.runs.reproduce_run import reproduce_runs
from app.shared.activity import track_activity
from app.shared.presenter import is_presenting, unseen
from app.shared.run_texts import UNFINISHED, has_trained, unique_names
from app.shared.theme import is_dark
from app.shared.widgets import caption, literal
from fairkd.measures import FEWEST_ITEMS, MEASURES, MIN_MASS_SHARE, Measure, Ranking, has_lost_mass
from fairkd.runs import Run, evaluation_differences, fairness_front, rank_runs, rests_on_one_seed

MOST = 8  # runs on one chart
COMPARE = "compare"
_SUGGESTED = "compare_suggested"
_WRITTEN = "compare_written"  # the choice in the address, unless the visitor has gone back or forward
_NUMBERS = "compared_numbers"
_LINES = 3  # of title and note, reserved, so that both charts begin at one height
TOO_FEW = f"its measures need at least {FEWEST_ITEMS} held-out sentences and professions"


def comparison(found: list[Run]) -> None:
    """The section below the list: a choice of runs, charts and tables.

    Runs whose settings cannot be read are left out: nobody knows whether they can be compared.
    """
    offered = [run for run in found if has_trained(run) and run.config_error is None]
    if len(offered) < 2:
        return
    # Own runs with the id: the browser sends the displayed name, which has to be unique.
    names = {run.id: run.name if run.example else f"{run.name} ({run.id})" for run in offered}
    with unseen("compared_heading"):
        st.subheader("Side by side")
    own = [run for run in offered if not run.example]
    _choose_at_first(list(names), newest_batch(own if len(own) > 1 else offered))
    presenting = is_presenting()
    row = st.container(horizontal=True, gap="small") if presenting else nullcontext()
    with row:
        chosen = st.multiselect(
            "Runs to compare",
            list(names),
            format_func=lambda id: names.get(id, id),
            key=COMPARE,
            max_selections=MOST,
            placeholder="Choose two or more",
            label_visibility=_labels(),
        )
        # In the presenter view in the same row, so that the charts are whole.
        axes = _choose_axes() if presenting else None
    st.session_state[_WRITTEN] = list(chosen)
    if chosen != st.query_params.get_all(COMPARE):
        st.query_params[COMPARE] = chosen
    picked = [run for id in chosen for run in offered if run.id == id][:MOST]
    if len(picked) < 2:
        caption("Choose two or more runs. Variants that were started together share the seed and the text.")
        return
    different = evaluation_differences([run.config for run in picked])
    if different:
        st.warning(not_comparable(different), icon=":material/warning:")
    live = any(run.state in UNFINISHED for run in picked)
    shown = unique_names(picked)  # shorter: only the compared runs have to differ
    numbers = keep_numbers(st.session_state.get(_NUMBERS, {}), [run.id for run in picked])
    st.session_state[_NUMBERS] = numbers
    looks = {shown[id]: number for id, number in numbers.items()}
    st.fragment(_compared, run_every="4s" if live else None)(picked, shown, looks, not different, axes)
    measured_benchmarks(picked, shown)
    different_settings(picked, shown)
    reproduce_runs(picked, shown, looks, axes or _chosen_axes(), comparable=not different)


def _choose_at_first(offered: Collection[str], newest: list[str]) -> None:
    """Choose the runs of the link, or else the newest ones until somebody chooses others.

    The page writes the address, because the widget leaves out a choice that nobody made by hand. So a copied
    link always shows the same runs.
    """
    state = st.session_state
    linked = [id for id in st.query_params.get_all(COMPARE) if id in offered][:MOST]
    went_back = bool(linked) and state.get(COMPARE) == state.get(_WRITTEN) != linked
    if COMPARE in state and not went_back:
        if state[COMPARE] == state.get(_SUGGESTED):
            state[COMPARE] = state[_SUGGESTED] = newest
    elif linked:
        state[COMPARE] = linked
    else:
        state[COMPARE] = state[_SUGGESTED] = newest


def keep_numbers(before: Mapping[str, int], ids: Sequence[str]) -> dict[str, int]:
    """A number for each run, which decides how it is drawn; a run keeps the one it had.

    >>> keep_numbers({"plain": 0, "paper": 1, "fair": 2}, ["plain", "fair", "cda"])
    {'plain': 0, 'fair': 2, 'cda': 1}
    """
    kept = {id: before[id] for id in ids if id in before}
    free = (number for number in range(2 * MOST) if number not in kept.values())
    return {id: kept[id] if id in kept else next(free) for id in ids}


def newest_batch(found: list[Run]) -> list[str]:
    """The runs of the newest batch, in their order, or else the two newest runs."""
    for run in found:
        together = [one.id for one in reversed(found) if run.batch and one.batch == run.batch]
        if len(together) > 1:
            return together[:MOST]
    return [run.id for run in found[:2]]


def not_comparable(different: Sequence[str]) -> str:
    """The warning, with the settings named as in the table of differences."""
    verb = "differs" if len(different) == 1 else "differ"
    return (
        f"These runs are not comparable: {literal(' and '.join(different))} {verb}, so their evaluations "
        "differ, too. No run is called the best, and no Pareto front is drawn."
    )


def _labels() -> Literal["visible", "collapsed"]:
    """Whether the widgets above the charts show their labels."""
    return "collapsed" if is_presenting() else "visible"


def _choose_axes() -> tuple[Measure, str]:
    """The measure of the first chart, and the column of its x axis: a key of X_AXES."""
    place: Literal["center", "bottom"] = "center" if is_presenting() else "bottom"
    with st.container(horizontal=True, vertical_alignment=place, gap="medium", width="content"):
        chosen = st.selectbox(
            "Measure",
            list(MEASURES),
            index=list(MEASURES).index(BIAS.key),
            format_func=lambda key: MEASURES[key].label,
            key="compared_measure",
            bind="query-params",
            width=240,
            label_visibility=_labels(),
        )
        x = st.segmented_control(
            "Over",
            list(X_AXES),
            default="step",
            required=True,
            key="compared_over",
            bind="query-params",
            label_visibility=_labels(),
        )
    return _axes(chosen, x)


def _chosen_axes() -> tuple[Measure, str]:
    """The same from the widgets, which are in a fragment."""
    return _axes(*map(st.session_state.get, ("compared_measure", "compared_over")))


def _axes(measure: object, x: object) -> tuple[Measure, str]:
    return MEASURES.get(str(measure), BIAS), str(x) if x in X_AXES else "step"


@track_activity()
def _compared(
    picked: list[Run],
    names: dict[str, str],
    looks: Mapping[str, int],
    comparable: bool,
    axes: tuple[Measure, str] | None,
) -> None:
    """The charts, updated while a run trains, and the table of last values.

    `axes` are what `_choose_axes` returned; None where the choice stands here, above the charts.
    """
    data = {names[run.id]: follow(run) for run in picked}
    teacher = shared_teacher(data) if comparable else {}
    table = last_values(data)
    gone = tuple(table["name"][lost_mass(table)])
    shown_ids, dark = tuple((run.id, looks[names[run.id]]) for run in picked), is_dark()
    measure, over = axes or _choose_axes()
    left, right = st.columns([11, 9], gap="medium")
    with left:
        figure = compared_figure(picked, data, looks, measure, over=over, comparable=comparable, dark=dark)
        view = (shown_ids, measure.key, over, dark)
        show_figure(
            figure,
            "compared",
            f"fairkd-runs-{measure.key.replace('_', '-')}",
            view=view,
            title_lines=_LINES,
            note_lines=_LINES,
        )
        banded = any(has_band(one.evaluations, measure) for one in data.values())
        sentences = [
            measure.help,
            f"{measure.goal.capitalize()}." if measure.goal else "",
            f"Bands are 95 % bootstrap intervals over {measure.sampled}." if banded else "",
            "The dashed blue line is the teacher." if teacher.get(measure.key) is not None else "",
            "A click on a name in the legend hides its run.",
        ]
        caption(" ".join(filter(None, sentences)))
    with right:
        _bias_quality(data, looks, comparable=comparable, view=(shown_ids, dark))
    if gone:
        caption(f":material/warning: {lost_note(gone)}")
    if told := measured_on(picked, data):
        caption(told)
    values_table(table, picked)
    if comparable:
        paired_differences(data, picked)


def _ranking(measure: Measure, data: Mapping[str, RunData], lost: Collection[str] = ()) -> Ranking:
    """The runs in the order of a measure; those without mass count for all measures but gaps."""
    left_out = lost if measure.needs_mass else ()
    return rank_runs(measure, {name: one.last for name, one in data.items() if name not in left_out})


def shared_teacher(data: Mapping[str, RunData]) -> Mapping[str, Any]:
    """The teacher's measures, which comparable runs share; empty before the first."""
    return next((one.teacher for one in data.values() if one.teacher), {})


def lost_mass(table: pd.DataFrame) -> list[bool]:
    """Whether each run of `last_values` has lost the probability mass that its gaps need."""
    return [
        has_lost_mass(mass, own) for mass, own in zip(table["gap_mass"], table["teacher_mass"], strict=True)
    ]


def compared_figure(
    picked: Sequence[Run],
    data: Mapping[str, RunData],
    looks: Mapping[str, int],
    measure: Measure,
    *,
    over: str,
    comparable: bool,
    dark: bool,
) -> go.Figure:
    """A measure of all runs on one chart. `data` has those of `picked` by displayed name, in order."""
    table = last_values(dict(data))
    gone = tuple(table["name"][lost_mass(table)])
    return compared_curves(
        {name: one.evaluations for name, one in data.items()},
        measure,
        looks=looks,
        x=over,
        teacher=shared_teacher(data) if comparable else {},
        ranking=_ranking(measure, data, gone) if comparable else None,
        one_seed=comparable and rests_on_one_seed([run.config for run in picked]),
        lost=gone,
        dark=dark,
    )


def bias_quality_figure(
    data: Mapping[str, RunData], looks: Mapping[str, int], *, comparable: bool, dark: bool
) -> tuple[go.Figure, bool] | None:
    """Bias against quality, and whether the figure has a Pareto front.

    Only of the runs whose measures rest on enough sentences and professions; None where there are none.
    """
    table = last_values(dict(data))
    lost = lost_mass(table)
    known = ~_too_few(table) & table[[QUALITY.key, BIAS.key]].notna().all(axis=1)
    measured = table[known].reset_index(drop=True)
    if measured.empty:
        return None
    kept = [gone for gone, shown in zip(lost, known, strict=True) if shown]
    best = fairness_front(list(zip(measured[QUALITY.key], measured[BIAS.key], strict=True)), kept)
    left_out = {*table["name"][lost], *table["name"][~known]}
    counted = {name: one for name, one in data.items() if name not in left_out}
    figure = bias_quality(
        measured,
        front=best,
        looks=looks,
        lost=kept,
        rankings=(_ranking(BIAS, counted), _ranking(QUALITY, counted)) if comparable else None,
        teacher=shared_teacher(data) if comparable else {},
        dark=dark,
    )
    return figure, bool(best)


def _too_few(table: pd.DataFrame) -> pd.Series:
    """Which runs were measured on too few sentences or professions."""
    rows = table.to_dict("records")
    return pd.Series([any(one.has_too_few(row) for one in (QUALITY, BIAS)) for row in rows], dtype=bool)


def _bias_quality(
    data: Mapping[str, RunData], looks: Mapping[str, int], *, comparable: bool, view: tuple[object, bool]
) -> None:
    """Bias against quality, or why it is not drawn."""
    found = bias_quality_figure(data, looks, comparable=comparable, dark=view[1])
    if found is None:
        waiting = "The chart of bias against quality appears after the first evaluation."
        few = _too_few(last_values(dict(data))).any()
        caption(f"Bias against quality is not drawn: {TOO_FEW}." if few else waiting)
        return
    figure, best = found
    show_figure(
        figure, "bias_quality", "fairkd-bias-quality", view=view, title_lines=_LINES, note_lines=_LINES
    )
    way = (
        "No other run lies below and to the left of the dotted line; the teacher is no run."
        if comparable and best
        else ""
    )
    caption(f"Each run's last evaluation. {QUALITY.example} {way}")


def lost_note(lost: Sequence[str]) -> str:
    """Why the gaps of these runs do not count."""
    verb = "gives" if len(lost) == 1 else "give"
    return (
        f"{LOST.capitalize()}: {' and '.join(map(literal, lost))} {verb} the measured words less than "
        f"{100 * MIN_MASS_SHARE:.0f} % of the probability that the teacher gives them. Such a gap means "
        "little, even if it is small. It is drawn hollow, and no run is named for such a gap."
    )
