"""Configurations side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fairkd.runs.store import Run


def flat(config: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by dotted name, `{"budget": {"steps": 9}}` as `{"budget.steps": 9}`; lists become tuples."""
    settings: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            settings |= {f"{key}.{name}": _plain(entry) for name, entry in value.items()}
        else:
            settings[key] = _plain(value)
    return settings


def _plain(value: Any) -> Any:
    """A setting's value with tuples in place of lists, those of a person's own words included."""
    if isinstance(value, Mapping):
        return {name: _plain(entry) for name, entry in value.items()}
    return tuple(value) if isinstance(value, list) else value


def differences(runs: Sequence[Run]) -> dict[str, dict[str, Any]]:
    """The settings in which runs differ: setting -> run id -> value, None where a run lacks it.

    `pandas.DataFrame.from_dict(..., orient="index")` makes the table of it: a row a setting, a column a run.
    """
    configs = {run.id: flat(run.config) for run in runs}
    names = dict.fromkeys(name for config in configs.values() for name in config)
    table = {name: {id: config.get(name) for id, config in configs.items()} for name in names}
    return {name: row for name, row in table.items() if len(set(map(repr, row.values()))) > 1}
