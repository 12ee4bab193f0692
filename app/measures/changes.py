"""The view “Changes”: another model against the first, by every measure, and item by item."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from app.charts.item_changes import changes_scatter
from app.charts.text import p_value, sentence_start, signed, signed_interval
from app.components.chart import show_figure
from app.measures.compared import comparison
from app.measures.items import heading, items_table
from app.measures.pick import pick_measure, pick_model
from app.measures.stored import Measured, display_names
from app.shared import theme
from app.shared.table_download import table_download
from app.shared.widgets import caption, literal
from fairkd.benchmarks import BENCHMARKS, BenchmarkComparison, ValueDifference
from fairkd.errors import FairKDError, listed


def changes_view(found: Measured) -> None:
    """The first model against another one."""
    if len(found.models) < 2:
        caption("Changes need two models: this measurement has results of one.")
        return
    names = display_names(found.models)
    first = found.models[0]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        second = pick_model(found.models[1:], names)
    compared, problems = _compared(found, first, second)
    for problem in problems:
        st.warning(literal(problem), icon=":material/warning:")
    if not compared:
        return
    _verdicts(compared, names[first], names[second])
    with_items = [key for key, one in compared.items() if BENCHMARKS[key].score or one.flips]
    if not with_items:
        return
    st.subheader("Item by item")
    key = pick_measure(with_items)
    _items(compared[key], (names[first], names[second]))


def _compared(found: Measured, first: str, second: str) -> tuple[dict[str, BenchmarkComparison], list[str]]:
    """The comparison by each measure that both models have, and why others cannot be compared."""
    compared, problems = {}, []
    for key in found.benchmarks:
        if BENCHMARKS[key].needs_reference:
            continue  # it compares the first model with itself
        results = found.of(key)
        if first not in results or second not in results:
            continue
        try:
            compared[key] = comparison(results[first], results[second])
        except FairKDError as error:
            problems.append(str(error))
    return compared, problems


# --- all measures ---


def verdict_table(compared: dict[str, BenchmarkComparison], first: str, second: str) -> pd.DataFrame:
    """One row a measure: both values, the difference with its interval and test, and the verdict."""
    return pd.DataFrame(
        [
            {
                "measure": BENCHMARKS[key].label,
                first: one.bias.value.format(one.bias.first),
                second: one.bias.value.format(one.bias.second),
                "difference": _scaled(one.bias, one.bias.difference),
                "95 % interval": _interval(one.bias),
                "over": f"{one.bias.n:,} {one.bias.units}",
                "p": "–" if math.isnan(one.bias.p_value) else p_value(one.bias.p_value),
                "verdict": one.bias.phrase,
            }
            for key, one in compared.items()
        ]
    )


def directions(compared: dict[str, BenchmarkComparison], second: str) -> str:
    """What the measures of bias agree on, or that they contradict each other; empty without any."""
    bias = {key: one.bias for key, one in compared.items() if BENCHMARKS[key].family == "bias"}
    nearer = [BENCHMARKS[key].label for key, one in bias.items() if _approach(one) == "nearer"]
    further = [BENCHMARKS[key].label for key, one in bias.items() if _approach(one) == "further"]
    if nearer and further:
        return (
            f"The measures contradict each other: {second} is less biased by {listed(nearer)}, and more by "
            f"{listed(further)}."
        )
    if nearer or further:
        way, which = ("less", nearer) if nearer else ("more", further)
        rest = len(bias) - len(which)
        others = (
            f"; {rest} other{'s show' if rest > 1 else ' shows'} no clear change of that kind" if rest else ""
        )
        return f"{second} is {way} biased by {listed(which)}{others}."
    if not bias:
        return ""
    changed = [BENCHMARKS[key].label for key, one in bias.items() if one.kind in ("smaller", "larger")]
    if changed:
        return (
            f"{second} scores differently by {listed(changed)}, but by no measure clearly nearer to or "
            "further from the unbiased value."
        )
    return f"No measure of bias tells {second} and the first model apart."


def _approach(one: ValueDifference) -> str:
    return one.approach if one.kind in ("smaller", "larger") else ""


def _verdicts(compared: dict[str, BenchmarkComparison], first: str, second: str) -> None:
    st.markdown(f"**{literal(directions(compared, second) or f'{second} against {first}')}**")
    table = verdict_table(compared, first, second)
    st.dataframe(table, key="changes_table", hide_index=True, height="auto")
    table_download(table, "fairkd-changes", "changes_csv")
    caption(
        "The difference is the second model's value minus the first's, over the items that both could score, "
        "with a paired bootstrap interval. Interval and test are over the same units. p is McNemar's exact "
        "test for choices of single items, and Wilcoxon's signed-rank test for scores and for means of units "
        "such as occupations; it is not adjusted for the number of measures. No clear difference: the "
        "interval holds 0, or p is not below 0.05."
    )


def _scaled(one: ValueDifference, number: float) -> str:
    scale, digits = one.value.scale
    return signed(scale * number, digits) + (" %" if one.value.unit == "share" else "")


def _interval(one: ValueDifference) -> str:
    if math.isnan(one.low):
        return "–"
    scale, digits = one.value.scale
    return signed_interval(scale * one.low, scale * one.high, digits)


# --- one measure ---


def _items(found: BenchmarkComparison, names: tuple[str, str]) -> None:
    benchmark = BENCHMARKS[found.benchmark]
    left, right = st.columns([3, 2], gap="medium")
    with left:
        if benchmark.score:
            figure = changes_scatter(
                found, names=names, title=flips_title(found, names), dark=theme.is_dark()
            )
            show_figure(figure, "changes_scatter", f"fairkd-{found.benchmark}-changes")
            caption(
                f"One point an item; its score is its {literal(heading(benchmark.score))}. On the dashed "
                f"line both models agree.{' Above 0 a model prefers the stereotype.' * _by_sign(found)}"
            )
    with right:
        _flip_table(found, names)
    if found.left_out:
        caption(literal(found.left_out))
    flips = found.flips.flips if found.flips else 0
    panel = st.expander(
        f"Show the items, the {flips:,} flipped ones first"
        if flips
        else "Show the items, those that changed most first",
        icon=":material/visibility:",
        key="changes_panel",
        on_change="rerun",
    )
    if panel.open:
        with panel:
            items_table(
                found.items,
                f"fairkd-{found.benchmark}-changes",
                "changes_items",
                [found.first, found.second],
            )


def _by_sign(found: BenchmarkComparison) -> bool:
    """Whether a score above 0 means that a model prefers the stereotype, in every item."""
    benchmark = BENCHMARKS[found.benchmark]
    if benchmark.choice != "stereotype" or benchmark.score is None:
        return False
    scores, choices = found.items[f"{benchmark.score}_first"], found.items[f"{benchmark.choice}_first"]
    return bool(((scores > 0) == choices).all())


def flips_title(found: BenchmarkComparison, names: tuple[str, str]) -> str:
    """How many items flipped, and which way."""
    label, flips = BENCHMARKS[found.benchmark].label, found.flips
    if flips is None:
        return f"{label}: the scores of {found.n:,} items"
    if not flips.flips:
        return f"{label}: both models choose the same in all {flips.n:,} items"
    return (
        f"{label}: {flips.flips:,} of {flips.n:,} items flipped, {flips.second_only:,} to "
        f"{BENCHMARKS[found.benchmark].choice_label} and {flips.first_only:,} away from it"
    )


def _flip_table(found: BenchmarkComparison, names: tuple[str, str]) -> None:
    """The 2 x 2 table of choices with its test, and the verdict in words."""
    if (flips := found.flips) is not None:
        first, second = (literal(name) for name in names)
        chosen = literal(BENCHMARKS[found.benchmark].choice_label)
        st.table(
            pd.DataFrame(
                {
                    "items": [f"{first}: {chosen}", f"{first}: other"],
                    f"{second}: {chosen}": [f"{flips.both:,}", f"{flips.second_only:,}"],
                    f"{second}: other": [f"{flips.first_only:,}", f"{flips.neither:,}"],
                }
            ),
            border="horizontal",
            hide_index=True,
        )
        caption(f"Whether the flips lean one way: {literal(found.flip_test_text)}.")
    st.markdown(literal(sentence_start(found.bias.sentence)))
    if found.scores is not None and found.scores.kind != "too few":
        scores = found.scores
        caption(
            f"Mean score over {found.bias.units}: a difference of {signed(scores.difference)}, Wilcoxon p "
            f"{_p(scores.p_value)}, rank-biserial {signed(scores.effect_size)}: {scores.phrase()}."
        )


def _p(value: float) -> str:
    text = p_value(value)
    return text if text.startswith("<") else f"= {text}"
