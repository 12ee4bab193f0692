"""Where FairKD keeps what outlives a process: FAIRKD_HOME, else the platform's data directory."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

VARIABLE = "FAIRKD_HOME"


def home() -> Path:
    """The home folder, absolute, as processes started elsewhere use it too; not made here."""
    chosen = os.environ.get(VARIABLE)
    folder = Path(chosen).expanduser() if chosen else platformdirs.user_data_path("fairkd", appauthor=False)
    return folder.absolute()


def runs_folder() -> Path:
    """The folder of all runs' folders."""
    return home() / "runs"


def uploads_folder() -> Path:
    """The folder of the files that visitors of the dashboard have uploaded."""
    return home() / "uploads"
