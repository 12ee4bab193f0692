"""`fairkd report`: a run, several compared, or a study, as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from fairkd.cli.console import out
from fairkd.cli.run_commands import find_run
from fairkd.cli.study_commands import has_study
from fairkd.errors import InputError
from fairkd.utils import shortened


def report(
    run: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...|STUDY",
            help="The id, enough of its beginning, or the name of a run or of a study; `example-plain` is an "
            "example run. Several distillations are compared with the first.",
        ),
    ],
    html: Annotated[Path, typer.Option(help="The HTML file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Write what a run or a study has found to one HTML file, which opens in a browser without a network.

    Of a distillation it has the settings, the curves, the evaluation before and after with intervals, and
    the watched sentences with a slider; of a measurement its results; of a study its seeds, means with
    intervals, and verdicts.

    For example: fairkd report example-plain example-fair --html comparison.html
    """
    from fairkd.reports import report as document, study_report

    if html.is_dir() or not html.absolute().parent.is_dir():
        raise InputError(
            f"Cannot write {shortened(html)}: expected the name of a file in a folder that exists."
        )
    if html.exists() and not force:
        raise InputError(f"The file {shortened(html)} already exists: choose another name, or add --force.")
    study = has_study(run[0]) if len(run) == 1 else None
    text = document([find_run(one, reading=True) for one in run]) if study is None else study_report(study)
    try:
        html.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"Cannot write {shortened(html)}: {error.strerror or error}.") from error
    out().print(Text(f"The report was written to {html}."), soft_wrap=True)
