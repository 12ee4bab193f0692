"""Output of the command line: tables, one JSON document, progress bars."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn
from rich.table import Table
from rich.text import Text

from fairkd.utils import plain

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on standard output, and nothing else.")
]


@contextmanager
def progress() -> Iterator[Callable[[str, float | None], None]]:
    """A progress bar on standard error, shown on terminals only and removed at the end."""
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def report(message: str, fraction: float | None) -> None:
            total = None if fraction is None else 1.0
            bar.update(task, description=message, total=total, completed=fraction or 0.0)

        yield report


def out() -> Console:
    return Console(highlight=False)


def print_table(title: str | None, columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> None:
    """`columns` maps a heading to "left", "right" or "whole", which is left and never broken into lines.

    Cells are printed literally: `[MASK]` is not markup.
    """
    if title is not None:
        out().print(Text(title, style="bold"), soft_wrap=True)
    table = Table(show_header=any(heading.strip() for heading in columns))
    for number, (heading, justify) in enumerate(columns.items()):
        width = None
        if justify == "whole":
            width = max((len(str(row[number])) for row in rows), default=0)
        table.add_column(heading, justify="right" if justify == "right" else "left", min_width=width)
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    out().print(table)


def print_json(document: object) -> None:
    """Print JSON in ASCII, which every terminal can show."""
    print(json.dumps(plain(document), allow_nan=False, indent=2))
