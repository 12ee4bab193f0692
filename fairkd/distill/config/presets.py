"""Settings by name: what to start a distillation from. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# "her" is paired with "him" and with "his"; pairs need it once.
_PAIRS = {"contrast": "pronouns", "roles": ["subject", "possessive"]}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "plain": {},
    # As published: at all positions, with the hard label as it stands.
    "paper": {
        "constraint": {"kind": "logit_mean", "scope": "all", **_PAIRS},
        "objective": {"positions": "all"},
    },
    "mass-preserving": {
        "constraint": {"kind": "mass_preserving", **_PAIRS},
        "objective": {"label": "soft"},
    },
    "group": {
        "constraint": {"kind": "group", "contrast": "pronouns"},
        "objective": {"label": "soft"},
    },
    "cda": {"corpus": {"cda": True}},
    "mlm-only": {"objective": {"kd": 0.0, "hidden": 0.0}},
    # The constraint takes the bias out of the teacher where words are hidden, spread labels take it out of
    # the text, and a light group term holds the pronouns' balance and mass at temperature 1, where both are
    # read.
    "fair": {
        "constraint": {"kind": "group", "contrast": "pronouns"},
        "objective": {"label": "soft", "group": 8.0},
    },
}

DESCRIPTIONS: Mapping[str, str] = {
    "plain": "Distillation as usual: the student learns what the teacher believes, biases included.",
    "paper": "The published constraint: he and she get the mean of their logits, at every position.",
    "mass-preserving": "Paired words get the mean of their probabilities; all other words keep theirs.",
    "group": "The common mass of the groups is split evenly; words inside a group keep their proportions.",
    "cda": "Counterfactual augmentation: no constraint, but every gendered sentence is learnt swapped, too.",
    "mlm-only": "No teacher: the student learns from the text alone, as a model is usually trained.",
    "fair": "The best of all this: groups balanced and labels spread where words are masked, and the groups' "
    "balance and mass held by a light term of their own.",
}
