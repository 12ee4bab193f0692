"""Named starting points for a distillation. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fairkd.errors import InputError
from fairkd.utils import did_you_mean, nearest, quoted

# "her" pairs with "him" and with "his", but a word can be in one pair only: object forms are left out.
_PAIRS = {"contrast": "pronouns", "roles": ["subject", "possessive"]}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "plain": {},
    # As published: at all positions, with the hard labels unchanged.
    "paper": {
        "constraint": {"kind": "logit_mean", "scope": "all", **_PAIRS},
        "objective": {"positions": "all"},
    },
    # The paper's code, github.com/iPieter/universal-distillation.
    "universal-distillation": {
        "student": {"kind": "fresh", "hidden_layers": 6, "width": None},
        "masking": {"rate": 0.15, "masked": 0.8, "random": 0.1},
        "objective": {"positions": "all", "special_tokens": True, "mlm": 2.0},
        "constraint": {"kind": "logit_mean", "scope": "all", "contrast": "pronouns", "roles": ["subject"]},
        "optimizer": {
            "learning_rate": 2e-5,
            "schedule": "constant",
            "warmup": 0.0,
            "weight_decay": 0.0,
            "beta2": 0.999,
            "epsilon": 1e-8,
        },
        "budget": {"patience": 3},
        "evaluation": {"every_steps": 200},
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
    # The probabilities with which Webster et al. (2020) train BERT.
    "dropout": {"student": {"dropout": 0.2, "attention_dropout": 0.15}},
    "projected-teacher": {"correction": {"kind": "leace"}},
    "self-debias": {"correction": {"kind": "self_debias"}},
    "mlm-only": {"objective": {"kd": 0.0, "hidden": 0.0}},
    # The constraint removes the bias from the teacher's distributions at masked positions, soft labels remove
    # it from the text, and a group loss pushes towards balance and the teacher's probability of the
    # pronouns at temperature 1, where both are measured.
    "fair": {
        "constraint": {"kind": "group", "contrast": "pronouns"},
        "objective": {"label": "soft", "group": 12.0},
    },
}

# Names for pages and tables.
LABELS: Mapping[str, str] = {
    "plain": "Plain distillation",
    "paper": "FairDistillation's constraint (Delobelle & Berendt 2022)",
    "universal-distillation": "FairDistillation's code, from random weights",
    "mass-preserving": "Mass-preserving constraint",
    "group": "Group constraint",
    "cda": "Counterfactual data augmentation (CDA)",
    "dropout": "Raised dropout (Webster et al. 2020)",
    "projected-teacher": "Gender removed from the teacher's states (LEACE)",
    "self-debias": "Self-debiased teacher (after Schick et al. 2021)",
    "mlm-only": "MLM training only",
    "fair": "Group constraint with soft labels and group loss",
}

DESCRIPTIONS: Mapping[str, str] = {
    "plain": "The student learns the teacher's predictions as they are, biases included.",
    "paper": "The constraint as published: in the teacher's predictions, paired pronouns (he and she, his "
    "and her) get the mean of their logits, at every position.",
    "universal-distillation": "The settings of the paper's code: six layers of the teacher's width from "
    "random weights, he and she only, a constant learning rate of 2e-5. The variant paper has the same "
    "constraint, but copies layers, balances his and her too, masks 40 %, leaves out special tokens, halves "
    "the weight of the MLM loss, and learns faster.",
    "mass-preserving": "In the teacher's predictions at hidden words, paired pronouns (he and she, his and "
    "her) get the mean of their probabilities. All other words keep theirs. Where the hidden word is a "
    "paired pronoun, half of the label goes to it and half to its partner.",
    "group": "In the teacher's predictions at hidden words, female and male pronouns get the same total "
    "probability. Within a group the proportions stay. Where the hidden word is a pronoun, half of the label "
    "goes to it and half to the pronouns of the other group.",
    "cda": "No constraint: the student also trains on a copy of each gendered sentence with the genders "
    "swapped.",
    "dropout": "No constraint: the student trains with a dropout of 0.2 in its hidden states and 0.15 in its "
    "attention, which hinders it from learning associations.",
    "projected-teacher": "No constraint: the direction that tells male from female contexts is removed from "
    "the teacher's hidden states at hidden words, and the student learns what the teacher then predicts.",
    "self-debias": "No constraint: in the teacher's predictions at hidden words, those lose probability that "
    "become more probable after the prompt “The following text discriminates against people because of their "
    "gender:”. The teacher runs twice, so steps take longer.",
    "mlm-only": "The student learns from the text alone, by masked language modelling, without the teacher's "
    "predictions. It copies the same layers as the other variants, as they are: they are not fitted to the "
    "teacher's states.",
    "fair": "The group constraint at hidden words. Where the hidden word is a pronoun, half of the label "
    "goes to it and half to the pronouns of the other group. An extra loss pushes the student towards "
    "pronouns that are balanced and together as likely as in the teacher.",
}


def preset(name: str) -> Mapping[str, Any]:
    """The nested settings of a preset. InputError with the nearest names for an unknown one."""
    if name not in PRESETS:
        hint = did_you_mean(nearest(name, PRESETS))
        raise InputError(f"There is no preset {quoted(name)}.{hint} Presets: {', '.join(PRESETS)}.")
    return PRESETS[name]
