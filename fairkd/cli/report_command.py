"""`fairkd report`: a run, or several compared, as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from fairkd.cli.console import out
from fairkd.cli.run_commands import find_run
from fairkd.errors import InputError
from fairkd.utils import shortened


def report(
    run: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="The run's id, enough of its beginning, or its name; `example-plain` is an example. "
            "Several distillations are compared with the first.",
        ),
    ],
    html: Annotated[Path, typer.Option(help="The HTML file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Write what a run has found to one HTML file, which opens in a browser without a network.

    Of a distillation it has the settings, the curves, the evaluation before and after with intervals, and
    the watched sentences with a slider; of a measurement its results.

    For example: fairkd report example-plain example-fair --html comparison.html
    """
    from fairkd.reports import report as document

    if html.is_dir() or not html.absolute().parent.is_dir():
        raise InputError(
            f"Cannot write {shortened(html)}: expected the name of a file in a folder that exists."
        )
    if html.exists() and not force:
        raise InputError(f"The file {shortened(html)} already exists: choose another name, or add --force.")
    text = document([find_run(one, reading=True) for one in run])
    try:
        html.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"Cannot write {shortened(html)}: {error.strerror or error}.") from error
    out().print(Text(f"The report was written to {html}."), soft_wrap=True)
