"""Small settings and text for distillations of tiny models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from fairkd.corpora import Corpus
from fairkd.distill import Config, Outcome, make_config, train
from fairkd.models.loading import MaskedLM, load
from tests.tiny import SENTENCES

CORPUS = Corpus("toy", None, SENTENCES, SENTENCES[:40])
SMALL: dict[str, Any] = {
    "student": {"layers": [0]},
    "budget": {"steps": 25},
    # Not "auto": which format is faster is measured, and another process may disturb that.
    "optimizer": {"learning_rate": 1e-2, "micro_batch_tokens": 256, "precision": "fp32"},
    "evaluation": {
        "every_steps": 1000,
        "professions": 3,
        "sentences": 40,
        "watched_sentences": ["milk is a [MASK]."],
    },
    "log_every": 5,
}


def config(**sections: Any) -> Config:
    """Settings for a second's training; each section's keys replace those of SMALL."""
    values = {
        name: {**SMALL.get(name, {}), **section} if isinstance(section, dict) else section
        for name, section in sections.items()
    }
    for budget in [values.get("budget", {})]:
        if "minutes" in budget:
            budget.pop("steps", None)
    return make_config({**SMALL, **values})


def trained(lm: MaskedLM, folder: Path, **sections: Any) -> tuple[Outcome, MaskedLM]:
    """The outcome of a run in `folder`, and the student as it loads from there."""
    outcome = train(config(**sections), folder, teacher=lm, corpus=CORPUS)
    return outcome, load(str(outcome.model))


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """All weights of a stored model."""
    return dict(load(str(folder)).model.state_dict())


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Whether two sets of weights are the same to the bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
