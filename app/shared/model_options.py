"""The models to choose from, and how they are named in a list.

Neither the list nor the names need torch: the list is drawn before it is imported.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from fairkd import models
from fairkd.utils import runs_folder

TEACHER_DEFAULT = "embedded/teacher"
STUDENT_DEFAULT = "embedded/student-fair"

_LABELS_KEPT = 5  # seconds; a number, because Streamlit imports pandas for a text such as "5s"
_RUN = re.compile(r"\((run/[\w.-]+)\)$")  # the end of a label


def model_options() -> tuple[str, ...]:
    """References of the embedded models, then of the students that runs have finished, the newest first."""
    return *models.embedded(), *models.of_runs()


def model_label(reference: str) -> str:
    """Its name in a list: `plain · 28 Nov, 04:57 (run/1a2b3c4d)` for a run, else its reference."""
    if not reference.startswith("run/"):
        return reference
    name, ended = _runs(runs_folder()).get(reference, ("", ""))
    return f"{name} · {ended} ({reference})" if ended else reference


def short_name(reference: str) -> str:
    """Its name beside a number or a marker: the last part of its path, or the name of its run.

    >>> short_name("embedded/student-fair"), short_name("google-bert/bert-base-uncased@main")
    ('student-fair', 'bert-base-uncased')
    """
    if reference.startswith("run/"):
        return _runs(runs_folder()).get(reference, ("", reference))[0] or reference
    return reference.rsplit("/", 1)[-1].split("@")[0]


def named(role: str, reference: str) -> str:
    """A role with the model's short name, unless that says the same.

    >>> named("Student", "embedded/student-fair"), named("Teacher", "embedded/teacher")
    ('Student: student-fair', 'Teacher')
    """
    name = short_name(reference)
    return role if name.casefold() == role.casefold() else f"{role}: {name}"


def reference_of(chosen: str) -> str:
    """The reference that somebody chose or typed; `chosen` may be the label of a run.

    A link holds the label. Its reference stands in it, so that the link still works after the run is renamed.

    >>> reference_of("plain · 28 Nov, 04:57 (run/1a2b3c4d)"), reference_of(" ./my/model/ ")
    ('run/1a2b3c4d', './my/model')
    """
    stripped = chosen.strip()
    if found := _RUN.search(stripped):
        return found[1]
    # Without the slash at the end, so that both spellings share one loaded model.
    return stripped.rstrip("/") or stripped


@st.cache_data(ttl=_LABELS_KEPT, show_spinner=False)
def _runs(folder: Path) -> Mapping[str, tuple[str, str]]:
    """The name of each run in this folder by its reference, and when it ended."""
    from fairkd import runs  # reads the database: only if a run has finished

    return {f"run/{run.id}": (run.name, _moment(run.ended or run.created)) for run in runs.all_runs()}


def _moment(seconds: float) -> str:
    return time.strftime("%d %b, %H:%M", time.localtime(seconds)).lstrip("0")
