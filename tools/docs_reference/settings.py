"""The settings reference: every setting of a distillation with its values, default and description."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from fairkd.distill.config import (
    DESCRIPTIONS,
    LABELS,
    PRESETS,
    RENAMED,
    RENAMED_VALUES,
    Setting,
    all_settings,
    flat,
    make_config,
    section_descriptions,
)
from tools.docs_reference.commands import cell
from tools.docs_reference.paths import page_of

INTRODUCTION = """\
One configuration describes a whole distillation. The dashboard, the command line and a file share it:

```
fairkd distill --preset fair --set budget.minutes=10 --set seed=1
fairkd distill my-config.yaml
```

`fairkd settings` prints these settings in a terminal. `fairkd settings --json` prints them for programs.

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


def page() -> str:
    """The page in Markdown."""
    parts = [INTRODUCTION, _presets()]
    described = section_descriptions()
    for section, found in groupby(all_settings(), lambda one: one.section):
        heading = section or "The whole run"
        about = f"{described[section]}\n\n" if section else ""
        parts.append(f"\n## {heading}\n\n{about}{_table(found)}")
    return page_of("Settings", "".join([*parts, _renamed()]))


def _presets() -> str:
    plain = flat(make_config({}).model_dump(mode="json"))
    lines = ["| Preset | What it is | What it sets |", "|---|---|---|"]
    for name, values in PRESETS.items():
        own = flat(make_config(values).model_dump(mode="json"))
        changes = [f"`{key}: {_written(value)}`" for key, value in own.items() if value != plain[key]]
        lines.append(
            f"| `{name}` | **{cell(LABELS[name])}.** {cell(DESCRIPTIONS[name])} "
            f"| {'<br>'.join(changes) or 'the defaults'} |"
        )
    return "\n".join(lines) + "\n"


def _table(found: Iterable[Setting]) -> str:
    lines = ["| Setting | Value | Default | Meaning |", "|---|---|---|---|"]
    for one in found:
        kind = ", ".join(f"`{choice}`" for choice in one.choices) or one.type
        value = ", ".join(part for part in (kind, one.limits) if part)
        default = "empty" if one.default is None else f"`{_written(one.default)}`"
        name = f'<span id="{one.key}">`{one.key}`</span>'
        lines.append(f"| {name} | {value} | {default} | {cell(one.description)} |")
    return "\n".join(lines) + "\n"


def _written(value: Any) -> str:
    """A value as one would write it in a file."""
    return value if isinstance(value, str) and value else json.dumps(value)


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
