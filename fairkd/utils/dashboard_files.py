"""Where the dashboard's files are: its figures can be drawn elsewhere, such as in a notebook."""

from __future__ import annotations

from pathlib import Path

from fairkd.errors import FairKDError

DASHBOARD_SCRIPT = "streamlit_app.py"
INSTALLED = "fairkd_dashboard"  # the folder that a wheel puts beside the package


def dashboard_folder() -> Path:
    """The folder with `streamlit_app.py` and the package `app`: the checkout's, else the installed one.

    Raises
    ------
    FairKDError
        The installation has neither.
    """
    beside = Path(__file__).resolve().parents[2]
    # A checkout is known by the folder `app`: another package may install a script of the same name.
    for folder in (beside, beside / INSTALLED):
        if (folder / DASHBOARD_SCRIPT).is_file() and (folder / "app" / "pages").is_dir():
            return folder
    raise FairKDError(f"The dashboard's files are missing in {beside}: install FairKD again.")
