"""The settings reference: every setting of a distillation with its values, default and description."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo

from fairkd.distill.config import (
    DESCRIPTIONS,
    PRESETS,
    RENAMED,
    RENAMED_VALUES,
    Config,
    Section,
    flat,
    make_config,
)
from tools.docs_reference.commands import cell
from tools.docs_reference.paths import NOTE

INTRODUCTION = """
# Settings

One configuration describes a whole distillation. The dashboard, the command line and a file share it:

```
fairkd distill --preset fair --set budget.minutes=10 --set seed=1
fairkd distill my-config.yaml
```

A file is YAML or JSON, with the sections as keys. What it leaves out keeps its default:

```yaml
seed: 1
constraint:
  kind: group
budget:
  minutes: 10
```

An unknown key is an error. A value out of range is an error, too. Both are found before a run starts.

## Presets

A preset is a named starting point. `--set` changes it further.

"""
BOUNDS = (
    (annotated_types.Gt, "gt", "above"),
    (annotated_types.Ge, "ge", "at least"),
    (annotated_types.Lt, "lt", "below"),
    (annotated_types.Le, "le", "at most"),
)
TYPES = {str: "text", int: "integer", float: "number", bool: "`true` or `false`"}


def listed(model: type[Section] = Config, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every setting by its dotted name, section after section."""
    for name, field in model.model_fields.items():
        if not _is_section(field):
            yield f"{prefix}{name}", field
    for name, field in model.model_fields.items():
        if _is_section(field):
            yield from listed(field.annotation, f"{prefix}{name}.")  # type: ignore[arg-type]


def page() -> str:
    """The page in Markdown."""
    parts = [NOTE, INTRODUCTION, _presets(), "\n## The run as a whole\n\n", _table(Config, "")]
    for name, field in Config.model_fields.items():
        if _is_section(field):
            parts += [f"\n## {name} {{ #{name} }}\n\n{field.description}\n\n"]
            parts += [_table(field.annotation, f"{name}.")]  # type: ignore[arg-type]
    return "".join([*parts, _renamed()])


def _is_section(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, Section)


def _presets() -> str:
    plain = flat(make_config({}).model_dump(mode="json"))
    lines = ["| Preset | What it is | What it sets |", "|---|---|---|"]
    for name, values in PRESETS.items():
        own = flat(make_config(values).model_dump(mode="json"))
        changes = [f"`{key}: {_written(value)}`" for key, value in own.items() if value != plain[key]]
        lines.append(f"| `{name}` | {cell(DESCRIPTIONS[name])} | {'<br>'.join(changes) or 'the defaults'} |")
    return "\n".join(lines) + "\n"


def _table(model: type[Section], prefix: str) -> str:
    lines = ["| Setting | Value | Default | Meaning |", "|---|---|---|---|"]
    lines += [
        f'| <span id="{prefix}{name}">`{prefix}{name}`</span> | {_values(field)} | {_default(field)} '
        f"| {cell(field.description or '')} |"
        for name, field in model.model_fields.items()
        if not _is_section(field)
    ]
    return "\n".join(lines) + "\n"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    return "empty" if value is None else f"`{_written(value)}`"


def _written(value: Any) -> str:
    """A value as one would write it in a file."""
    return value if isinstance(value, str) and value else json.dumps(value)


def _values(field: FieldInfo) -> str:
    limits = [
        f"{word} {getattr(limit, name):g}"
        for kind, name, word in BOUNDS
        for limit in field.metadata
        if isinstance(limit, kind)
    ]
    return ", ".join([_type(field.annotation), *limits])


def _type(kind: Any) -> str:
    """A type in words, such as "list of integers"; that a setting may be empty is said by its default."""
    inside = [part for part in get_args(kind) if part not in (NoneType, ...)]
    if get_origin(kind) in (Union, UnionType):
        return " or ".join(map(_type, inside))
    if get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in inside)
    if get_origin(kind) in (tuple, list):
        return f"list of {_type(inside[0])}" + ("s" if inside[0] is not str else "")
    if get_origin(kind) in (dict, Mapping):
        return f"{_type(inside[1])} by name"
    return TYPES[kind]


def _renamed() -> str:
    lines = [
        "\n## Earlier names\n",
        "Files and run folders of earlier versions are still read.\n",
        "| Earlier | Today |",
        "|---|---|",
    ]
    for old, new in RENAMED.items():
        lines.append(f"| `{old}` | `{old.partition('.')[0]}.{new}` |")
    for name, values in RENAMED_VALUES.items():
        lines += [f"| `{name}: {old}` | `{name}: {new}` |" for old, new in values.items()]
    return "\n".join(lines) + "\n"
