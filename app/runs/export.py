"""The download of a run as a zip file, with a choice of its large parts."""

from __future__ import annotations

import io

import streamlit as st

from app.shared.widgets import caption
from fairkd import runs
from fairkd.runs import Run


def export_button(run: Run) -> None:
    """A popover that offers the parts with their sizes. They are measured when it is opened."""
    panel = st.popover("Export", icon=":material/download:", key=f"export_{run.id}", on_change="rerun")
    if not panel.open:
        return
    with panel:
        if run.kind == "measure":
            caption(
                "A zip file of the run's folder: settings, results with all items, events and log. Names "
                "replace the paths of this computer."
            )
        else:
            caption(
                "A zip file of the run's folder: settings, events and log. Names replace the paths of this "
                "computer. If you like, also:"
            )
        model = _part(run, "model", "Model", "The student, for use with transformers.", default=True)
        checkpoints = _part(
            run, "checkpoints", "Checkpoints", "Only needed to resume the run elsewhere.", default=False
        )
        st.download_button(
            "Download",
            data=lambda: exported(run, model=model, checkpoints=checkpoints),
            file_name=f"fairkd-run-{run.id}.zip",
            mime="application/zip",
            key=f"download_{run.id}",
            icon=":material/download:",
            on_click="ignore",
            type="primary",
        )


def exported(run: Run, *, model: bool = True, checkpoints: bool = False) -> bytes:
    """The run's folder as a zip."""
    target = io.BytesIO()
    runs.export(run.id, target, model=model, checkpoints=checkpoints)
    return target.getvalue()


def _part(run: Run, part: str, label: str, help: str, *, default: bool) -> bool:
    """A checkbox for a part of the folder, with its size; nothing where the run has none."""
    size = runs.part_bytes(run, "model" if part == "model" else "checkpoints")
    if not size:
        return False
    return st.checkbox(
        f"{label} ({megabytes(size)})", value=default, key=f"export_{part}_{run.id}", help=help
    )


def megabytes(size: int) -> str:
    """A size on disk.

    >>> megabytes(70_200_000), megabytes(300)
    ('70 MB', 'less than 1 MB')
    """
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else "less than 1 MB"
