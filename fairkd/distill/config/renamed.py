"""Settings and values that earlier versions called otherwise: old files and run folders are still read."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

# Dotted name of an earlier version -> today's name in the same section.
RENAMED: Mapping[str, str] = {
    "corpus.most": "max_sentences",
    "corpus.swap": "cda",
    "corpus.swap_names": "cda_names",
    "constraint.slots": "roles",
    "optimizer.clip": "max_gradient_norm",
    "optimizer.accumulate": "gradient_accumulation",
    "evaluation.probes": "watched_sentences",
}
# Dotted name (today's), then value of an earlier version -> today's value.
RENAMED_VALUES: Mapping[str, Mapping[str, str]] = {"objective.label": {"spread": "soft"}}


def with_current_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings with today's names and values; everything else stays as it is.

    Where a section has both names, today's counts, and the earlier one stays, to be refused as unknown.

    >>> with_current_names({"optimizer": {"clip": 2.0}, "objective": {"label": "spread"}})
    {'optimizer': {'max_gradient_norm': 2.0}, 'objective': {'label': 'soft'}}
    """
    found = copy.deepcopy(dict(values))
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
