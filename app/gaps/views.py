"""The summary and the four views of the Gaps page."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from app.charts.base import LOW_MASS
from app.charts.gaps import VALUE_NAMES, labour_scatter, transfer_scatter
from app.charts.sentence_pairs import Model, preference_scatter, preference_transfer
from app.charts.text import percent, percent_tick, shorten
from app.components.chart import show_figure
from app.components.dumbbells import gaps_data, gaps_figure
from app.gaps.inputs import SOURCE
from app.gaps.results import GapQuestion, Results, preference_differences, preferences, unread
from app.shared import theme
from app.shared.model_cache import collect_errors, show_errors
from app.shared.widgets import caption, csv_download, literal, warn_unread
from fairkd.errors import listed
from fairkd.lexicon import shipped_professions

if TYPE_CHECKING:
    from fairkd.measures import Summary

ENDS = 12  # professions shown at either end of the order, unless all are shown
WARNING_MASS = 0.05  # the summary warns below this mean mass
SENTENCE_A, SENTENCE_B = "Jim worked as a [MASK].", "Jane worked as a [MASK]."
LONGEST_SENTENCE = 1000


def summary(results: Results, question: GapQuestion) -> None:
    """Both models' mean absolute gap, and whether the two differ."""
    teacher, student, verdict = st.columns([4, 4, 5])
    with teacher.container(border=True, height="stretch"):
        _model_summary(":blue[**Teacher**]", results.teacher_summary, question)
    with student.container(border=True, height="stretch"):
        _model_summary(":orange[**Student**]", results.student_summary, question)
    with verdict.container(border=True, height="stretch"):
        test = results.test
        if test.kind == "too few":
            heading, icon = "T" + test.phrase()[1:], ":material/question_mark:"
        elif not test.is_clear:
            heading, icon = "No clear difference", ":material/drag_handle:"
        elif test.kind == "smaller":
            heading, icon = "The student's gaps are smaller", ":material/south_east:"
        else:
            heading, icon = "The student's gaps are larger", ":material/north_east:"
        st.markdown(f"{icon} **{heading}**")
        caption(literal(test.sentence))


def _model_summary(label: str, found: Summary, question: GapQuestion) -> None:
    """One model's mean absolute gap with its interval, and the probability of both groups together."""
    name = f"{label}: mean absolute {VALUE_NAMES[question.value]}"
    # Markdown wraps on a narrow screen, where the label of a metric would be cut.
    with st.container(gap=None):
        st.markdown(
            name,
            help="The average over sentences, sign ignored. At 0, both groups are equally likely in every "
            "sentence. The interval is a percentile bootstrap over professions. " + _sums_help(question),
        )
        st.metric(name, f"{found.mean_absolute:.2f} nats", label_visibility="collapsed")
    if math.isnan(found.absolute_low):
        interval = "No interval: one profession"
    else:
        interval = f"95 % interval {found.absolute_low:.2f} to {found.absolute_high:.2f}"
    factor = f"{math.exp(min(found.mean_absolute, 50.0)):.1f}"
    if question.value == "gap":
        meaning = f"On average one group is {factor} times as likely as the other."
    else:
        meaning = f"On average the profession changes the ratio of the groups by a factor of {factor}."
    caption(f"{meaning}  \n{interval} · {_mass(question)} = {literal(percent(found.mass))}")
    if found.mass < WARNING_MASS:
        caption(":material/warning: These words have almost no probability: interpret the gap with care.")


def _mass(question: GapQuestion) -> str:
    """The mass as Markdown: P(he) + P(she)."""
    return " + ".join(f"P({literal(name)})" for name in question.sums)


def _sums_help(question: GapQuestion) -> str:
    """The words of each group as Markdown; empty if each group has one word."""
    if question.sums == question.groups:
        return ""
    return " ".join(
        f"P({literal(name)}) is the sum over: {literal(words)}."
        for name, words in zip(question.sums, question.words, strict=True)
    )


def notes(teacher: str, student: str, results: Results, question: GapQuestion) -> None:
    """Notes on the words: those of several subword tokens, and text that a tokenizer cannot read."""
    split: dict[tuple[str, ...], dict[str, None]] = {}  # words -> the models that split them
    for model, reference in (("teacher", teacher), ("student", student)):
        if words := results.split[model]:
            split.setdefault(tuple(words), {})[reference] = None
    for several, references in split.items():
        caption(
            f"Words of several subword tokens in {literal(' and '.join(references))}: "
            f"{literal(listed(several))}. Their probability is a product over several masks, so their gaps "
            "to words of one token tend to be large."
        )
    warn_unreadable(
        (teacher, student), tuple(one.render(question.names[0]).text for one in question.templates)
    )


def warn_unreadable(references: tuple[str, str], texts: tuple[str, ...]) -> None:
    """Warn about text that a model's tokenizer cannot read, each with its first sentence."""
    found = ((reference, unread(reference, texts)) for reference in references)
    warn_unread(
        (who, [f"“{part}” in “{shorten(text, 80)}”" for part, text in parts.items()]) for who, parts in found
    )


def by_profession(results: Results, question: GapQuestion) -> None:
    """Both models' gap for each profession, with intervals."""
    ends = None
    if len(results.teacher) > 2 * ENDS:
        a, b = question.groups
        names = {literal(f"{ENDS} most “{a}”, {ENDS} most “{b}”"): ENDS, "All": None}
        chosen = st.segmented_control(
            "Professions",
            list(names),
            default=next(iter(names)),
            required=True,
            key="gaps_rows",
            bind="query-params",
        )
        ends = names.get(str(chosen), ENDS)
    mass = " + ".join(f"P({name})" for name in question.sums)
    data = gaps_data(
        results.teacher, results.student, groups=question.groups, value=question.value, mass=mass, ends=ends
    )
    gaps_figure(data, key="gaps_by_profession")
    if results.teacher["low"].isna().all():
        markers = "Each marker is the gap in the only template, so there are no intervals."
    else:
        markers = "Each marker is the mean over the templates, with a 95 % bootstrap interval over them."
    caption(
        f"Each row is a profession, sorted by the teacher's gap. {markers} At the vertical line both groups "
        f"are equally likely; at 0.69 nats one is twice as likely as the other. {_hollow_note(question)}"
    )
    table = results.teacher.merge(results.student, on="profession", suffixes=("_teacher", "_student"))
    _table(table, "fairkd-gaps-by-profession", "gaps_table_profession")
    rows = results.teacher_rows.merge(
        results.student_rows, on=["template", "role", "profession"], suffixes=("_teacher", "_student")
    )
    _table(rows, "fairkd-gaps-by-sentence", "gaps_table_sentence", title="Every sentence")


def _hollow_note(question: GapQuestion) -> str:
    """The meaning of a hollow marker."""
    return f"A hollow marker means little: {_mass(question)} is below {literal(percent_tick(LOW_MASS))}."


def bias_transfer(results: Results, question: GapQuestion) -> None:
    """The teacher's gap against the student's."""
    figure = transfer_scatter(
        results.transfer, groups=question.groups, value=question.value, dark=theme.is_dark()
    )
    show_figure(figure, "gaps_transfer", "fairkd-bias-transfer")
    caption(
        "Each point is a profession. On the dashed diagonal the student's gap equals the teacher's; on the "
        "horizontal line the student has no gap. Inherited: within 0.25 nats of the teacher's gap. Reduced: "
        "nearer to 0. Amplified: further from 0. Flipped: the student prefers the other group. No gap: both "
        f"gaps are at most 0.25 nats. {_hollow_note(question)}"
    )
    _table(results.transfer, "fairkd-bias-transfer", "gaps_table_transfer")


def labour_market(results: Results, question: GapQuestion) -> None:
    """Gaps against the share of women among workers."""
    if results.labour.empty:
        st.info("No profession has a share of women: fill in the column, or reset the professions.")
        return
    figure = labour_scatter(
        results.labour,
        correlations=results.correlations,
        groups=question.groups,
        value=question.value,
        dark=theme.is_dark(),
    )
    show_figure(figure, "gaps_labour", "fairkd-gaps-labour-market")
    missing = len(question.professions) - len(results.labour)
    years = " and ".join(sorted({str(year) for year in shipped_professions()["year"]}))
    caption(
        "Each pair of points is a profession, at the share of women among its workers. Dashed lines are "
        "least-squares fits. r is Pearson's correlation with its 95 % interval. "
        f"{SOURCE.format(year=years)} Edited and uploaded shares are used as they are."
        + (f" Without a share and not shown: {missing}." if missing else "")
    )
    _table(results.labour, "fairkd-gaps-labour-market", "gaps_table_labour")


def two_sentences(teacher: str, student: str) -> None:
    """Which words are more likely in sentence A than in sentence B, in one model and in both."""
    left, right = st.columns(2)
    text_a = left.text_input(
        "Sentence A", SENTENCE_A, key="sentence_a", bind="query-params", max_chars=LONGEST_SENTENCE
    )
    text_b = right.text_input(
        "Sentence B", SENTENCE_B, key="sentence_b", bind="query-params", max_chars=LONGEST_SENTENCE
    )
    text_a, text_b = str(text_a or ""), str(text_b or "")
    above, (one, both) = st.container(), st.columns(2, gap="medium")
    problems: dict[str, None] = {}
    with one:
        models: tuple[Model, Model] = ("teacher", "student")
        chosen = st.segmented_control(
            "Model",
            models,
            default="teacher",
            required=True,
            key="sentence_model",
            bind="query-params",
            label_visibility="collapsed",  # so that both columns begin with one line
        )
        model: Model = "student" if chosen == "student" else "teacher"
        with collect_errors(problems):
            frame = preferences(teacher if model == "teacher" else student, text_a, text_b)
            show_figure(
                preference_scatter(frame, sentences=(text_a, text_b), model=model, dark=theme.is_dark()),
                "gaps_preferences",
                f"fairkd-preferences-{model}",
            )
            caption(
                "Each point is one of the 40 most probable words of either sentence. A word below the dashed "
                "diagonal is more likely in A, a word above it in B. The further away, the larger the "
                "difference."
            )
            _table(frame, f"fairkd-preferences-{model}", "gaps_table_preferences")
    with both, collect_errors(problems):
        st.markdown("**Both models compared**")
        frame = preference_differences(teacher, student, text_a, text_b)
        show_figure(
            preference_transfer(frame, sentences=(text_a, text_b), dark=theme.is_dark()),
            "gaps_differences",
            "fairkd-preference-differences",
        )
        caption(
            "The preference for a word is log p(word | A) − log p(word | B). On the dashed diagonal both "
            "models have the same preference; on the horizontal line the student has none. Only words in "
            "both vocabularies are shown."
        )
        _table(frame, "fairkd-preference-differences", "gaps_table_differences")
    with above:
        with collect_errors(problems):
            warn_unreadable((teacher, student), (text_a, text_b))
        show_errors(problems)


def _table(frame: pd.DataFrame, name: str, key: str, *, title: str = "Table") -> None:
    """The numbers of a chart with their download, in an expander; drawn when it is opened."""
    panel = st.expander(title, key=f"{key}_fold", icon=":material/table:", on_change="rerun")
    if panel.open:
        with panel:
            st.dataframe(frame, key=f"{key}_frame", hide_index=True, height="auto")
            csv_download(frame, name, f"{key}_csv")


View = Callable[[Results, GapQuestion], None]
VIEWS: dict[str, View] = {
    "By profession": by_profession,
    "Bias transfer": bias_transfer,
    "Labour market": labour_market,
}
SENTENCES = "Two sentences"
