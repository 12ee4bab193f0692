"""The arms of a distillation as the Distil page holds them: a preset each, and what a person changed.

An arm's configuration is its preset, then the settings that all arms share, then the changes of its own.
Changes are kept by dotted name in the session, apart from any widget, so that they outlive other arms and
other pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.shared.settings_table import defaults, nested
from fairkd.distill.config import PRESETS, Config, flat, make_config
from fairkd.lexicon import OWN, Contrast, contrasts, make_contrast

# Settings that are the same for all arms, or they could not be compared. A dot at the end: the whole room.
SHARED = (
    "teacher",
    "seed",
    "threads",
    "log_every",
    "corpus.source",
    "corpus.column",
    "student.",
    "budget.",
    "evaluation.",
    "checkpoint.",
)
TOGETHER = ""  # where the changes of the shared settings are kept
_CHANGES, _VERSION = "distil_changes", "distil_version:"


def is_shared(key: str) -> bool:
    """Whether all arms have this setting in common."""
    return key in SHARED or any(one.endswith(".") and key.startswith(one) for one in SHARED)


def changes(arm: str) -> dict[str, Any]:
    """What was changed in an arm (TOGETHER: in all), by dotted name; to be written to."""
    return st.session_state.setdefault(_CHANGES, {}).setdefault(arm, {})


def change(arm: str, key: str, value: Any) -> None:
    """Set one setting; back at what it is anyway, it is no change any more."""
    made = changes(arm)
    if _plain(value) == _plain(standard(arm).get(key)):
        made.pop(key, None)
    else:
        made[key] = value


def reset(arm: str) -> None:
    """Forget an arm's own changes, and give its widgets new keys: a browser keeps what it has by the key."""
    changes(arm).clear()
    st.session_state[_VERSION + arm] = st.session_state.get(_VERSION + arm, 0) + 1


def widget_key(name: str, arm: str) -> str:
    """The key of a widget for an arm's setting."""
    version = st.session_state.get(_VERSION + arm, 0)
    return f"{name}:{arm}" + (f":{version}" if version else "")


def standard(arm: str) -> dict[str, Any]:
    """An arm's settings before any change, by dotted name; for TOGETHER the defaults."""
    return defaults() | flat(PRESETS.get(arm, {}))


def current(arm: str, key: str) -> Any:
    """A setting as it stands."""
    return changes(arm).get(key, standard(arm).get(key))


def values(arm: str, shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The nested settings of an arm.

    A budget has one kind: steps that were set put the preset's minutes aside.
    """
    whole = flat(PRESETS.get(arm, {})) | dict(shared) | dict(own)
    if whole.get("budget.steps") is not None:
        whole["budget.minutes"] = None
    return nested(whole)


def config_of(arm: str, teacher: str) -> Config:
    """The configuration of an arm as it stands. InputError with one sentence where it does not fit."""
    return make_config(values(arm, changes(TOGETHER) | {"teacher": teacher}, changes(arm)))


def usable_slots(contrast: Contrast) -> tuple[str, ...] | None:
    """The slots that pairs can be made of: each word in one pair only. None where all of them can.

    >>> usable_slots(contrasts()["pronouns"])
    ('subject', 'possessive')
    """
    taken: dict[str, tuple[str, ...]] = {}
    fit: set[str] = set()
    # Possessives are more frequent than objects, so of two that share a word the object gives way.
    for slot in sorted(contrast.slots, key=lambda slot: slot == "object"):
        pairs = contrast.pairs(slot)
        if all(taken.get(word, pair) == pair for pair in pairs for word in pair):
            taken |= {word: pair for pair in pairs for word in pair}
            fit.add(slot)
    return None if len(fit) == len(contrast.slots) else tuple(slot for slot in contrast.slots if slot in fit)


def words_of(arm: str) -> Contrast:
    """The words that an arm's constraint is about. InputError where a person's own make no contrast."""
    own = current(arm, "constraint.words")
    return make_contrast(OWN, own) if own is not None else contrasts()[current(arm, "constraint.contrast")]


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value
