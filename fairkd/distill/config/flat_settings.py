"""Settings by dotted name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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
