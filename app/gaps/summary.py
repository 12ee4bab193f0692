"""The cards above the views: both models' mean absolute gap, and whether they differ; and notes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import streamlit as st

from app.charts.gap_text import VALUE_NAMES, ZERO
from app.charts.text import (
    agreeing_digits,
    p_value,
    percent,
    sentence_start,
    shorten,
    signed,
    signed_correlation,
    signed_interval,
    times,
)
from app.gaps.results import GapQuestion, Results, unread
from app.gaps.run_note import run_note
from app.shared.model_options import named, short_name
from app.shared.presenter import is_presenting
from app.shared.widgets import caption, literal, warn_unread
from fairkd.errors import listed
from fairkd.measures import leanings, no_interval

if TYPE_CHECKING:
    from fairkd.measures import PairedTest, Summary

INTERVAL = "95\u00a0% interval"  # no line break after 95
WARNING_MASS = 0.05  # the summary warns below this mean mass


def lead_text(question: GapQuestion) -> str:
    """The question of the page with the chosen words, as Markdown."""
    a, b = (literal(group) for group in question.shown_groups)
    example = literal(question.sentences(question.templates[0])[0])
    if question.value == "corrected_gap":
        return f"How far does the profession move a model towards “{a}” or “{b}”? Such as in “{example}”"
    if forms := question.two_forms:
        return (
            f"How much more likely does a model find “{a}” in “{literal(forms[0])}” than “{b}” in "
            f"“{literal(forms[1])}”, and in sentences like these?"
        )
    return (
        f"How much more likely does a model find “{a}” than “{b}” in the same sentence, such as “{example}”?"
    )


def summary(results: Results, question: GapQuestion) -> None:
    """Both models' mean absolute gap, and whether the two differ; in the presenter view in one sentence."""
    if is_presenting():
        marked = (f":material/warning: {warning}" for warning in warnings(results, question))
        st.markdown("  \n".join([one_sentence(results, question), *marked]))
        return
    teacher, student, verdict = st.columns([5, 5, 6], gap="small")
    for column, name, colour, found, each in (
        (teacher, "Teacher", "blue", results.teacher_summary, results.teacher),
        (student, "Student", "orange", results.student_summary, results.student),
    ):
        heading = shorten(named(name, results.models[name.lower()]), 40)
        with column.container(border=True, height="stretch", gap=None):
            st.markdown(f":{colour}[**{literal(heading)}**]", help=_card_help(question))
            _model_summary(name, found, leanings(each), question, digits(results.test))
    with verdict.container(border=True, height="stretch", gap=None):
        _verdict(results, question)


def _card_help(question: GapQuestion) -> str:
    """What the number on a model's card is."""
    return (
        f"A geometric mean: exp of the mean absolute {VALUE_NAMES[question.value]}, the average over "
        f"sentences, sign ignored. At 0 nats (1.0 times), {ZERO[question.value]} in every sentence. "
        "The interval is a percentile bootstrap over professions. " + _sums_help(question)
    )


def _model_summary(
    name: str, found: Summary, leaning: tuple[int, int], question: GapQuestion, digits: int
) -> None:
    """One model: how many times as likely, for how many professions which group, then nats and mass.

    `digits` are those of the mean absolute gap.
    """
    measure = f"mean absolute {VALUE_NAMES[question.value]}"
    if question.value == "gap":
        meaning = "is one group as the other"
    else:
        meaning = "is how far the profession changes the groups' ratio"
    # Above is the name, because the label of a metric would be cut on a narrow screen.
    st.metric(f"{name}: {measure}", _factor(found), label_visibility="collapsed")
    if math.isnan(found.absolute_low):
        interval = no_interval(found.professions)
    else:
        interval = (
            f"{INTERVAL} {found.absolute_low:.2f} to {found.absolute_high:.2f}, n = {found.professions}"
        )
    caption(
        f"{meaning}. {_leaning_text(leaning, question)}  \n"
        f"{sentence_start(measure)} **{found.mean_absolute:.{digits}f} nats**, {interval}  \n"
        f"{mass_text(question)}: {literal(percent(found.mass))}"
    )
    if found.mass < WARNING_MASS:
        caption(":material/warning: These words have almost no probability: interpret the gap with care.")
    if sentence := misfit_text(question):
        caption(f":material/warning: {sentence}")


def _factor(found: Summary) -> str:
    """The mean absolute gap as a ratio: how many times as likely one group is as the other."""
    return f"{_times(found)} times as likely" if found.measure == "gap" else f"{_times(found)} times"


def _times(found: Summary) -> str:
    return times(math.exp(min(found.mean_absolute, 50.0)))


def one_sentence(results: Results, question: GapQuestion) -> str:
    """What the cards say, as a sentence of Markdown."""
    factors = (_times(results.teacher_summary), _times(results.student_summary))
    names = []
    for role, colour in (("teacher", "blue"), ("student", "orange")):
        name = shorten(short_name(results.models[role]), 30)
        model = "" if name.casefold() == role else f" ({literal(name)})"
        names.append(f":{colour}[**the {role}**{model}]")
    a, b = map(literal, question.shown_groups)
    count = len(question.professions)
    over = f"On average over {count} profession{'s' if count != 1 else ''}"
    if question.value == "gap":
        return (
            f"{over}, {names[0]} finds one of “{a}” and “{b}” **{factors[0]} times** as likely as the other, "
            f"{names[1]} **{factors[1]} times**."
        )
    return (
        f"{over}, the profession changes the ratio of “{a}” to “{b}” **{factors[0]} times** in {names[0]}, "
        f"**{factors[1]} times** in {names[1]}."
    )


def warnings(results: Results, question: GapQuestion) -> list[str]:
    """The warnings of all cards, each as a sentence of Markdown."""
    found = []
    if results.lost:
        found.append(f"The student's gaps say little. {_lost_text(results)}")
    summaries = {"teacher": results.teacher_summary, "student": results.student_summary}
    low = [
        f"{literal(percent(one.mass))} from the {role}"
        for role, one in summaries.items()
        if one.mass < WARNING_MASS and not (results.lost and role == "student")
    ]
    if low:
        found.append(f"These words get only {' and '.join(low)}: interpret their gaps with care.")
    if sentence := misfit_text(question):
        found.append(sentence)
    return found


def _lost_text(results: Results) -> str:
    """That the student gives the words less than half of the teacher's probability, as Markdown."""
    return (
        f"It gives these words {literal(percent(results.student_summary.mass))}, less than half of the "
        f"teacher's {literal(percent(results.teacher_summary.mass))}."
    )


def _leaning_text(leaning: tuple[int, int], question: GapQuestion) -> str:
    """For how many professions which group is more likely, as Markdown."""
    (count_a, count_b), (a, b) = leaning, map(literal, question.shown_groups)
    how = "more likely" if question.value == "gap" else "made more likely"
    return f"“{a}” is {how} for {count_a} professions, “{b}” for {count_b}."


def _finding(results: Results, question: GapQuestion) -> str:
    """Whether the student's gaps are smaller, as far as data and probability mass tell, as Markdown."""
    test, gaps = results.test, f"{VALUE_NAMES[question.value]}s"
    if results.lost:
        return f":material/warning: **The student's {gaps} say little**"
    if test.kind == "too few":
        return f"**{sentence_start(test.phrase())}**"
    if not test.is_clear:
        return "**No clear difference**"
    return f"**The student's {gaps} are {test.kind}**"


def _verdict(results: Results, question: GapQuestion) -> None:
    """The finding, with its numbers; those of the test are in the help."""
    test = results.test
    heading = _finding(results, question)
    st.markdown(heading, help=None if test.kind == "too few" else statistics_text(test))
    if results.lost:
        caption(f"{_lost_text(results)} A gap of improbable words may be small without being fair.")
    else:
        caption(literal(evidence(test)))
    count, templates = len(question.professions), len(question.templates)
    caption(
        f"{count} profession{'s' if count != 1 else ''} × {templates} template{'s' if templates != 1 else ''}"
        f" = {count * templates:,} sentences for each model.  \n"
        "Nats are natural logarithms: 0.69 is 2 times, 2.30 is 10 times."
    )


def digits(test: PairedTest) -> int:
    """The digits of both models' mean absolute gaps and of their difference."""
    return agreeing_digits((test.student, test.teacher, test.difference))


def evidence(test: PairedTest) -> str:
    """The difference with its interval, and for how many professions the student's gap is smaller."""
    shown = digits(test)
    difference = f"Student {test.student:.{shown}f}, teacher {test.teacher:.{shown}f} nats"
    if test.kind == "too few":
        return f"{difference}."
    how, count = ("larger", test.larger) if test.kind == "larger" else ("smaller", test.smaller)
    interval = f"{INTERVAL} {signed_interval(test.low, test.high)}"
    return (
        f"{difference}: {signed(test.difference, shown)} ({interval}). "
        f"{sentence_start(how)} for {count} of {test.n} professions."
    )


def statistics_text(test: PairedTest) -> str:
    """What was tested, and the test's numbers."""
    p = p_value(test.p_value)
    return (
        "Wilcoxon signed-rank test of the professions' gaps, sign ignored, averaged over the templates: "
        f"p {p if p.startswith('<') else f'= {p}'}, rank-biserial correlation "
        f"{signed_correlation(test.effect_size)}, {test.n} professions."
    )


def mass_text(question: GapQuestion) -> str:
    """What the mass is, as Markdown: `P(he) + P(she)`, or a mean over several grammatical roles."""
    if len(question.roles) == 1:
        return " + ".join(f"P({literal(name)})" for name in question.sums)
    pairs = ("/".join(literal(group.for_role(role)[0]) for group in question.pair) for role in question.roles)
    return f"Mean probability of {', '.join(pairs)}"


def _sums_help(question: GapQuestion) -> str:
    """The words of each group as Markdown; empty if each group has one word."""
    if question.sums == question.shown_groups and len(question.roles) == 1:
        return ""
    return " ".join(
        f"{literal(name)} stands for: {literal(words)}."
        for name, words in zip(question.sums, question.words, strict=True)
    )


def misfit_text(question: GapQuestion) -> str:
    """That a group does not agree with the verbs of some templates; empty if all fit."""
    sentences = []
    for group in question.pair:
        texts = [text for name, text in question.misfits if name == group.name]
        if texts:
            sentences.append(
                f"“{literal(group.name)}” does not fit {len(texts)} of {len(question.templates)} templates, "
                f"such as “{literal(shorten(texts[0], 60))}”: a part of this gap is grammar."
            )
    return " ".join(sentences)


def notes(teacher: str, student: str, results: Results, question: GapQuestion) -> None:
    """Notes on a run's own number, on words of several subword tokens, and on text that a tokenizer lacks."""
    for reference in dict.fromkeys((teacher, student)):
        if note := run_note(reference, question):
            caption(note)
    say_notes(question)
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
        (teacher, student), tuple(text for one in question.templates for text in question.sentences(one))
    )


def say_notes(question: GapQuestion) -> None:
    """What the numbers need said: words that also mean something else, and forms of a sentence."""
    if question.notes:
        caption(f":material/info: {literal(' '.join(question.notes))}")


def warn_unreadable(references: tuple[str, str], texts: tuple[str, ...]) -> None:
    """Warn about text that a model's tokenizer cannot read, each with its first sentence."""
    found = ((reference, unread(reference, texts)) for reference in references)
    warn_unread(
        (who, [f"“{part}” in “{shorten(text, 80)}”" for part, text in parts.items()]) for who, parts in found
    )
