"""`fairkd runs`: start, watch and steer background runs."""

from __future__ import annotations

import typer

runs_app = typer.Typer(help="Distil in the background: queue, watch, cancel, resume.", no_args_is_help=True)


@runs_app.callback()
def runs() -> None:
    """Distil in the background: queue, watch, cancel, resume."""
