"""`fairkd doctor`: what would go wrong on this machine, and the way out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from fairkd.cli.console import JsonOption, out, print_json

SIGNS = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "problem": ("problem", "bold red")}


def doctor(
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port that the dashboard will use.")] = 8501,
    as_json: JsonOption = False,
) -> None:
    """Check this machine: packages, models, settings, home folder, memory, network.

    Exit code 1 says that there is a problem. Warnings do not change the exit code.
    """
    from fairkd.doctor import examine

    found = examine(port=port)
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        console = out()
        for one in found:
            sign, style = SIGNS[one.severity]
            console.print(
                Text.assemble((f"{sign:<8}", style), (f"{one.topic}: ", "bold"), one.sentence), soft_wrap=True
            )
            if one.advice:
                console.print(Text(f"        → {one.advice}"), soft_wrap=True)
    if any(one.severity == "problem" for one in found):
        raise typer.Exit(1)
