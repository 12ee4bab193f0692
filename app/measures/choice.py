"""What to measure: a list of measures to tick, how many of their items, and in which precision."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.shared.widgets import literal
from fairkd.benchmarks import BENCHMARKS, Benchmark, about, needs_download, reference_check

MEASURES = "measures"  # a parameter of the address
# What is ticked at first: measures of different kinds, and of quality. Those that need a download are not.
FIRST = (
    "gaps",
    "lpbs",
    "crows-pairs",
    "aul",
    "stereoset",
    "pseudo-perplexity",
    "calibration",
)
GROUPS = {"Bias": ("bias",), "Quality, and likeness to the first model": ("quality", "fidelity")}
COLUMNS = 3
QUICK, ALL = "Quick", "All items"
_ITEMS, _PRECISION = "items", "precision"
_PRECISIONS = {"strict": "fp32 (strict)", "fast": "bf16 (fast)"}


def first_choice() -> list[str]:
    """The measures that are ticked at first; all of these, if every one needs a download."""
    sensible = [key for key in BENCHMARKS if key in FIRST]
    return [key for key in sensible if not needs_download(BENCHMARKS[key])] or sensible


def choose_measures() -> None:
    """The list of measures with a box to tick for each."""
    for title, families in GROUPS.items():
        of_group = [one for one in BENCHMARKS.values() if one.family in families]
        if of_group:
            st.subheader(title)
        for start in range(0, len(of_group), COLUMNS):
            row = of_group[start : start + COLUMNS]
            for place, benchmark in zip(st.columns(COLUMNS, gap="medium"), row, strict=False):
                with place:
                    _measure(benchmark)
    _write(ticked())


def ticked() -> list[str]:
    """The measures that are ticked now, also inside a callback."""
    return [key for key in BENCHMARKS if st.session_state.get(_box(key))]


def choose_extent() -> None:
    """How many items, and in which precision."""
    st.segmented_control(
        "Items",
        [QUICK, ALL],
        default=QUICK,
        required=True,
        key=_ITEMS,
        bind="query-params",
        help=f"**{QUICK}**: some items of each measure, drawn by category; fast, with wider intervals. "
        f"**{ALL}**: every item, as in published figures.",
    )
    st.selectbox(
        "Precision",
        list(_PRECISIONS),
        format_func=lambda one: _PRECISIONS.get(one, one),
        key=_PRECISION,
        bind="query-params",
        width=170,
        help="**fp32**: exact. **bf16**: faster where the machine computes it fast, with small differences.",
    )


def is_quick() -> bool:
    return bool(st.session_state.get(_ITEMS, QUICK) != ALL)


def precision() -> str:
    chosen = st.session_state.get(_PRECISION)
    return chosen if chosen in _PRECISIONS else next(iter(_PRECISIONS))


def _measure(benchmark: Benchmark) -> None:
    """One measure: its box, what it measures, how it was checked, and more behind a click."""
    texts, check = about(benchmark.key), reference_check(benchmark.key)
    with st.container(gap=None, key=f"measure_row_{benchmark.key}"):
        # Its label as it is: a screen reader would read Markdown aloud.
        st.checkbox(benchmark.label, key=_box(benchmark.key), persist_state="session")
        st.caption(literal(texts.summary))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if check is not None:
                st.badge(
                    "checked",
                    icon=":material/verified:",
                    color="green",
                    help=f"Compared item by item with a plain, slow implementation: {check.sentence}.",
                )
            if needs_download(benchmark):
                st.badge("needs a download", icon=":material/download:", color="gray")
            _more(benchmark)


def _more(benchmark: Benchmark) -> None:
    texts = about(benchmark.key)
    panel = st.popover("About", type="tertiary", key=f"about_{benchmark.key}", on_change="rerun")
    if not panel.open:
        return
    with panel:
        st.markdown(f"**{literal(benchmark.label)}.** {literal(texts.definition)}")
        st.markdown(literal(texts.unbiased))
        st.markdown(literal(texts.reading))
        weak = "  \n".join(f"- {literal(one)}" for one in texts.weaknesses)
        st.markdown(f"**What it cannot show**\n{weak}")
        st.caption(f"{literal(texts.source)}. <{texts.url}> Data: {literal(texts.licence)}.")


def _box(key: str) -> str:
    return f"measure_{key}"


def restore_measures() -> None:
    """Tick what the address names, or the first choice, once for each box."""
    linked: Sequence[str] = st.query_params.get_all(MEASURES)
    first = first_choice()
    for key in BENCHMARKS:
        st.session_state.setdefault(_box(key), key in (linked or first))


def _write(chosen: list[str]) -> None:
    """Keep the choice in the address, unless it is the first one."""
    if chosen == first_choice() or not chosen:
        st.query_params.pop(MEASURES, None)
    elif chosen != st.query_params.get_all(MEASURES):
        st.query_params[MEASURES] = chosen
