"""The variants on the Distill page: each is a preset with the visitor's changes.

A variant's configuration is its preset, updated with the shared settings, then with its own changes. Changes
are kept in the session by dotted name, apart from the widgets, so that they survive a change of variant or
page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.shared.settings_table import defaults, nested
from fairkd.constraints import TokenPairs
from fairkd.distill.config import PRESETS, Config, flat, make_config
from fairkd.errors import InputError
from fairkd.lexicon import OWN, Contrast, all_contrasts, make_contrast

# Settings that are the same in all variants, so that they can be compared. A dot at the end: a whole section.
SHARED_SETTINGS = (
    "teacher",
    "seed",
    "threads",
    "teacher_cache",
    "log_every",
    "tensorboard",
    "corpus.source",
    "corpus.column",
    "corpus.held_out",
    "corpus.held_out_column",
    "corpus.held_out_split",
    "student.",
    "budget.",
    "evaluation.",
    "checkpoint.",
)
ALL_VARIANTS = ""  # the name under which changes of the shared settings are kept
_CHANGES, _VERSION, _PRESETS = "distill_changes", "distill_version:", "distill_presets"


def is_shared(key: str) -> bool:
    """Whether this setting is the same in all variants."""
    return key in SHARED_SETTINGS or any(one.endswith(".") and key.startswith(one) for one in SHARED_SETTINGS)


def common_settings(variant: str) -> tuple[str, ...]:
    """The shared settings, without those that the variant's preset sets itself."""
    own = flat(PRESETS.get(variant, {}))
    return tuple(key for key in defaults() if is_shared(key) and key not in own)


def changes(variant: str) -> dict[str, Any]:
    """The changes of a variant, or with ALL_VARIANTS of the shared settings, by dotted name; mutable."""
    return st.session_state.setdefault(_CHANGES, {}).setdefault(variant, {})


def change(variant: str, key: str, value: Any) -> None:
    """Set one setting. A value that the preset has anyway is not kept as a change."""
    own = changes(variant)
    if _plain(value) == _plain(standard(variant).get(key)):
        own.pop(key, None)
    else:
        own[key] = value


def reset(variant: str) -> None:
    """Undo a variant's changes. Its widgets get new keys, because the browser keeps values by key."""
    changes(variant).clear()
    st.session_state[_VERSION + variant] = st.session_state.get(_VERSION + variant, 0) + 1


def widget_key(name: str, variant: str) -> str:
    """The key of a widget for a variant's setting."""
    version = st.session_state.get(_VERSION + variant, 0)
    return f"{name}:{variant}" + (f":{version}" if version else "")


def start_from(variant: str, preset: str) -> None:
    """Let a variant with a key of its own, as a study has them, start from a preset."""
    st.session_state.setdefault(_PRESETS, {})[variant] = preset


def _preset(variant: str) -> dict[str, Any]:
    """The settings of the variant's preset by dotted name; none for ALL_VARIANTS."""
    return flat(PRESETS.get(st.session_state.get(_PRESETS, {}).get(variant, variant), {}))


def standard(variant: str) -> dict[str, Any]:
    """A variant's settings without changes, by dotted name; for ALL_VARIANTS the defaults."""
    return defaults() | _preset(variant)


def current(variant: str, key: str) -> Any:
    """The current value of a setting."""
    return changes(variant).get(key, standard(variant).get(key))


def without_effect(variant: str) -> tuple[str, ...]:
    """Settings of the objective and the text that the variant's other settings make useless."""
    kd, kind = current(variant, "objective.kd"), current(variant, "constraint.kind")
    idle = []
    if not kd:
        idle.append("objective.temperature")
    if not current(variant, "objective.relations"):
        idle += ["objective.relation_layers", "objective.relation_heads"]
    if current(variant, "objective.positions") != "sample":
        idle.append("objective.sample")
    if kind == "none":
        idle += ["objective.label", "objective.group"]
    elif not current(variant, "objective.mlm"):
        idle.append("objective.label")
    correction = current(variant, "correction.kind")
    if correction == "none":
        idle.append("correction.scope")
    if correction != "self_debias":
        idle += ["correction.prompt", "correction.decay"]
    if current(variant, "objective.positions") != "all":
        idle.append("objective.special_tokens")
    if not current(variant, "corpus.cda"):
        idle += [key for key in standard(variant) if key.startswith("corpus.cda_")]
    return tuple(idle)


def values(variant: str, shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a variant, nested by section.

    A budget is in steps or in minutes: steps replace the preset's minutes.
    """
    whole = _preset(variant) | dict(shared) | dict(own)
    if whole.get("budget.steps") is not None:
        whole["budget.minutes"] = None
    return nested(whole)


def config_of(variant: str, teacher: str) -> Config:
    """The configuration of a variant with all changes. InputError if it is not valid."""
    return make_config(values(variant, changes(ALL_VARIANTS) | {"teacher": teacher}, changes(variant)))


def usable_roles(contrast: Contrast) -> tuple[str, ...] | None:
    """The roles in which every word has one partner, as pairs require. None if that holds for all roles.

    >>> usable_roles(all_contrasts()["pronouns"])
    ('subject', 'possessive')
    """
    taken: dict[str, tuple[str, ...]] = {}
    fit: set[str] = set()
    # Possessives are more frequent than objects, so if both share a word ("her"), the object is left out.
    for role in sorted(contrast.roles, key=lambda role: role == "object"):
        try:
            pairs = contrast.pairs(role)
        except InputError:  # unequal numbers of words: the configuration says so
            return None
        if all(taken.get(word, pair) == pair for pair in pairs for word in pair):
            taken |= {word: pair for pair in pairs for word in pair}
            fit.add(role)
    return None if len(fit) == len(contrast.roles) else tuple(role for role in contrast.roles if role in fit)


def words_of(variant: str) -> Contrast:
    """The words that a variant's constraint balances. InputError if the visitor's own words are not valid."""
    own = current(variant, "constraint.words")
    return (
        make_contrast(OWN, own)
        if own is not None
        else all_contrasts()[current(variant, "constraint.contrast")]
    )


def balanced(variant: str) -> Contrast | TokenPairs:
    """The words or the pairs of tokens that a variant's constraint balances.

    Raises
    ------
    InputError
        When the visitor's own words or token ids are not valid.
    """
    pairs = current(variant, "constraint.token_pairs")
    if pairs is None:
        return words_of(variant)
    if not pairs or any(len(pair) != 2 or not all(isinstance(one, int) for one in pair) for pair in pairs):
        raise InputError("Expected two token ids on each line, such as 2002, 2016.")
    return TokenPairs(tuple((a, b) for a, b in pairs))


def _plain(value: Any) -> Any:
    return list(map(_plain, value)) if isinstance(value, list | tuple) else value
