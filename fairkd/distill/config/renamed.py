"""Settings and values that earlier versions named differently, so that old files and runs can be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Key in an earlier version -> today's name in the same section.
RENAMED: Mapping[str, str] = {
    "corpus.most": "max_sentences",
    "corpus.swap": "cda",
    "corpus.swap_names": "cda_names",
    "constraint.slots": "roles",
    "optimizer.clip": "max_gradient_norm",
    "optimizer.accumulate": "gradient_accumulation",
    "evaluation.probes": "watched_sentences",
}
# Today's key -> value in an earlier version -> today's value.
RENAMED_VALUES: Mapping[str, Mapping[str, str]] = {"objective.label": {"spread": "soft"}}


def current_key(key: str) -> str:
    """Today's name of a setting.

    >>> current_key("optimizer.clip"), current_key("seed")
    ('optimizer.max_gradient_norm', 'seed')
    """
    section = key.partition(".")[0]
    return f"{section}.{RENAMED[key]}" if key in RENAMED else key


def with_current_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings with today's names and values.

    If a section has both names, both are kept, so that the old one is refused as unknown.

    >>> with_current_names({"optimizer": {"clip": 2.0}, "objective": {"label": "spread"}})
    {'optimizer': {'max_gradient_norm': 2.0}, 'objective': {'label': 'soft'}}
    """
    found = {name: dict(own) if isinstance(own, dict) else own for name, own in values.items()}
    for old, new in RENAMED.items():
        section, _, key = old.partition(".")
        own = found.get(section)
        if isinstance(own, dict) and key in own and new not in own:
            found[section] = {new if name == key else name: value for name, value in own.items()}
    for name, values_of in RENAMED_VALUES.items():
        section, _, key = name.partition(".")
        own = found.get(section)
        if isinstance(own, dict) and isinstance(own.get(key), str):
            own[key] = values_of.get(own[key], own[key])
    return found
