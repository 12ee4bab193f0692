"""The variants of a distillation as the Distill page holds them: a preset each, and what a person changed.

A variant's configuration is its preset, then the settings that all variants share, then the changes of its
own. Changes are kept by dotted name in the session, apart from any widget, so that they outlive other
variants and other pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.shared.settings_table import defaults, nested
from fairkd.distill.config import PRESETS, Config, flat, make_config
from fairkd.lexicon import OWN, Contrast, contrasts, make_contrast

# Settings that all variants share, so that they can be compared. A dot at the end: the whole section.
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
_CHANGES, _VERSION = "distill_changes", "distill_version:"


def is_shared(key: str) -> bool:
    """Whether all variants have this setting in common."""
    return key in SHARED or any(one.endswith(".") and key.startswith(one) for one in SHARED)


def changes(variant: str) -> dict[str, Any]:
    """What was changed in a variant (TOGETHER: in all), by dotted name; to be written to."""
    return st.session_state.setdefault(_CHANGES, {}).setdefault(variant, {})


def change(variant: str, key: str, value: Any) -> None:
    """Set one setting; back at what it is anyway, it is no change any more."""
    made = changes(variant)
    if _plain(value) == _plain(standard(variant).get(key)):
        made.pop(key, None)
    else:
        made[key] = value


def reset(variant: str) -> None:
    """Forget a variant's own changes. Its widgets get new keys: a browser keeps values by key."""
    changes(variant).clear()
    st.session_state[_VERSION + variant] = st.session_state.get(_VERSION + variant, 0) + 1


def widget_key(name: str, variant: str) -> str:
    """The key of a widget for a variant's setting."""
    version = st.session_state.get(_VERSION + variant, 0)
    return f"{name}:{variant}" + (f":{version}" if version else "")


def standard(variant: str) -> dict[str, Any]:
    """A variant's settings before any change, by dotted name; for TOGETHER the defaults."""
    return defaults() | flat(PRESETS.get(variant, {}))


def current(variant: str, key: str) -> Any:
    """A setting as it stands."""
    return changes(variant).get(key, standard(variant).get(key))


def values(variant: str, shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The nested settings of a variant.

    A budget has one kind: steps that were set put the preset's minutes aside.
    """
    whole = flat(PRESETS.get(variant, {})) | dict(shared) | dict(own)
    if whole.get("budget.steps") is not None:
        whole["budget.minutes"] = None
    return nested(whole)


def config_of(variant: str, teacher: str) -> Config:
    """The configuration of a variant as it stands. InputError with one sentence where it does not fit."""
    return make_config(values(variant, changes(TOGETHER) | {"teacher": teacher}, changes(variant)))


def usable_roles(contrast: Contrast) -> tuple[str, ...] | None:
    """The roles that pairs can be made of: each word in one pair only. None where all of them can.

    >>> usable_roles(contrasts()["pronouns"])
    ('subject', 'possessive')
    """
    taken: dict[str, tuple[str, ...]] = {}
    fit: set[str] = set()
    # Possessives are more frequent than objects, so of two that share a word the object gives way.
    for role in sorted(contrast.roles, key=lambda role: role == "object"):
        pairs = contrast.pairs(role)
        if all(taken.get(word, pair) == pair for pair in pairs for word in pair):
            taken |= {word: pair for pair in pairs for word in pair}
            fit.add(role)
    return None if len(fit) == len(contrast.roles) else tuple(role for role in contrast.roles if role in fit)


def words_of(variant: str) -> Contrast:
    """The words that a variant's constraint is about. InputError where a person's own make no contrast."""
    own = current(variant, "constraint.words")
    return (
        make_contrast(OWN, own) if own is not None else contrasts()[current(variant, "constraint.contrast")]
    )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value
