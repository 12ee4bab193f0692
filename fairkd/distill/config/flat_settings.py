"""Settings by dotted name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def flat(config: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings by dotted name; lists become tuples.

    >>> flat({"seed": 1, "budget": {"steps": 9}, "student": {"layers": [0, 2]}})
    {'seed': 1, 'budget.steps': 9, 'student.layers': (0, 2)}
    """
    settings: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            settings |= {f"{key}.{name}": _plain(entry) for name, entry in value.items()}
        else:
            settings[key] = _plain(value)
    return settings


def _plain(value: Any) -> Any:
    """The value with tuples in place of lists, also inside custom word groups."""
    if isinstance(value, Mapping):
        return {name: _plain(entry) for name, entry in value.items()}
    return tuple(value) if isinstance(value, list) else value
