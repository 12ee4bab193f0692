"""The views of the Gaps page on teacher and student: by profession, bias transfer, labour market."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.charts.base import LOW_MASS
from app.charts.gap_text import VALUE_NAMES, ZERO
from app.charts.gaps import labour_scatter, transfer_scatter
from app.charts.text import percent_tick
from app.components.chart import show_figure
from app.components.dumbbells import gaps_data, gaps_figure
from app.gaps.editable_tables import share_source
from app.gaps.link import MARKED
from app.gaps.models_view import readable, short_headings
from app.gaps.reproduction import about
from app.gaps.results import GapQuestion, Results
from app.gaps.summary import warnings
from app.gaps.tables import folded_table
from app.shared import theme
from app.shared.model_options import named
from app.shared.presenter import is_presenting
from app.shared.widgets import caption, literal
from fairkd.measures import FEWEST_ITEMS, TOLERANCE, no_interval

ENDS = 12  # professions shown at either end of the order, unless all are shown
ROWS, ALL = "gaps_rows", "All"  # the parameter of the address with which all professions are shown
PRESENTED_ENDS = 4  # so that the whole chart is on a projector
SIGNS = "A mean absolute gap ignores the sign in each template; in a mean gap, opposite signs cancel."
KEYS = ["template", "role", "profession"]
SIDES = ("_teacher", "_student")


def by_profession(results: Results, question: GapQuestion) -> None:
    """Both models' gap for each profession, with intervals, and a table by grammatical role."""
    marked, every = st.query_params.get(MARKED), st.query_params.get(ROWS) == ALL
    ends = ENDS
    if is_presenting():
        ends = PRESENTED_ENDS - bool(marked or warnings(results, question))

    def other_rows() -> None:
        if every:
            st.query_params.pop(ROWS, None)
        else:
            st.query_params[ROWS] = ALL

    data = profession_data(results, question, ends=None if every else ends, marked=marked)
    gaps_figure(data, key="gaps_by_profession", fewer=2 * ends, on_rows=other_rows)
    count = len(question.templates)
    if count == 1:
        markers = "Each marker is the gap in the only template, so there are no intervals."
    elif count < FEWEST_ITEMS:
        markers = f"Each marker is the mean gap over {count} templates ({no_interval(count, 'template')})."
    else:
        markers = (
            f"Each marker is the mean gap over {count} templates, with a 95 % bootstrap interval over them."
        )
    if count > 1:
        markers += f" The title compares mean absolute gaps. {SIGNS}"
    caption(
        f"Each row is a profession, sorted by the teacher's {VALUE_NAMES[question.value]}. {markers} At the "
        f"vertical line {ZERO[question.value]}. {_scale(question)} {_hollow_note()}"
    )
    models = about(results.models, question)

    def table() -> pd.DataFrame:
        both = results.teacher.merge(results.student, on="profession", suffixes=SIDES)
        return both.sort_values("mean_teacher", ascending=False, kind="stable", ignore_index=True)

    folded_table(table, "fairkd-gaps-by-profession", "gaps_table_profession", about=models)
    if len(question.roles) > 1:
        folded_table(
            lambda: results.roles,
            "fairkd-gaps-by-role",
            "gaps_table_role",
            about=about(results.models, question, counts=False),
            title="By grammatical role",
            shown=partial(readable, value=question.value),
            headings=partial(short_headings, value=question.value),
        )

    @cache
    def sentences() -> pd.DataFrame:
        rows = results.teacher_rows.merge(results.student_rows, on=KEYS, suffixes=SIDES)
        return rows.dropna(axis="columns", how="all")  # the prior, where it was not asked for

    def open_sentence(row: int | None) -> None:
        if row is None or row >= len(sentences()):
            caption("Click a row to open its sentence in Predictions.")
            return
        text = str(sentences()["text_teacher"].iloc[row])
        st.page_link(
            "app/pages/predictions.py",
            label=f"Open “{literal(text)}” in Predictions",
            icon=":material/view_column:",
            query_params={"text": text},
        )

    folded_table(
        sentences,
        "fairkd-gaps-by-sentence",
        "gaps_table_sentence",
        about=models,
        title="Every sentence",
        shown=partial(readable_sentences, question=question),
        on_row=open_sentence,
    )


def profession_data(
    results: Results, question: GapQuestion, *, ends: int | None, marked: str | None
) -> dict[str, Any]:
    """What the figure of professions draws; `ends` and `marked` are those of `gaps_data`."""
    return gaps_data(
        results.teacher,
        results.student,
        groups=question.shown_groups,
        test=results.test,
        lost=results.lost,
        value=question.value,
        mass=" + ".join(f"P({name})" for name in question.sums),
        ends=ends,
        marked=marked,
        legend=[named(role.capitalize(), results.models[role]) for role in ("teacher", "student")],
    )


def readable_sentences(rows: pd.DataFrame, question: GapQuestion) -> pd.DataFrame:
    """The table of sentences for the page: the file's main columns, named after the words compared."""
    a, b = question.sums
    parts = {
        VALUE_NAMES[question.value]: question.value,
        **({} if question.value == "gap" else {"gap": "gap"}),
        f"log P({a})": "log_p_a",
        f"log P({b})": "log_p_b",
        f"P({a}) + P({b})": "mass",
    }
    same = rows["text_teacher"] == rows["text_b_teacher"]
    sentence = rows["text_teacher"].where(same, rows["text_teacher"] + " / " + rows["text_b_teacher"])
    columns = {"sentence": sentence, "profession": rows["profession"], "role": rows["role"]}
    for heading, part in parts.items():
        for role in ("teacher", "student"):
            columns[f"{heading}, {role}"] = rows[f"{part}_{role}"]
    return pd.DataFrame(columns)


def _scale(question: GapQuestion) -> str:
    """What the numbers on the axis mean, and what they are in nats."""
    if question.value == "corrected_gap":
        means = "At 2× the profession doubles the ratio of the two groups, towards either."
    else:
        means = "At 2× one is twice as likely as the other."
    return f"{means} A gap in nats is the natural logarithm of that: 0.69 nats are 2×, 2.30 nats 10×."


def _hollow_note() -> str:
    """The meaning of a hollow marker."""
    low = literal(percent_tick(LOW_MASS))
    return f"A hollow marker means little: both groups together have less than {low} of the probability."


def bias_transfer(results: Results, question: GapQuestion) -> None:
    """The teacher's gap against the student's."""
    figure = transfer_figure(results, question, dark=theme.is_dark())
    with st.container(width=780):
        show_figure(figure, "gaps_transfer", "fairkd-bias-transfer")
    sentences = [transfer_caption(VALUE_NAMES[question.value], len(results.transfer)), _hollow_note()]
    if len(question.templates) > 1:
        sentences.append(
            f"The kinds go by mean gaps, the card above by mean absolute gaps. {SIGNS} So the two may count "
            "different numbers of professions."
        )
    caption(" ".join(sentences))
    folded_table(
        lambda: results.transfer,
        "fairkd-bias-transfer",
        "gaps_table_transfer",
        about=about(results.models, question),
    )


def transfer_figure(results: Results, question: GapQuestion, *, dark: bool) -> go.Figure:
    """The figure of `bias_transfer`."""
    return transfer_scatter(
        results.transfer, groups=question.shown_groups, value=question.value, lost=results.lost, dark=dark
    )


def transfer_caption(what: str, count: int) -> str:
    """What the kinds of transfer mean; `fairkd.measures.transfer_kind` defines them."""
    return (
        f"Each point is one of {count} professions. On the dashed diagonal the student's {what} equals the "
        f"teacher's; on the horizontal line it is 0. Inherited: within {TOLERANCE} nats of the teacher's. "
        "Reduced: nearer to 0. Amplified: further from 0. Flipped: of the other sign, and both more than "
        f"{TOLERANCE} nats from 0. No gap: both at most {TOLERANCE} nats from 0."
    )


def labour_market(results: Results, question: GapQuestion) -> None:
    """Gaps against the share of women among workers."""
    if results.labour.empty:
        st.info(
            "No profession has a share of women: fill in the column in “Edit words and sentences”, or upload "
            "professions with shares."
        )
        return
    figure = labour_figure(results, question, dark=theme.is_dark())
    show_figure(figure, "gaps_labour", "fairkd-gaps-labour-market")
    missing = len(question.professions) - len(results.labour)
    fits = (
        ""
        if len(results.labour) < FEWEST_ITEMS
        else "Dashed lines are least-squares fits. r is Pearson's correlation with its 95 % interval. "
    )
    caption(
        f"Each pair of points is one of {len(results.labour)} professions, at the share of women among its "
        f"workers. At the horizontal line {ZERO[question.value]}. {fits}"
        f"{share_source(question.language.code)} Edited and uploaded shares are used as they are."
        + (f" Without a share and not shown: {missing}." if missing else "")
    )
    folded_table(
        lambda: results.labour,
        "fairkd-gaps-labour-market",
        "gaps_table_labour",
        about=about(results.models, question),
    )


def labour_figure(results: Results, question: GapQuestion, *, dark: bool) -> go.Figure:
    """The figure of `labour_market`."""
    return labour_scatter(
        results.labour,
        correlations=results.correlations,
        groups=question.shown_groups,
        value=question.value,
        dark=dark,
    )


View = Callable[[Results, GapQuestion], None]
VIEWS: Mapping[str, View] = {
    "By profession": by_profession,
    "Bias transfer": bias_transfer,
    "Labour market": labour_market,
}
