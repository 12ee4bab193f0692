"""The command `fairkd promoted`: which words a student promotes over its teacher in a text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairkd.cli.console import JsonOption, out, print_json, print_table, progress
from fairkd.cli.model_options import EMBEDDED_TEACHER, MODEL_HELP, load

if TYPE_CHECKING:
    import pandas as pd


def promoted(
    student: Annotated[str, typer.Argument(help=f"The student: {MODEL_HELP}")],
    teacher: Annotated[str, typer.Option(help="Its teacher, or another model.")] = EMBEDDED_TEACHER,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Your own text, one sentence a line, or a table with a column sentence or text. By default "
            "held-out sentences of BUG, which are fetched once."
        ),
    ] = None,
    top_k: Annotated[int, typer.Option(min=1, max=1000, help="Words of each kind.")] = 12,
    as_json: JsonOption = False,
) -> None:
    """Which words a student finds more probable than its teacher over a whole text, and which less."""
    from fairkd.benchmarks import BENCHMARKS, load as load_data, promoted_words, sentences

    lms = load(teacher), load(student)
    with progress() as report:
        files, version = load_data(BENCHMARKS["fidelity"], path=data, progress=report)
        text = sentences(files)
        up, down = promoted_words(
            *lms, text, k=top_k, report=lambda done: report("Comparing the predictions", done)
        )
    if as_json:
        told = {"teacher": teacher, "student": student, "file": version.file, "sentences": len(text)}
        tables = {"promoted": up.to_dict("records"), "demoted": down.to_dict("records")}
        print_json({**told, **tables})
        return
    out().print(f"{len(text):,} sentences of {version.file}; mean probabilities at masked tokens, in %.")
    _print("Promoted by the student", up)
    _print("Demoted by the student", down)


def _print(title: str, table: pd.DataFrame) -> None:
    columns = {"word": "left", "teacher": "right", "student": "right", "for example": "left"}
    rows = [
        (
            row["word"],
            f"{100 * row['teacher']:.2f}",
            f"{100 * row['student']:.2f}",
            f"{row['example']} ({100 * row['at_teacher']:.0f} → {100 * row['at_student']:.0f} %)",
        )
        for row in table.to_dict("records")
    ]
    if rows:
        print_table(title, columns, rows)
    else:
        out().print(f"{title}: no word.")
