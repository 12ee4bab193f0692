"""Settings by name: what to start a distillation from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PRESETS: Mapping[str, Mapping[str, Any]] = {
    # Distillation as usual: nothing is done about what the teacher believes.
    "plain": {},
    # Where a model is asked, at masked positions, the groups' common mass is split evenly. The hard label
    # would pull the bias back in, so it is dropped there; pronouns are rare, so they are masked more often;
    # and the group term holds their balance and their mass at temperature 1, where both are read.
    "fair": {
        "constraint": {"kind": "group", "contrast": "pronouns", "scope": "masked"},
        "objective": {"label": "drop", "group": 30.0},
        "masking": {"group_rate": 0.6},
    },
}
