"""The models to choose from, and how they are named in a list.

Neither the list nor the names need torch: the list is drawn before it is imported.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

import streamlit as st

from fairkd import models

TEACHER_DEFAULT = "embedded/teacher"
STUDENT_DEFAULT = "embedded/student-fair"

_RUN = re.compile(r"\((run/[\w.-]+)\)$")  # the end of a label


def model_options() -> tuple[str, ...]:
    """References of the embedded models, then of the students that runs have finished, the newest first."""
    return *models.embedded(), *models.of_runs()


def model_label(reference: str) -> str:
    """Its name in a list: `plain · 28 Nov, 04:57 (run/1a2b3c4d)` for a run, else its reference."""
    if not reference.startswith("run/"):
        return reference
    return _run_labels().get(reference, reference)


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


@st.cache_data(ttl="5s", show_spinner=False)
def _run_labels() -> Mapping[str, str]:
    from fairkd import runs  # reads the database: only if a run has finished

    return {
        f"run/{run.id}": f"{run.name} · {_moment(run.ended or run.created)} (run/{run.id})"
        for run in runs.all_runs()
    }


def _moment(seconds: float) -> str:
    return time.strftime("%d %b, %H:%M", time.localtime(seconds)).lstrip("0")
