"""What the finished runs of a study show over seeds: dots, intervals, verdicts, and tables."""

from __future__ import annotations

from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from pandas.io.formats.style import Styler

from app.charts.run_comparison import BIAS, MASS, QUALITY, and_, bias_quality
from app.charts.seed_charts import seed_differences, seed_dots
from app.components.chart import show_figure
from app.shared.activity import track_activity
from app.shared.presenter import is_presenting
from app.shared.table_download import table_download
from app.shared.theme import is_dark
from app.shared.url_state import take_parameter, write_parameter
from app.shared.widgets import caption, literal
from app.studies.matrix import signature
from fairkd import studies
from fairkd.errors import FairKDError
from fairkd.studies import StudyColumn, StudyRecord, StudyResults
from fairkd.utils import p_value

EVERY = "6s"  # between two updates while runs train
COLUMN = "measure"  # a parameter of the address
MOST_WHOLE = 6  # variants whose rows fit in a presenter's window
# Of the table of all measures, in their order.
_HEADINGS = {
    "measure": "measure",
    "variant": "variant",
    "mean": "mean",
    "low": "95 % from",
    "high": "to",
    "difference": "difference",
    "p_holm": "p (Holm)",
    "verdict": "verdict",
    "better": "better is",
}
_LINES = 2  # of title and of note, reserved, so that both charts begin at one height


# A bootstrap of every column takes a while, so unchanged results are kept.
@st.cache_resource(max_entries=16, show_spinner=False)
def _results(id: str, cells: tuple[object, ...], folder: str) -> StudyResults:
    """The results of a study whose cells have this signature."""
    return studies.results(id)


def found_results(record: StudyRecord) -> StudyResults:
    """The results so far; FairKDError where its runs cannot be compared."""
    return _results(record.id, signature(record), str(record.folder))


def study_results(record: StudyRecord, *, every: str | None) -> None:
    """The results, updated while runs finish."""
    st.fragment(_show, run_every=every)(record.id)


@track_activity()
def _show(id: str) -> None:
    try:
        record = studies.get(id)
        found = found_results(record)
    except FairKDError as error:
        st.error(literal(error), icon=":material/error:")
        return
    if not found.columns:
        caption("The results appear when the first run has finished.")
        return
    column = _choose_column(found)
    if record.state != "finished" and not is_presenting():
        missing = " ".join(map(literal, found.missing))
        st.warning(f"**Results so far.** {missing}", icon=":material/hourglass_top:")
    _charts(found, column)
    if not is_presenting():
        _in_words(found, column)
    _bias_quality(found)
    if not is_presenting():
        _tables(found)


def _choose_column(found: StudyResults) -> StudyColumn:
    """The column of the charts: by default the bias."""
    keys = [column.key for column in found.columns]
    first = BIAS.key if BIAS.key in keys else keys[0]
    take_parameter(COLUMN, first)
    if st.session_state[COLUMN] not in keys:
        st.session_state[COLUMN] = first
    labels = {column.key: column.label for column in found.columns}
    chosen = st.selectbox(
        "Measure",
        keys,
        key=COLUMN,
        persist_state="session",
        format_func=lambda key: labels[key],
        width=340,
        label_visibility="collapsed" if is_presenting() else "visible",
    )
    write_parameter(COLUMN, str(chosen), first)
    column = found.column(str(chosen))
    return found.columns[0] if column is None else column


def _charts(found: StudyResults, column: StudyColumn) -> None:
    dark = is_dark()
    view = (found.id, column.key, found.variants, dark)
    show = partial(
        show_figure,
        view=view,
        title_lines=_LINES,
        note_lines=_LINES,
        rows=len(found.variants) > MOST_WHOLE,
    )
    left, right = st.columns(2, gap="medium")
    with left:
        figure = seed_dots(found, column, dark=dark)
        show(figure, "study_dots", f"fairkd-study-{found.id}-seeds")
    with right:
        figure = seed_differences(found, column, dark=dark)
        show(figure, "study_differences", f"fairkd-study-{found.id}-differences")
    if is_presenting():
        return
    if not _several_seeds(found):
        caption(literal(column.description))
        return
    both = (
        f" Thin line: 95 % interval over seeds and {column.sampled}, which says how far the result "
        f"depends on the chosen {column.sampled}, too."
        if column.sampled
        else ""
    )
    mean = "geometric mean" if column.logs else "mean"
    caption(
        f"{literal(column.description)} Thick line: 95 % t interval of the {mean} over seeds, which says "
        f"where other seeds would lead.{both} Differences are paired by seed. So many seeds that vary like "
        "these show a difference inside the grey band with less than 80 % probability."
    )


def _in_words(found: StudyResults, column: StudyColumn) -> None:
    """The verdict on each variant, and what must be known to read it."""
    said = [found.of(name, column.key).sentence for name in found.variants]
    st.markdown("\n".join(f"- {literal(sentence)}" for sentence in said if sentence))
    for note in found.notes:
        caption(literal(note))


def bias_quality_of(found: StudyResults, *, dark: bool) -> go.Figure | None:
    """The means of bias and quality with their intervals over seeds; None before there are any."""
    rows = []
    for name in found.variants:
        row: dict[str, object] = {"name": name}
        for measure in (QUALITY, BIAS, MASS):
            one = found.table.get((name, measure.key))
            if one is not None and one.mean is not None:
                values = (one.mean.mean, one.mean.low, one.mean.high)
                row |= dict(zip(measure.keys, values, strict=True))
        if QUALITY.key in row and BIAS.key in row:
            rows.append(row)
    if not rows:
        return None
    names = [str(row["name"]) for row in rows]
    lost = [found.of(name, BIAS.key).lost_mass for name in names]
    return bias_quality(
        pd.DataFrame(rows),
        front=tuple(names.index(name) for name in found.front),
        looks={name: number for number, name in enumerate(found.variants)},
        lost=lost,
        head=(
            front_text(found),
            "means over seeds with 95 % intervals over seeds" if _several_seeds(found) else "one seed each",
        ),
        teacher=found.teacher,
        dark=dark,
    )


def front_text(found: StudyResults) -> str:
    """Which variants form the Pareto front of the means."""
    front = found.front
    kept = [name for name in found.variants if not found.of(name, BIAS.key).lost_mass]
    if not _several_seeds(found):
        return "Bias against quality at one seed: another seed may end differently"
    if not kept:
        return "No variant has kept the probability mass that a gap needs"
    if len(found.variants) < 2 or not front:
        return "Bias against quality"
    if len(kept) == 1:
        return f"Only {kept[0]} has kept the probability mass that a gap needs"
    among = "" if len(kept) == len(found.variants) else " of the variants that kept their mass"
    if len(front) == 1:
        return f"On average, {front[0]} has the smallest gap and predicts text best{among}"
    return f"On average, no variant{among} beats {and_(front)} in both gap and prediction of text"


def _several_seeds(found: StudyResults) -> bool:
    return len({cell.seed for cell in found.cells}) >= studies.FEWEST_SEEDS


def _bias_quality(found: StudyResults) -> None:
    dark = is_dark()
    figure = bias_quality_of(found, dark=dark)
    if figure is None:
        return
    left, right = st.columns([11, 9], gap="medium", vertical_alignment="center")
    with left:
        name = f"fairkd-study-{found.id}-bias-quality"
        show_figure(figure, "study_bias_quality", name, view=(found.id, dark), title_lines=2, note_lines=1)
    if is_presenting():
        return
    with right:
        caption(
            "Down: a smaller gap. Left: better at predicting text. The dotted line joins the variants that "
            "no other one beats in both means (the Pareto front). A variant on it need not be *shown* to be "
            f"better than its neighbours: see the differences to the baseline for that. {QUALITY.example}"
        )


def _tables(found: StudyResults) -> None:
    """All columns, and the values of every seed: numbers, shown with their units, which can be sorted."""
    about = partial(studies.about_study, found)
    st.markdown("**All measures**")
    frame = studies.measures_table(found)
    st.dataframe(
        _with_units(found, frame),
        hide_index=True,
        key="study_summary",
        height="auto",
        placeholder="–",
        column_order=list(_HEADINGS),
        column_config={
            **_HEADINGS,
            "difference": st.column_config.Column(_HEADINGS["difference"], width=150),  # "percentage points"
        },
    )
    table_download(
        partial(studies.variants_table, found),
        f"fairkd-study-{found.id}",
        "study_summary_csv",
        about=about,
        shown=studies.summary_table(found),
    )
    caption(
        "Means over seeds with 95 % t intervals over seeds, which stay within the range of the measure; the "
        "difference to the baseline, its p value adjusted by Holm, and the verdict. Click the head of a "
        "column to sort by it. The file has all digits, both intervals and the smallest differences."
    )
    panel = st.expander("Every seed", icon=":material/table_rows:", key="study_every_seed", on_change="rerun")
    if panel.open:
        with panel:
            frame = studies.cells_table(found)
            st.dataframe(
                frame.style.format({column.key: column.format for column in found.columns}),
                hide_index=True,
                key="study_cells",
                placeholder="–",
                column_config={column.key: column.label for column in found.columns},
            )
            table_download(frame, f"fairkd-study-{found.id}-seeds", "study_cells_csv", about=about)


def _with_units(found: StudyResults, frame: pd.DataFrame) -> Styler:
    """`measures_table` with each number in the unit and the digits of its own measure; they stay numbers."""
    styled = frame.style.format(p_value, subset=["p_holm"])
    for column in found.columns:
        rows = frame["key"] == column.key
        styled.format(column.format, subset=(rows, ["mean", "low", "high"]))
        styled.format(column.difference, subset=(rows, ["difference"]))
    return styled
