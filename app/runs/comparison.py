"""Several runs side by side: one measure on one chart, bias against quality, and their different settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app.charts.run_comparison import BIAS, LOST, MASS, QUALITY, X_AXES, bias_quality, compared_curves
from app.charts.runs import has_band
from app.components.chart import show_figure
from app.runs.follow import RunData, follow
from app.shared.activity import track_activity
from app.shared.run_texts import UNFINISHED, has_trained, unique_names
from app.shared.settings_table import shown
from app.shared.streamlit_internals import readable_tags
from app.shared.table_download import table_download
from app.shared.theme import is_dark
from app.shared.widgets import caption, literal
from fairkd import runs
from fairkd.measures import FEWEST_ITEMS, MEASURES, MIN_MASS_SHARE, Measure, Ranking, has_lost_mass
from fairkd.runs import Run, evaluation_differences, fairness_front, rank_runs, rests_on_one_seed

MOST = 8  # runs on one chart
COMPARE = "compare"
_SUGGESTED = "compare_suggested"
_WRITTEN = "compare_written"  # the choice in the address, unless the visitor has gone back or forward
_ROW = {"title_lines": 3, "note_lines": 3}  # reserved, so that both charts begin at one height
TOO_FEW = f"its measures need at least {FEWEST_ITEMS} held-out sentences and professions"
TABLE = tuple(MEASURES[key] for key in ("kl", "pseudo_perplexity_sampled", "gap_absolute", "gap_mass"))


def comparison(found: list[Run]) -> None:
    """The section below the list: a choice of runs, charts and tables.

    Runs whose settings cannot be read are left out: nobody knows whether they can be compared.
    """
    offered = [run for run in found if has_trained(run) and run.config_error is None]
    if len(offered) < 2:
        return
    # Own runs with the id: the browser sends the displayed name, which has to be unique.
    names = {run.id: run.name if run.example else f"{run.name} ({run.id})" for run in offered}
    st.subheader("Side by side")
    own = [run for run in offered if not run.example]
    _choose_at_first(list(names), newest_batch(own if len(own) > 1 else offered))
    readable_tags()
    chosen = st.multiselect(
        "Runs to compare",
        list(names),
        format_func=lambda id: names.get(id, id),
        key=COMPARE,
        max_selections=MOST,
        placeholder="Choose two or more",
    )
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
    st.fragment(_compared, run_every="4s" if live else None)(picked, shown, not different)
    _differences(picked, shown)


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


@track_activity()
def _compared(picked: list[Run], names: dict[str, str], comparable: bool) -> None:
    """The charts, updated while a run trains, and the table of last values."""
    data = {names[run.id]: follow(run) for run in picked}
    teacher = next((one.teacher for one in data.values() if one.teacher), {}) if comparable else {}
    table = last_values(data)
    masses = zip(table["gap_mass"], table["teacher_mass"], strict=True)
    lost = [has_lost_mass(mass, own) for mass, own in masses]
    gone = tuple(table["name"][lost])
    shown_ids, dark = tuple(run.id for run in picked), is_dark()
    one_seed = comparable and rests_on_one_seed([run.config for run in picked])
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
    left, right = st.columns([11, 9], gap="medium")
    with left:
        measure = MEASURES.get(str(chosen), BIAS)
        over = str(x) if x in X_AXES else "step"
        figure = compared_curves(
            {name: one.evaluations for name, one in data.items()},
            measure,
            x=over,
            teacher=teacher,
            ranking=_ranking(measure, data, gone) if comparable else None,
            one_seed=one_seed,
            lost=gone,
            dark=dark,
        )
        view = (shown_ids, measure.key, over, dark)
        show_figure(figure, "compared", f"fairkd-runs-{measure.key.replace('_', '-')}", view=view, **_ROW)
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
        _bias_quality(table, lost, data, teacher, comparable=comparable, view=(shown_ids, dark))
    if gone:
        caption(f":material/warning: {lost_note(gone)}")
    _values(table)


def _ranking(measure: Measure, data: Mapping[str, RunData], lost: Collection[str] = ()) -> Ranking:
    """The runs in the order of a measure; those without mass count for all measures but gaps."""
    left_out = lost if measure.needs_mass else ()
    return rank_runs(measure, {name: one.last for name, one in data.items() if name not in left_out})


def _bias_quality(
    table: pd.DataFrame,
    lost: Sequence[bool],
    data: Mapping[str, RunData],
    teacher: Mapping[str, Any],
    *,
    comparable: bool,
    view: tuple[object, bool],
) -> None:
    """Bias against quality, of the runs whose measures rest on enough sentences and professions."""
    few = [any(one.has_too_few(row) for one in (QUALITY, BIAS)) for row in table.to_dict("records")]
    known = table[[QUALITY.key, BIAS.key]].notna().all(axis=1) & ~pd.Series(few, dtype=bool)
    measured = table[known].reset_index(drop=True)
    if measured.empty:
        waiting = "The chart of bias against quality appears after the first evaluation."
        caption(f"Bias against quality is not drawn: {TOO_FEW}." if any(few) else waiting)
        return
    kept = [gone for gone, shown in zip(lost, known, strict=True) if shown]
    best = fairness_front(list(zip(measured[QUALITY.key], measured[BIAS.key], strict=True)), kept)
    gone = table["name"][lost].tolist()
    left_out = {*gone, *table["name"][~known]}
    counted = {name: one for name, one in data.items() if name not in left_out}
    figure = bias_quality(
        measured,
        front=best,
        # Colours follow the order of the runs: a run without values yet keeps its own.
        looks=[list(data).index(name) for name in measured["name"]],
        lost=kept,
        rankings=(_ranking(BIAS, counted), _ranking(QUALITY, counted)) if comparable else None,
        teacher=teacher,
        dark=view[1],
    )
    show_figure(figure, "bias_quality", "fairkd-bias-quality", view=view, **_ROW)
    way = "No run lies below and to the left of the dotted line." if comparable and best else ""
    caption(f"Each run's last evaluation. {QUALITY.example} {way}")


def _values(table: pd.DataFrame) -> None:
    """The last values with their intervals and sample sizes as text; all digits are in the file."""
    rows = table.to_dict("records")
    readable = table[["name", "steps", "tokens", "minutes"]].copy()
    for measure in TABLE:
        readable[measure.key] = [measure.format_with_interval(row) for row in rows]
    readable["sizes"] = [
        ", ".join(dict.fromkeys(filter(None, (measure.sample_size(row) for measure in TABLE))))
        for row in rows
    ]
    readable["teacher_mass"] = [MASS.format(row["teacher_mass"]) for row in rows]
    headings = {measure.key: (measure.heading, measure.help) for measure in TABLE}
    headings |= {
        "sizes": ("measured on", "KL is measured on the sentences of the smaller number."),
        "teacher_mass": (f"{MASS.label}, teacher", MASS.help),
    }
    st.dataframe(
        readable,
        hide_index=True,
        key="compared_table",
        column_config={
            "name": st.column_config.TextColumn("run"),
            "steps": st.column_config.NumberColumn(format="localized"),
            "tokens": st.column_config.NumberColumn(format="localized"),
            "minutes": st.column_config.NumberColumn(format="%.1f"),
            **{key: st.column_config.TextColumn(text, help=help) for key, (text, help) in headings.items()},
        },
    )
    names = {"name": "run"} | {key: text for key, (text, _) in headings.items()}
    table_download(table, "fairkd-runs", "compared_csv", shown=readable.rename(columns=names))


def lost_note(lost: Sequence[str]) -> str:
    """Why the gaps of these runs do not count."""
    verb = "gives" if len(lost) == 1 else "give"
    return (
        f"{LOST.capitalize()}: {' and '.join(map(literal, lost))} {verb} the measured words less than "
        f"{100 * MIN_MASS_SHARE:.0f} % of the probability that the teacher gives them. Such a gap means "
        "little, even if it is small. It is drawn hollow, and no run is named for such a gap."
    )


def last_values(data: dict[str, RunData]) -> pd.DataFrame:
    """One row per run: its last evaluation and its teacher's probability mass, NaN where unknown."""
    columns = list(dict.fromkeys(key for measure in TABLE for key in (*measure.keys, measure.sample)))
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
    """The table of settings that differ between the runs."""
    found = runs.setting_differences(picked)
    st.markdown("**Different settings**")
    if not found:
        caption("All settings are equal.")
        return
    rows = [
        {"setting": key} | {names[id]: shown(value) for id, value in row.items()}
        for key, row in found.items()
    ]
    frame = pd.DataFrame(rows)
    st.dataframe(frame, hide_index=True, key="differences", height="auto")
    table_download(frame, "fairkd-differences", "differences_csv")
    caption(f"Only the settings that differ. {rest_is_equal(found)}")


def rest_is_equal(different: Collection[str]) -> str:
    """A sentence on all other settings, which names seed and text if they are among them."""
    same = []
    if "seed" not in different:
        same.append("the seed")
    if not any(name.startswith("corpus.") for name in different):
        same.append("the text")
    included = f", including {' and '.join(same)}" if same else ""
    return f"All other settings are equal{included}."
