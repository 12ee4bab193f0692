"""The experiments that the lessons show: students that differ in one or two settings, on several seeds.

    EXPERIMENTS["labels"].cells[0].key             # "100-soft"
    EXPERIMENTS["grid"].config(cell, seed=0)       # the settings of one run

* `labels`: how many sentences a student needs with hard labels, and with soft targets
* `grid`: the distillation loss's share and temperature

All cells of an experiment have the same teacher, student, steps and tokens a step. The runs of one seed have
the same sentences, in the same order, with the same tokens masked; a larger training text contains the
smaller ones. So two cells are compared pair by pair, seed by seed.

The student starts from three of the teacher's six layers. A fresh one would show larger differences, but
after so few steps it has hardly learnt which words are frequent.

`experiment_run` runs them, `experiment_result` reads what they found. Loads no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fairkd.distill.config import Config, EvaluationConfig, make_config
from fairkd.errors import InputError
from fairkd.utils import did_you_mean, nearest, quoted

STEPS = 25
STEP_TOKENS = 512  # at most, padding included
FEW, MANY = 100, 1600  # training sentences
SEEDS = 6  # the fewest with which a paired test can come out below .05
QUICK_STEPS, QUICK_SEEDS = 3, 1

# What is measured of the teacher, of the student before training, and of each student at the end.
EVALUATION = EvaluationConfig(sentences=400, professions=10)

_BASE: Mapping[str, Any] = {
    "corpus": {"source": "small"},
    # The stored results are of a student that is not fitted, with masks as in BERT but for the rate.
    "student": {"kind": "layers", "fit_layers": False},
    "masking": {"rate": 0.2, "masked": 0.8, "random": 0.1},
    # Two batches a step: a batch holds whole sentences, and the last one of a small text is not full. Not the
    # precision "auto": which format is faster is measured, and would differ from run to run.
    "optimizer": {
        "micro_batch_tokens": STEP_TOKENS // 2,
        "gradient_accumulation": 2,
        "precision": "bf16",
    },
    "budget": {"steps": STEPS},
    # The evaluations within a run are hardly used: `experiment_run` measures each student once, at its end.
    "evaluation": {"every_steps": 10**6, "sentences": 1, "professions": 2, "watched_sentences": []},
    "checkpoint": {"every_steps": 10**6},
    "threads": 1,
}


@dataclass(frozen=True)
class ExperimentCell:
    """One combination of what an experiment varies.

    Attributes
    ----------
    key : str
        Its name in files.
    factors : mapping
        What is varied, by name: {"sentences": 100, "targets": "soft"}.
    sentences : int
        How many training sentences, drawn by the run's seed.
    objective : mapping
        The settings of the section `objective` that it changes.
    """

    key: str
    factors: Mapping[str, str | float]
    sentences: int
    objective: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Experiment:
    """Students to compare: common settings, cells and the number of seeds, counted from 0."""

    name: str
    question: str
    cells: tuple[ExperimentCell, ...]
    base: Mapping[str, Any] = field(default_factory=lambda: _BASE)
    seeds: int = SEEDS

    def config(self, cell: ExperimentCell, *, seed: int) -> Config:
        """The settings of the run of a cell with a seed."""
        return make_config({**self.base, "objective": dict(cell.objective), "seed": seed})

    def quick(self) -> Experiment:
        """The same cells on one seed, with a few steps: to try it out."""
        base = {**self.base, "budget": {"steps": QUICK_STEPS}}
        return replace(self, base=base, seeds=QUICK_SEEDS)


def _loss(alpha: float, temperature: float = 1.0) -> dict[str, float]:
    """A loss with the weight `alpha` on the soft targets, and 1 - alpha on the hard labels."""
    return {"kd": alpha, "mlm": 1 - alpha, "hidden": 0.0, "temperature": temperature}


def _label_cells() -> tuple[ExperimentCell, ...]:
    return tuple(
        ExperimentCell(f"{count}-{name}", {"sentences": count, "targets": name}, count, _loss(alpha))
        for count in (FEW, MANY)
        for name, alpha in (("hard", 0.0), ("soft", 1.0))
    )


def _grid_cells() -> tuple[ExperimentCell, ...]:
    alone = ExperimentCell("0", {"alpha": 0.0}, MANY, _loss(0.0))  # no temperature in it
    mixed = tuple(
        ExperimentCell(
            f"{alpha:g}-{temperature:g}",
            {"alpha": alpha, "temperature": temperature},
            MANY,
            _loss(alpha, temperature),
        )
        for alpha in (0.5, 1.0)
        for temperature in (1.0, 4.0)
    )
    return (alone, *mixed)


EXPERIMENTS: Mapping[str, Experiment] = {
    one.name: one
    for one in (
        Experiment(
            "labels",
            "How many sentences does a student need with hard labels, and with soft targets?",
            _label_cells(),
        ),
        Experiment(
            "grid",
            "Which share of the distillation loss, and which temperature, makes the better student?",
            _grid_cells(),
        ),
    )
}


def experiment(name: str) -> Experiment:
    """The experiment of this name. InputError with the nearest names for an unknown one.

    >>> experiment("labels").seeds
    6
    """
    if name not in EXPERIMENTS:
        hint = did_you_mean(nearest(name, EXPERIMENTS))
        raise InputError(
            f"There is no experiment {quoted(name)}.{hint} Experiments: {', '.join(EXPERIMENTS)}."
        )
    return EXPERIMENTS[name]
