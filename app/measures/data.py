"""The data of the ticked measures: another published data set, or a file of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from app.shared.visitor import visitor
from app.shared.widgets import caption, literal
from fairkd.benchmarks import BENCHMARKS, Benchmark, DataSet
from fairkd.errors import FairKDError

OWN = "Your own file"
TYPES = ("csv", "tsv", "json", "jsonl", "txt")
_FILES, _PROBLEMS = "measure_files", "measure_upload_problems"  # by measure


def choose_data(ticked: Sequence[str]) -> None:
    """In a panel: the data set of each ticked measure that has several, or takes a file."""
    with_data = [BENCHMARKS[key] for key in ticked if BENCHMARKS[key].data_sets]
    if not with_data:
        return
    panel = st.expander(
        "Data: other languages, your own files", icon=":material/dataset:", key="measure_data"
    )
    with panel:
        for benchmark in with_data:
            _choose(benchmark)


def chosen_data_sets(ticked: Sequence[str]) -> dict[str, str]:
    """The data set of each ticked measure that is not its default; none for a file of one's own."""
    found = {}
    for key in ticked:
        chosen, sets = st.session_state.get(_picker(key)), _published(BENCHMARKS[key])
        if chosen in sets and chosen != next(iter(sets)):
            found[key] = str(chosen)
    return found


def chosen_files(ticked: Sequence[str]) -> dict[str, str]:
    """The uploaded file of each ticked measure that is measured on one's own file."""
    files = _files()
    return {key: files[key] for key in ticked if _is_own(key) and key in files}


def missing_files(ticked: Sequence[str]) -> list[str]:
    """The names of ticked measures that wait for a file."""
    return [BENCHMARKS[key].label for key in ticked if _is_own(key) and key not in _files()]


def licences(ticked: Sequence[str]) -> str:
    """The data sets of the ticked measures with their licences, as one line; empty without any."""
    sets = chosen_data_sets(ticked)
    found: dict[str, str] = {}
    for key in ticked:
        published = _published(BENCHMARKS[key])
        if published and not _is_own(key):
            one = published[sets.get(key, next(iter(published)))]
            found[one.label] = one.licence
    return "; ".join(f"{label} ({licence})" for label, licence in found.items())


def _choose(benchmark: Benchmark) -> None:
    published = _published(benchmark)
    labels = {**{key: one.label for key, one in published.items()}, OWN: OWN}
    if visitor().upload_refusal() is not None:
        if len(published) < 2:
            return
        del labels[OWN]
    chosen = st.selectbox(
        f"Data of {benchmark.label}",
        list(labels),
        format_func=lambda key: labels.get(key, key),
        key=_picker(benchmark.key),
        persist_state="session",
    )
    if chosen != OWN:
        return
    st.file_uploader(
        f"File for {benchmark.label}, in the format of the published one",
        type=list(TYPES),
        key=_uploader(benchmark.key),
        on_change=_take,
        args=(benchmark.key,),
        max_upload_size=visitor().upload_megabytes,
    )
    if sentence := _problems().get(benchmark.key):
        st.error(literal(sentence), icon=":material/error:")
    if benchmark.key in _files():
        caption(f":material/check: {literal(_file_name(benchmark.key))} is measured.")
    published_elsewhere = [one for one in benchmark.data_sets if one.key not in published]
    elsewhere = [f"{one.label}: {one.where}" for one in published_elsewhere]
    if elsewhere:
        caption(f"Also published: {literal('; '.join(elsewhere))}.")


def _take(key: str) -> None:
    """Keep the uploaded file for the run; it is gone if it was removed or cannot be stored."""
    upload = st.session_state[_uploader(key)]
    _files().pop(key, None)
    _problems().pop(key, None)
    if upload is None:
        return
    try:
        _files()[key] = visitor().upload(upload.name, upload.getvalue())
    except FairKDError as error:
        _problems()[key] = str(error)


def _published(benchmark: Benchmark) -> Mapping[str, DataSet]:
    """The data sets that FairKD has or fetches, by key."""
    return {one.key: one for one in benchmark.data_sets if one.members or one.shipped}


def _is_own(key: str) -> bool:
    return bool(st.session_state.get(_picker(key)) == OWN)


def _file_name(key: str) -> str:
    """The visitor's own name of the file; the stored one has a hash before it."""
    upload = st.session_state.get(_uploader(key))
    return upload.name if upload else _files()[key].rpartition("/")[2].partition("-")[2]


def _files() -> dict[str, str]:
    return st.session_state.setdefault(_FILES, {})


def _problems() -> dict[str, str]:
    return st.session_state.setdefault(_PROBLEMS, {})


def _picker(key: str) -> str:
    return f"measure_data_{key}"


def _uploader(key: str) -> str:
    return f"measure_upload_{key}"
