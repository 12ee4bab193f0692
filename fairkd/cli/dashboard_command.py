"""`fairkd dashboard`: start the dashboard, from a checkout or from an installed package."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from fairkd.errors import FairKDError
from fairkd.utils import DASHBOARD_SCRIPT, MODE_VARIABLE, Mode, dashboard_folder


def dashboard(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port that the server listens on.")] = 8501,
    host: Annotated[
        str, typer.Option(help="Address that the server listens on; the default serves this machine only.")
    ] = "127.0.0.1",
    mode: Annotated[
        Mode,
        typer.Option(
            envvar=MODE_VARIABLE,
            help="How it is shared. local: with nobody; demo: visitors look and predict; class: visitors "
            "start runs, and change only their own.",
        ),
    ] = "local",
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
) -> None:
    """Start the dashboard in this terminal; Ctrl+C stops it."""
    missing = [name for name in ("streamlit", "plotly") if find_spec(name) is None]
    if missing:
        raise FairKDError(
            f"The dashboard needs {' and '.join(missing)}: install them with pip install 'fairkd[dashboard]'."
        )
    command = [sys.executable, "-m", "streamlit", "run", str(dashboard_folder() / DASHBOARD_SCRIPT)]
    command += [f"--server.address={host}", f"--server.port={port}"]
    command += [f"--server.headless={str(not browser).lower()}"]
    try:
        code = subprocess.call(command, env={**os.environ, MODE_VARIABLE: mode})
    except KeyboardInterrupt:  # Streamlit has received it too, and stops
        code = 0
    raise typer.Exit(code)
