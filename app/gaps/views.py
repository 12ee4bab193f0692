"""What the Gaps page draws from its results: the summary line and the four views."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from app.charts.base import LOW_MASS
from app.charts.gaps import VALUE_NAMES, labour_scatter, transfer_scatter
from app.charts.sentence_pairs import Model, preference_scatter, preference_transfer
from app.charts.text import percent, shorten
from app.components.dumbbells import gaps_data, gaps_figure
from app.gaps.inputs import SOURCE
from app.gaps.results import GapQuestion, Results, preference_differences, preferences, unread
from app.shared import theme
from app.shared.model_cache import collect_errors, show_errors
from app.shared.widgets import caption, csv_download, literal, show_figure, warn_unread
from fairkd.errors import listed
from fairkd.lexicon import shipped_professions

if TYPE_CHECKING:
    from fairkd.measures import Summary

ENDS = 12  # professions drawn at either end of the order, unless all are asked for
THIN = 0.05  # mean mass below which the summary warns
SENTENCE_A, SENTENCE_B = "Jim worked as a [MASK].", "Jane worked as a [MASK]."
LONGEST_SENTENCE = 1000


def summary(results: Results, setup: GapQuestion) -> None:
    """The line on top: both models' mean size of the gap, and whether they differ."""
    teacher, student, verdict = st.columns([4, 4, 5])
    with teacher.container(border=True, height="stretch"):
        _model_summary(":blue[**Teacher**]", results.teacher_summary, setup)
    with student.container(border=True, height="stretch"):
        _model_summary(":orange[**Student**]", results.student_summary, setup)
    with verdict.container(border=True, height="stretch"):
        test = results.test
        if test.within_noise:
            heading, icon = "Within noise", ":material/drag_handle:"
        elif test.difference < 0:
            heading, icon = "The student's gaps are smaller", ":material/south_east:"
        else:
            heading, icon = "The student's gaps are larger", ":material/north_east:"
        st.markdown(f"{icon} **{heading}**")
        caption(literal(test.sentence))


def _model_summary(label: str, found: Summary, setup: GapQuestion) -> None:
    """One model's mean |gap| with its interval, and the probability behind it."""
    st.metric(
        f"{label}: mean size of the {VALUE_NAMES[setup.value]}",
        f"{found.mean_absolute:.2f} nats",
        help="The mean over professions of the mean over templates of the gap's absolute value; 0 is "
        "even-handed. The interval is a percentile bootstrap over professions. " + _sums_help(setup),
    )
    if math.isnan(found.absolute_low):
        interval = "no interval: one profession"
    else:
        interval = f"95 % interval {found.absolute_low:.2f} to {found.absolute_high:.2f}"
    caption(
        f"{interval} · like odds of {math.exp(min(found.mean_absolute, 50.0)):.1f} to 1 · "
        f"{_mass(setup)} = {literal(percent(found.mass))}"
    )
    if found.mass < THIN:
        caption(":material/warning: Hardly any probability lies on these words: read the gap with care.")


def _mass(setup: GapQuestion) -> str:
    """What the mass is, as Markdown: P(he) + P(she)."""
    return " + ".join(f"P({literal(name)})" for name in setup.sums)


def _sums_help(setup: GapQuestion) -> str:
    """Which words are added up, as Markdown; nothing where each group has one."""
    if setup.sums == setup.groups:
        return ""
    return "; ".join(
        f"P({literal(name)}) is the sum over: {literal(words)}"
        for name, words in zip(setup.sums, setup.words, strict=True)
    )


def notes(teacher: str, student: str, results: Results, setup: GapQuestion) -> None:
    """What to mind about the words: those of several subwords, and what a tokenizer cannot read."""
    split: dict[tuple[str, ...], dict[str, None]] = {}  # words -> the models that cut them so
    for model, reference in (("teacher", teacher), ("student", student)):
        if words := results.split[model]:
            split.setdefault(tuple(words), {})[reference] = None
    for several, references in split.items():
        caption(
            f"Of several subwords in {literal(' and '.join(references))}: {literal(listed(several))}. The "
            "probability of such a word is a product over as many masks: gaps against whole words run large."
        )
    hint_unread((teacher, student), tuple(one.render(setup.names[0]).text for one in setup.templates))


def hint_unread(references: tuple[str, str], texts: tuple[str, ...]) -> None:
    """Say what a model cannot read, and where first."""
    found = ((reference, unread(reference, texts)) for reference in references)
    warn_unread(
        (who, [f"“{part}” in “{shorten(text, 80)}”" for part, text in parts.items()]) for who, parts in found
    )


def by_profession(results: Results, setup: GapQuestion) -> None:
    """Per-profession gaps of both models, with intervals."""
    ends = None
    if len(results.teacher) > 2 * ENDS:
        names = {f"The {ENDS} at either end": ENDS, "All": None}
        chosen = st.segmented_control(
            "Professions",
            list(names),
            default=next(iter(names)),
            required=True,
            key="gaps_rows",
            bind="query-params",
        )
        ends = names.get(str(chosen), ENDS)
    mass = " + ".join(f"P({name})" for name in setup.sums)
    data = gaps_data(
        results.teacher, results.student, groups=setup.groups, value=setup.value, mass=mass, ends=ends
    )
    gaps_figure(data, key="gaps_by_profession")
    if results.teacher["low"].isna().all():
        dots = "Dots are the gaps of the one template, which leaves no interval"
    else:
        dots = "Dots are means over the templates, whiskers 95 % percentile bootstrap intervals over them"
    caption(
        f"Each row is a profession, sorted by the teacher's gap. {dots}; the grey line joins the two models. "
        "At the upright line both groups are equally likely; 0.69 nats are odds of 2 to 1. "
        f"{_thin_note(setup)}"
    )
    table = results.teacher.merge(results.student, on="profession", suffixes=("_teacher", "_student"))
    _table(table, "fairkd-gaps-by-profession", "gaps_table_profession")
    rows = results.teacher_rows.merge(
        results.student_rows, on=["template", "role", "profession"], suffixes=("_teacher", "_student")
    )
    _table(rows, "fairkd-gaps-by-sentence", "gaps_table_sentence", title="Every sentence")


def _thin_note(setup: GapQuestion) -> str:
    """What a hollow marker means."""
    return (
        f"A hollow, faded marker has almost no probability behind it: {_mass(setup)} below "
        f"{literal(percent(LOW_MASS))}."
    )


def bias_transfer(results: Results, setup: GapQuestion) -> None:
    """The teacher's gap against the student's."""
    figure = transfer_scatter(results.transfer, groups=setup.groups, value=setup.value, dark=theme.is_dark())
    show_figure(figure, "gaps_transfer", "fairkd-bias-transfer")
    caption(
        "Each point is a profession. On the dashed diagonal the student leans exactly as its teacher; on the "
        "horizontal line it does not lean at all. Inherited: within 0.25 nats of the teacher's gap. Reduced "
        "and amplified: nearer to and further from even. Flipped: it leans to the other group. No gap: "
        "neither model leans by more than 0.25 nats."
    )
    _table(results.transfer, "fairkd-bias-transfer", "gaps_table_transfer")


def labour_market(results: Results, setup: GapQuestion) -> None:
    """Gaps against the share of women among workers."""
    if results.labour.empty:
        st.info("None of the professions has a share of women: fill in the column, or reset the professions.")
        return
    figure = labour_scatter(
        results.labour,
        correlations=results.correlations,
        groups=setup.groups,
        value=setup.value,
        dark=theme.is_dark(),
    )
    show_figure(figure, "gaps_labour", "fairkd-gaps-labour-market")
    missing = len(setup.professions) - len(results.labour)
    years = " and ".join(sorted({str(year) for year in shipped_professions()["year"]}))
    caption(
        "Each pair of points is a profession, at the share of women who work in it; dashed lines are "
        "least-squares fits, r is Pearson's correlation with its 95 % interval. "
        f"{SOURCE.format(year=years)} Edited and uploaded shares are shown as given."
        + (f" {missing} without a share are left out." if missing else "")
    )
    _table(results.labour, "fairkd-gaps-labour-market", "gaps_table_labour")


def two_sentences(teacher: str, student: str) -> None:
    """Which words does sentence A prefer over sentence B, in one model and in both."""
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
            "Model", models, default="teacher", required=True, key="sentence_model", bind="query-params"
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
                "Each point is a word among the 40 likeliest of either sentence. Right of the dashed "
                "diagonal it is likelier in A, left of it in B; the further away, the more it depends on "
                "what sets the sentences apart."
            )
            _table(frame, f"fairkd-preferences-{model}", "gaps_table_preferences")
    with both, collect_errors(problems):
        st.markdown("**The two models against each other**")
        frame = preference_differences(teacher, student, text_a, text_b)
        show_figure(
            preference_transfer(frame, sentences=(text_a, text_b), dark=theme.is_dark()),
            "gaps_differences",
            "fairkd-preference-differences",
        )
        caption(
            "The preference of a word is log p(word | A) − log p(word | B). On the dashed diagonal both "
            "models tell the sentences apart alike; the nearer to the horizontal line, the less the "
            "student does. Shared words only."
        )
        _table(frame, "fairkd-preference-differences", "gaps_table_differences")
    with above:
        with collect_errors(problems):
            hint_unread((teacher, student), (text_a, text_b))
        show_errors(problems)


def _table(frame: pd.DataFrame, name: str, key: str, *, title: str = "Table") -> None:
    """The numbers behind a chart, folded away, with their download; drawn when it is opened."""
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
