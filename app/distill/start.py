"""The end of the Distill page: what would be started, a measured estimate, and the start."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import streamlit as st

from app.charts.text import percent
from app.distill.variants import config_of
from app.shared import model_cache
from app.shared.run_texts import UNFINISHED, budget, duration
from app.shared.torch_threads import all_threads
from app.shared.widgets import caption, literal
from fairkd import runs
from fairkd.distill.config import Config
from fairkd.errors import FairKDError

if TYPE_CHECKING:
    from fairkd.distill import Estimate

SECONDS = 8.0  # of warm-up that an estimate is measured on
_STARTED, _ESTIMATES = "distill_started", "distill_estimates"


def start(variants: list[str], focused: str, teacher: str) -> None:
    """Check every variant, estimate, and start one or all."""
    configs: dict[str, Config] = {}
    problems: dict[str, list[str]] = {}  # a wrong setting that all variants share is one sentence
    for variant in variants:
        try:
            configs[variant] = config_of(variant, teacher)
        except FairKDError as error:
            problems.setdefault(str(error), []).append(variant)
    for sentence, concerned in problems.items():
        st.error(f"**{literal(', '.join(concerned))}**: {literal(sentence)}", icon=":material/error:")
    _estimate(configs, focused)
    several = len(variants) > 1
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if several:
            st.button(
                f"Start all {len(variants)} variants on one seed",
                type="primary",
                icon=":material/play_arrow:",
                key="start_all",
                disabled=len(configs) < len(variants),
                on_click=_submit,
                args=(variants, teacher),
            )
        st.button(
            f"Start {literal(focused)}" if several else f"Start {literal(variants[0])}",
            type="secondary" if several else "primary",
            icon=":material/play_arrow:",
            key="start_one",
            disabled=focused not in configs,
            on_click=_submit,
            args=([focused], teacher),
        )
    _started()


def _submit(variants: list[str], teacher: str) -> None:
    """Queue the runs; what keeps them from it is said where the buttons are.

    The configurations are made here and not handed over: a button holds what it was drawn with, and a change
    that was made just before the click would be lost.
    """
    try:
        found = runs.submit_all([(variant, config_of(variant, teacher)) for variant in variants])
        st.session_state[_STARTED] = ([run.id for run in found], None)
    except FairKDError as error:
        st.session_state[_STARTED] = ([], str(error))


def _started() -> None:
    """What the last press of a button did, and the way to it, as long as there is something to watch."""
    ids, problem = st.session_state.get(_STARTED, ([], None))
    if problem:
        st.error(literal(problem), icon=":material/error:")
    unfinished = {run.id for run in runs.all_runs() if run.state in UNFINISHED} if ids else set()
    ids = [id for id in ids if id in unfinished]
    if not ids:
        return
    with st.container(border=True):
        one = len(ids) == 1
        st.markdown(
            f":material/check_circle: **{'The run is' if one else f'{len(ids)} runs are'} in the queue.** "
            "You can close this page; training goes on."
        )
        st.page_link(
            "app/pages/runs.py",
            label="Watch it train" if one else "Watch them train",
            icon=":material/monitoring:",
            query_params={"run": ids[0]} if one else {},
        )


def _estimate(configs: dict[str, Config], focused: str) -> None:
    """How long it would take, measured when asked."""
    if not configs:
        return
    some = configs.get(focused) or next(iter(configs.values()))
    held: dict[str, Estimate] = st.session_state.setdefault(_ESTIMATES, {})
    key = fingerprint(some)
    with st.container(border=True):
        total = (
            f"{len(configs)} × {budget(some.model_dump())}" if len(configs) > 1 else budget(some.model_dump())
        )
        st.markdown(f"**{total}** of training, evaluations on top.")
        found = held.get(key)
        if found is None:
            asked = st.button(
                "Estimate time and text",
                icon=":material/speed:",
                key="estimate",
                help=f"Trains for {SECONDS:.0f} seconds with the settings of {focused} and keeps nothing",
            )
            caption(
                "A short warm-up measures how fast this machine is, and so how much text the budget buys."
            )
            if not asked:
                return
        with model_cache.friendly_errors():
            if found is None:
                found = held[key] = _measure(some)
            _show(found, some, len(configs))


def _measure(config: Config) -> Estimate:
    """The warm-up, with progress; a change made meanwhile ends it."""
    slot = st.empty()

    def say(text: str) -> None:
        slot.progress(0.3, text=literal(text))

    say("Reading the teacher")
    try:
        teacher = model_cache.get_model(config.teacher)
        from fairkd import distill  # PyTorch comes with it

        with all_threads():  # as the run will
            return distill.estimate(
                config, teacher=teacher, seconds=SECONDS, say=say, check=model_cache.rerun_if_changed
            )
    finally:
        slot.empty()


def _show(found: Estimate, config: Config, count: int) -> None:
    with st.container(horizontal=True, gap="small"):
        st.metric("Speed", f"{found.tokens_per_second:,.0f} tokens/s", width=170)
        st.metric("Time", duration(found.seconds), width=150, help="For one variant, training alone")
        if count > 1 and runs.slots() < count:
            st.metric("All variants", duration(found.seconds * -(-count // runs.slots())), width=150)
        st.metric("Steps", f"{found.steps:,}", width=130)
        st.metric("Tokens", f"{found.tokens:,}", width=150)
        st.metric(
            "Of the text",
            percent(found.epochs) if found.epochs < 1 else f"{found.epochs:.2g} times",
            width=130,
            help="How much of the text the budget covers",
        )
    caption(
        f"Measured on this machine, for one variant. A run beside others, or beside this page, is "
        f"slower. The budget is {budget(config.model_dump())}."
    )


def fingerprint(config: Config) -> str:
    """What an estimate hangs on, as a key."""
    content = json.dumps(config.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
