"""Results of experiments with given numbers, for the tests of what is said about them."""

from __future__ import annotations

from collections.abc import Mapping

from fairkd.lessons import ExperimentResult

Factors = tuple[tuple[str, str | float], ...]


def made_result(means: Mapping[Factors, float], *, seeds: int = 6, name: str = "labels") -> ExperimentResult:
    """A result whose runs have these values, nearly, in every measure.

    The seeds differ by one thousandth in both directions, and differently in each cell, so that equal means
    cannot be told apart.
    """
    size = {"parameters": 1000, "bytes": 4000, "milliseconds": 1.5}
    values = ("top1_accuracy", "pseudo_perplexity_sampled", "kl", "ece", "gap_absolute", "gap_mass")
    cells, runs = [], []
    for number, (factors, mean) in enumerate(means.items()):
        key = "-".join(str(value) for _, value in factors)
        sentences = dict(factors).get("sentences", 1600)
        cells.append({"key": key, "factors": dict(factors), "sentences": sentences, "objective": {}, **size})
        for seed in range(seeds):
            shift = 1 + ((seed * (number + 1)) % 7 - 3) / 1000
            runs.append(
                {
                    "cell": key,
                    "seed": seed,
                    "steps": 10,
                    "tokens": 1000,
                    "seconds": 1.0,
                    "values": dict.fromkeys(values, mean * shift),
                }
            )
    teacher = {"reference": "embedded/teacher", "weights": "0" * 64, "values": {"kl": 0.0}, **size}
    return ExperimentResult.model_validate(
        {
            "experiment": name,
            "question": "?",
            "command": f"fairkd learn experiment {name} --seeds {seeds}",
            "version": "0",
            "date": "2026-01-01T00:00:00+00:00",
            "machine": {"processor": "x", "cores": 1, "threads": 1, "precision": "fp32", "torch": "2"},
            "text": {
                "source": "small",
                "name": "toy",
                "training": 10,
                "held_out": 2,
                "tokens_a_sentence": 2.5,
                "digest": "0" * 64,
            },
            "teacher": teacher,
            "start": {"kl": 2.0},
            "settings": {},
            "seeds": seeds,
            "cells": cells,
            "runs": runs,
        }
    )
