"""The phases of a run: what it does at the moment, which its `phase` events announce."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Phase = Literal["loading", "teacher", "student", "training", "evaluation", "saving", "benchmarks"]

PHASES: Mapping[str, str] = {
    "loading": "Loading the models and the text",
    "teacher": "Measuring the teacher",
    "student": "Measuring the student before training",
    "training": "Training",
    "evaluation": "Measuring the student",
    "saving": "Saving the student",
    "benchmarks": "Measuring the student by benchmarks",
}
# The phases before the first step, in their order. A resumed run only loads.
PREPARATION: tuple[Phase, ...] = ("loading", "teacher", "student")
