"""Settings by name: what to start a distillation from. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# "her" is paired with "him" and with "his"; pairs need it once.
_PAIRS = {"contrast": "pronouns", "slots": ["subject", "possessive"]}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "plain": {},
    # As published: at all positions, with the hard label as it stands.
    "paper": {
        "constraint": {"kind": "logit_mean", "scope": "all", **_PAIRS},
        "objective": {"positions": "all"},
    },
    "mass-preserving": {
        "constraint": {"kind": "mass_preserving", **_PAIRS},
        "objective": {"label": "spread"},
    },
    "group": {
        "constraint": {"kind": "group", "contrast": "pronouns"},
        "objective": {"label": "spread"},
    },
    "cda": {"corpus": {"swap": True}},
    "mlm-only": {"objective": {"kd": 0.0, "hidden": 0.0}},
    # The two remedies mend each other's fault. Swapped text takes the bias out of the hard labels, which
    # therefore stay and go on teaching which pronoun a sentence settles; the constraint takes it out of the
    # teacher, which swapped text alone leaves biased; and a light group term holds the pronouns' balance and
    # mass at temperature 1, where both are read.
    "fair": {
        "corpus": {"swap": True},
        "constraint": {"kind": "group", "contrast": "pronouns", "scope": "masked"},
        "objective": {"group": 8.0},
    },
}

DESCRIPTIONS: Mapping[str, str] = {
    "plain": "Distillation as usual: the student learns what the teacher believes, biases included.",
    "paper": "The published constraint: he and she get the mean of their logits, at every position.",
    "mass-preserving": "Paired words get the mean of their probabilities; all other words keep theirs.",
    "group": "The common mass of the groups is split evenly; words inside a group keep their proportions.",
    "cda": "Counterfactual augmentation: no constraint, but every gendered sentence is learnt swapped, too.",
    "mlm-only": "No teacher: the student learns from the text alone, as a model is usually trained.",
    "fair": "The best of all this: every gendered sentence swapped as well, groups balanced where words are "
    "masked, and their balance and mass held by a light term of their own.",
}
