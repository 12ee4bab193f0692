"""Several runs together: whether their measures are comparable, and their Pareto front."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fairkd.distill.config import Config, flat
from fairkd.measures import front
from fairkd.runs.store import Run

# Runs are comparable where these settings are equal: they decide what is measured, and on which text.
EVALUATION_SETTINGS = (
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


def evaluation_differences(configs: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The settings of `EVALUATION_SETTINGS` that differ between configurations; none if they are comparable.

    A setting that is missing, because an earlier version did not have it, counts as its default. A
    configuration with words of its own does not use `evaluation.contrast`, so that setting is ignored there.
    """
    standard = flat(Config().model_dump(mode="json"))
    settings = [standard | flat(config) for config in configs]
    for one in settings:
        if one["evaluation.words"] is not None:
            one["evaluation.contrast"] = None
    return tuple(name for name in EVALUATION_SETTINGS if len({repr(one.get(name)) for one in settings}) > 1)


def setting_differences(runs: Sequence[Run]) -> dict[str, dict[str, Any]]:
    """The settings in which runs differ: setting -> run id -> value, None where a run does not have it.

    `pandas.DataFrame.from_dict(..., orient="index")` makes a table of it, with a row per setting and a column
    per run.
    """
    configs = {run.id: flat(run.config) for run in runs}
    names = dict.fromkeys(name for config in configs.values() for name in config)
    table = {name: {id: config.get(name) for id, config in configs.items()} for name in names}
    return {name: row for name, row in table.items() if len(set(map(repr, row.values()))) > 1}


def fairness_front(costs: Sequence[tuple[float, float]], lost: Sequence[bool]) -> tuple[int, ...]:
    """The Pareto front of the runs that have not lost their probability mass; indices as from `front`."""
    nowhere = (math.nan, math.nan)
    return front([nowhere if gone else cost for cost, gone in zip(costs, lost, strict=True)])
