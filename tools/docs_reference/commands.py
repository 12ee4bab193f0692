"""The CLI reference: every command with its usage, arguments and options."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin

import typer.main

from fairkd.cli import app
from tools.docs_reference.paths import page_of

INTRODUCTION = """\
The package installs the command `fairkd`. `python -m fairkd` does the same.

* `--json` prints one JSON document on standard output, and nothing else.
* Wrong input ends with exit code 2 and one sentence on standard error.
* `fairkd distill` ends with exit code 130 if Ctrl-C stopped it. The run can be resumed.
* `fairkd COMMAND --help` prints what this page says about a command.

| Command | What it does |
|---|---|
"""

# typer keeps its own copy of click, whose classes have no public names.
Command = Any
Context = Any


def walk(command: Command | None = None, name: str = "fairkd", parent: Context = None) -> Iterator[Context]:
    """The context of every visible command, groups included, in the order of the help.

    A context has `command` and `command_path`, such as "fairkd runs submit".
    """
    command = command or typer.main.get_command(app)
    context = command.context_class(command, info_name=name, parent=parent)
    if command.hidden:
        return
    yield context
    for child in getattr(command, "commands", {}).values():
        yield from walk(child, child.name, context)


def page() -> str:
    """The page in Markdown."""
    found = list(walk())
    rows = [
        f"| [`{context.command_path}`](#{anchor(context)}) | {cell(_paragraphs(context.command)[0])} |"
        for context in found
        if not _is_group(context.command)
    ]
    sections = [_section(context) for context in found if context.parent]
    return page_of("Command line", INTRODUCTION + "\n".join(rows) + "\n\n" + "\n".join(sections))


def anchor(context: Context) -> str:
    """The id that Markdown makes of a command's heading."""
    return context.command_path.replace(" ", "-")


def cell(text: str) -> str:
    """Text for a cell of a table: on one line, with angle and square brackets shown as they are."""
    escaped = " ".join(text.split())
    for sign in "\\|<[*":
        escaped = escaped.replace(sign, f"\\{sign}")
    return escaped


def _is_group(command: Command) -> bool:
    return hasattr(command, "commands")


def _paragraphs(command: Command) -> list[str]:
    return [" ".join(part.split()) for part in (command.help or "").split("\n\n")]


def _section(context: Context) -> str:
    command = context.command
    level = "##" if context.parent.parent is None else "###"
    lines = [f"{level} {context.command_path}", ""]
    examples: list[str] = []
    for paragraph in _paragraphs(command):
        prose, _, example = paragraph.partition("For example: ")
        lines += [prose.strip(), ""] if prose.strip() else []
        examples += [example.strip("` ")] if example else []
    if _is_group(command):
        return "\n".join(lines)
    lines += ["```", _usage(context), "```", ""]
    if examples:
        lines += ["For example:", "", "```", *examples, "```", ""]
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    options = [param for param in command.params if param.param_type_name == "option"]
    for title, params in (("Argument", arguments), ("Option", [one for one in options if not one.hidden])):
        if params:
            lines += [f"| {title} | Value | Default | Meaning |", "|---|---|---|---|"]
            lines += [_row(param) for param in params]
            lines.append("")
    return "\n".join(lines)


def _usage(context: Context) -> str:
    return context.command.get_usage(context).removeprefix("Usage: ").replace("{", "").replace("}", "")


def _row(param: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*param.opts, *param.secondary_opts))
    repeat = " It can be repeated." if param.multiple and "repeat" not in (param.help or "") else ""
    return f"| {names} | {_value(param)} | {_default(param)} | {cell((param.help or '') + repeat)} |"


def _default(param: Any) -> str:
    if param.required:
        return "required"
    if getattr(param, "is_flag", False):
        return f"`{param.opts[0]}`" if param.default else ""
    return "" if param.default is None else f"`{param.default}`"


def _value(param: Any) -> str:
    """The kind of value that a parameter takes, such as `int, at least 1`; nothing for a flag."""
    if getattr(param, "is_flag", False):
        return ""
    if param.metavar:
        return f"`{param.metavar}`"
    kind = param.type_descriptor.annotation
    name = {"str": "text", "Path": "path", "int": "integer", "float": "number"}.get(
        _plain(kind), _plain(kind)
    )
    limits = [f"{word} {value}" for word, value in (("at least", param.min), ("at most", param.max)) if value]
    return ", ".join([name, *limits])


def _plain(kind: Any) -> str:
    """`str` of `list[str]`, `int` of `int`."""
    inside = get_args(kind)
    return _plain(inside[0]) if get_origin(kind) is list else kind.__name__
