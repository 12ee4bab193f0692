"""The end of the Distill page: errors in the settings, an estimate of the time, and the start buttons."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from app.charts.text import percent
from app.distill.variants import config_of
from app.shared import model_cache
from app.shared.launcher_choice import chosen_launcher, launcher_choice
from app.shared.run_texts import UNFINISHED, budget, duration
from app.shared.torch_threads import all_threads
from app.shared.visitor import visitor, who_may_change
from app.shared.widgets import caption, literal
from fairkd import runs
from fairkd.distill.config import Config
from fairkd.errors import FairKDError

if TYPE_CHECKING:
    from fairkd.distill import Estimate

SECONDS = 8.0  # of training, from which the time is estimated
ELSEWHERE = "“Reproduce and cite” below has the command that starts this training on a machine of your own."
SHORT = 3.0  # minutes that may be too few steps on a slow machine
_STARTED, _ESTIMATES = "distill_started", "distill_estimates"
_NAME, _OWNER, _NOTE = "distill_name", "distill_owner", "distill_note"


def start_controls(variants: list[str], focused: str, teacher: str, *, more: Callable[[], None]) -> None:
    """Check every variant, estimate the time, and start one variant or all; or say why nothing can start.

    `more` draws what stands beside the start buttons.
    """
    me = visitor()
    if refusal := me.start_refusal():
        st.info(f"{literal(refusal)} {ELSEWHERE}", icon=":material/info:")
        return
    configs: dict[str, Config] = {}
    problems: dict[str, list[str]] = {}  # by message: an error in a shared setting is shown once
    for variant in variants:
        try:
            config = config_of(variant, teacher)
            me.may_use(config)
            configs[variant] = config
        except FairKDError as error:
            problems.setdefault(str(error), []).append(variant)
    for message, concerned in problems.items():
        st.error(f"**{literal(', '.join(concerned))}**: {literal(message)}", icon=":material/error:")
    if configs:
        named = focused if focused in configs else next(iter(configs))
        time_estimate(configs[named], len(configs), named, of_all="All variants")
    several = len(variants) > 1
    _description(several)
    launcher_choice()
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if several:
            number = "both" if len(variants) == 2 else f"all {len(variants)}"
            st.button(
                f"Start {number} (same random seed)",
                type="primary",
                icon=":material/play_arrow:",
                key="start_all",
                disabled=len(configs) < len(variants),
                on_click=_submit,
                args=(variants, teacher),
            )
        st.button(
            f"Start {literal(focused)} only" if several else f"Start {literal(focused)}",
            type="secondary" if several else "primary",
            icon=":material/play_arrow:",
            key="start_one",
            disabled=focused not in configs,
            on_click=_submit,
            args=([focused], teacher),
        )
        more()
    _started()


def _description(several: bool) -> None:
    """Name, owner and note of the runs, which the list of runs shows; all of them may stay empty."""
    name, owner = st.columns(2)
    with name:
        st.text_input(
            "Name of the runs" if several else "Name of the run",
            key=_NAME,
            max_chars=40,
            placeholder="the variant's name",
            persist_state="session",
            help="Such as “Lesson 3”. Each run has it after its variant’s name." if several else None,
        )
    with owner:
        st.text_input(
            "Whose runs" if several else "Whose run",
            key=_OWNER,
            max_chars=runs.LONGEST["owner"],
            placeholder="your name",
            persist_state="session",
            help=f"Shown in the list of runs. {who_may_change()}",
        )
    st.text_input(
        "Note",
        key=_NOTE,
        max_chars=400,
        placeholder="What is tried here?",
        persist_state="session",
    )


def run_name(variant: str, name: str, *, several: bool) -> str:
    """The name of a run.

    >>> run_name("fair", "Lesson 3", several=True), run_name("fair", "Lesson 3", several=False)
    ('fair, Lesson 3', 'Lesson 3')
    >>> run_name("fair", " ", several=True)
    'fair'
    """
    name = " ".join(name.split())
    if not name:
        return variant
    return f"{variant}, {name}" if several else name


def _submit(variants: list[str], teacher: str) -> None:
    """Add the runs to the queue; an error is shown below the buttons.

    The configurations are built here. As arguments of the button they would lack a change that was made
    just before the click.
    """
    name, owner, note = (str(st.session_state.get(key) or "") for key in (_NAME, _OWNER, _NOTE))
    several = len(variants) > 1
    try:
        configs = [(run_name(one, name, several=several), config_of(one, teacher)) for one in variants]
        for _, config in configs:
            check_run(config)
        found = visitor().submit(
            configs,
            note=note,
            owner=owner,  # an empty field is nobody: the user of the server is not the visitor
            on=chosen_launcher(),
        )
        st.session_state[_STARTED] = ([run.id for run in found], None)
    except FairKDError as error:
        st.session_state[_STARTED] = ([], str(error))


def check_run(config: Config) -> None:
    """Raise FairKDError for a run that cannot work, before it waits for its turn."""
    visitor().may_use(config)
    lm = model_cache.get_model(config.teacher)
    from fairkd import distill  # imports PyTorch

    with all_threads():  # like the run
        distill.check(config, teacher=lm)


def _started() -> None:
    """The result of the last start, with a link to the runs as long as they are unfinished."""
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
            "You can close this page. The training continues in the background."
        )
        st.page_link(
            "app/pages/runs.py",
            label="Watch it train" if one else "Watch them train",
            icon=":material/monitoring:",
            query_params={"run": ids[0]} if one else {},
        )


def time_estimate(some: Config, count: int, name: str, *, of_all: str) -> None:
    """The training time of `count` runs like `some`, and on request a measured estimate.

    `name` is that of the variant which is measured; `of_all` the label of the time of all runs.
    """
    held: dict[str, Estimate] = st.session_state.setdefault(_ESTIMATES, {})
    key = fingerprint(some)
    with st.container(border=True):
        one = budget(some.model_dump())
        total = f"{count} × {one}" if count > 1 else one
        st.markdown(
            f"**{total}** of training. Before it, the teacher is measured, which may take longer than a "
            "short training."
        )
        found = held.get(key)
        # An estimate knows how many steps fit in the minutes.
        if (some.budget.steps or found is None) and (few := few_steps_warning(some)):
            st.warning(few, icon=":material/warning:")
        if found is None:
            asked = st.button(
                "How long will this take?",
                icon=":material/speed:",
                key="estimate",
                help=f"Trains for {SECONDS:.0f} seconds with the settings of {literal(name)}, as a test. The "
                "result is not kept.",
            )
            caption("A short test measures the speed of this machine, and how much of the text is used.")
            if not asked:
                return
        with model_cache.friendly_errors():
            if found is None:
                found = held[key] = _measure(some)
            _show(found, some, count, of_all)


def few_steps_warning(config: Config) -> str | None:
    """The sentences for a budget that teaches a student hardly anything; None for a longer one."""
    steps, minutes = config.budget.steps, config.budget.minutes
    if steps and (few := runs.few_steps(steps)):
        return f"{few} Such a run only tests the setup."
    if minutes and minutes < SHORT:
        return (
            f"{budget(config.model_dump())} of training may be fewer than {runs.MIN_STEPS} steps, which are "
            "too few to learn from. “How long will this take?” measures their number."
        )
    return None


def _measure(config: Config) -> Estimate:
    """The estimate, with progress. It stops if the visitor changes something."""
    slot = st.empty()

    def show(text: str) -> None:
        slot.progress(0.3, text=literal(text))

    show("Loading the teacher")
    try:
        teacher = model_cache.get_model(config.teacher)
        from fairkd import distill  # imports PyTorch

        with all_threads():  # like the run
            return distill.estimate(
                config,
                teacher=teacher,
                seconds=SECONDS,
                notify=show,
                check_cancelled=model_cache.rerun_if_changed,
            )
    finally:
        slot.empty()


def _show(found: Estimate, config: Config, count: int, of_all: str) -> None:
    with st.container(horizontal=True, gap="small"):
        st.metric("Speed", f"{found.tokens_per_second:,.0f} tokens/s", width=150)
        st.metric(
            "Time", duration(found.seconds), width=130, help="For one variant, without its evaluations."
        )
        if count > 1 and runs.slots() < count:
            st.metric(of_all, duration(found.seconds * -(-count // runs.slots())), width=130)
        st.metric("Steps", f"{found.steps:,}", width=100)
        st.metric("Tokens", f"{found.tokens:,}", width=130)
        st.metric(
            "Share of the text",
            percent(found.epochs) if found.epochs < 1 else f"{found.epochs:.2g} times",
            width=150,
            help="How much of the text the student sees in this time.",
        )
    if not config.budget.steps and (few := runs.few_steps(found.steps)):
        st.warning(few, icon=":material/warning:")
    caption(
        "Measured on this machine, for one variant. Training is slower while other runs or this page use the "
        f"machine. The training time is {budget(config.model_dump())}."
    )


def fingerprint(config: Config) -> str:
    """A key for the estimate of a configuration."""
    content = json.dumps(config.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
