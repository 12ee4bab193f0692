"""What can be said of several runs together: whether they are measured alike, and which gaps count."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fairkd.distill.config import Config, flat
from fairkd.measures import front
from fairkd.runs.store import Run

# The settings that decide what an evaluation measures, and against whom.
MEASURED_BY = (
    "teacher",
    "corpus.source",
    "corpus.split",
    "corpus.column",
    "corpus.max_sentences",
    "corpus.max_tokens",
    "evaluation.contrast",
    "evaluation.words",
    "evaluation.professions",
    "evaluation.sentences",
)
MASS_KEPT = 0.5  # the part of the teacher's mass below which a gap is small because the words are gone


def measured_apart(configs: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The settings of `MEASURED_BY` that are not the same in all configurations: none, and they compare.

    One that a configuration of an earlier version lacks is at its default. Words of one's own stand in the
    place of a contrast's, so that two who measure them need not name the same contrast.
    """
    standard = flat(Config().model_dump(mode="json"))
    settings = [standard | flat(config) for config in configs]
    for one in settings:
        if one["evaluation.words"] is not None:
            one["evaluation.contrast"] = None
    return tuple(name for name in MEASURED_BY if len({repr(one.get(name)) for one in settings}) > 1)


def differences(runs: Sequence[Run]) -> dict[str, dict[str, Any]]:
    """The settings in which runs differ: setting -> run id -> value, None where a run lacks it.

    `pandas.DataFrame.from_dict(..., orient="index")` makes the table of it: a row a setting, a column a run.
    """
    configs = {run.id: flat(run.config) for run in runs}
    names = dict.fromkeys(name for config in configs.values() for name in config)
    table = {name: {id: config.get(name) for id, config in configs.items()} for name in names}
    return {name: row for name, row in table.items() if len(set(map(repr, row.values()))) > 1}


def has_lost_mass(mass: float | None, teacher: float | None) -> bool:
    """Whether so little of the teacher's P(A) + P(B) is left that the gap says nothing of fairness.

    False where either is not known.

    >>> has_lost_mass(0.1, 0.6), has_lost_mass(0.5, 0.6), has_lost_mass(0.1, None)
    (True, False, False)
    """
    return mass is not None and teacher is not None and mass < MASS_KEPT * teacher


def fairness_front(costs: Sequence[tuple[float, float]], lost: Sequence[bool]) -> tuple[int, ...]:
    """The Pareto front of the runs whose mass is not lost; indices as from `pareto.front`."""
    nowhere = (math.nan, math.nan)
    return front([nowhere if gone else cost for cost, gone in zip(costs, lost, strict=True)])
