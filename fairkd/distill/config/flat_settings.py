"""Settings by dotted name, and nested settings on top of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fairkd.distill.config.renamed import current_key, with_current_names


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


def nested(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings in which dotted names have become sections, under today's names. They are not validated.

    >>> nested({"optimizer.clip": 2.0, "optimizer": {"warmup": 0.1}, "student.layers": [0, 2]})
    {'optimizer': {'max_gradient_norm': 2.0, 'warmup': 0.1}, 'student': {'layers': [0, 2]}}
    """
    found: dict[str, Any] = {}
    for key, value in settings.items():
        section, dot, inner = current_key(key).partition(".")
        found = on_top(found, {section: {inner: value}} if dot else {key: value})
    return with_current_names(found)


def on_top(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings with others in their place; what a section has besides stays.

    >>> on_top({"budget": {"steps": 9, "stop_gap": 0.1}, "seed": 1}, {"budget": {"steps": 20}})
    {'budget': {'steps': 20, 'stop_gap': 0.1}, 'seed': 1}
    """
    whole = dict(settings)
    for name, value in changes.items():
        before = whole.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            value = {**before, **value}
        whole[name] = value
    return whole


def _plain(value: Any) -> Any:
    """The value with tuples in place of lists, also inside custom word groups and lists of pairs."""
    if isinstance(value, Mapping):
        return {name: _plain(entry) for name, entry in value.items()}
    return tuple(map(_plain, value)) if isinstance(value, list | tuple) else value
