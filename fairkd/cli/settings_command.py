"""`fairkd settings`: every setting of a distillation, with its default, its limits and its description."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from fairkd.cli.console import JsonOption, out, print_json

if TYPE_CHECKING:
    from fairkd.distill.config import Setting


def settings(
    name: Annotated[
        str | None, typer.Argument(help="A section such as budget, or a setting such as budget.steps.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the settings of a distillation: default, allowed values and meaning.

    Put them into a configuration file, or set them with --set. For example: fairkd settings budget
    """
    from fairkd.distill.config import all_settings, find_settings, section_descriptions

    found = find_settings(name) if name is not None else all_settings()
    if as_json:
        print_json([_document(one) for one in found])
        return
    console, sections = out(), section_descriptions()
    for section, members in groupby(found, lambda one: one.section):
        if section and name in (None, section):
            console.print(Text(f"{section}: {sections[section]}", style="bold"))
        for one in members:
            line = Text(one.key, style="bold").append(f" ({values(one)})", style="not bold")
            console.print(Padding(line, (0, 0, 0, 2), expand=False))
            console.print(Padding(Text(one.description), (0, 0, 0, 6), expand=False))
        console.print()


def values(one: Setting) -> str:
    """What a setting can be, and its default: "integer, at least 1, or empty; default: empty"."""
    kind = " | ".join(one.choices) or one.type
    allowed = ", ".join(part for part in (kind, one.limits, "or empty" if one.optional else "") if part)
    return f"{allowed}; default: {_default(one.default)}"


def _default(value: Any) -> str:
    """A default as one would write it in YAML."""
    if value is None:
        return "empty"
    if isinstance(value, float):
        return f"{value:g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _document(one: Setting) -> dict[str, Any]:
    document = asdict(one)
    del document["annotation"]  # `type` has it in words
    return document
