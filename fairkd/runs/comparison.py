"""Several runs together: whether their measures are comparable, which is best, and their Pareto front."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairkd.distill.config import Config, flat
from fairkd.measures import Measure, Ranking, Score, Verdict, are_paired, compare, front, item_values, rank
from fairkd.runs.run_record import Run

Floats = NDArray[np.float64]
Values = Mapping[str, Any]  # the last evaluation of a run: its measures, and its items where it has them

# Runs are comparable where these settings are equal: they decide what is measured, and on which text.
EVALUATION_SETTINGS = (
    "teacher",
    "corpus.source",
    "corpus.split",
    "corpus.column",
    "corpus.max_sentences",
    "corpus.max_tokens",
    "corpus.held_out",
    "corpus.held_out_column",
    "corpus.held_out_split",
    "evaluation.contrast",
    "evaluation.words",
    "evaluation.professions",
    "evaluation.sentences",
)

TRAINING_TEXT = ("corpus.source", "corpus.split", "corpus.column", "corpus.max_sentences")


def evaluation_differences(configs: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The settings of `EVALUATION_SETTINGS` that differ between configurations; none if they are comparable.

    A setting that is missing, because an earlier version did not have it, counts as its default. A
    configuration with words of its own does not use `evaluation.contrast`, so that setting is ignored there,
    and so is the training text where there is a held-out text of its own.
    """
    standard = flat(Config().model_dump(mode="json"))
    settings = [standard | flat(config) for config in configs]
    own_text = any(one["corpus.held_out"] is not None for one in settings)
    for one in settings:
        if one["evaluation.words"] is not None:
            one["evaluation.contrast"] = None
        if own_text:
            one |= dict.fromkeys(TRAINING_TEXT)
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


def rank_runs(measure: Measure, evaluations: Mapping[str, Values]) -> Ranking:
    """The runs in the order of a measure, with the best as leader only where the data tell it apart.

    Where all runs have items of the same sentences or professions, they are compared pair by pair; otherwise
    by their intervals, and not at all without these (see `fairkd.measures.rank`). Call it only for runs
    that `evaluation_differences` finds comparable.

    Parameters
    ----------
    evaluations : the last evaluation of each run by name, as from `fairkd.runs.event_tables.last_evaluation`.
    """
    known = {name: one for name, one in evaluations.items() if _number(one, measure.key) is not None}
    items = {name: one.get("items") or {} for name, one in known.items()}
    first = next(iter(items.values()), {})
    paired = all(are_paired(measure, first, one) for one in items.values())
    return rank(
        {name: _score(measure, one, paired=paired) for name, one in known.items()},
        direction=measure.direction,
    )


def paired_verdicts(
    measure: Measure, evaluations: Mapping[str, Values], baseline: str
) -> dict[str, Verdict | None]:
    """How every other run differs from `baseline` in a measure, item by item, by name.

    None where the two were not measured on the same items, or an item is not finite. The differences are in
    nats, also those of a perplexity, whose logarithm is a mean: exp of a difference is the ratio of both.

    Parameters
    ----------
    evaluations : the last evaluation of each run by name, as for `rank_runs`.
    """
    first = _finite_items(measure, evaluations[baseline])
    found: dict[str, Verdict | None] = {}
    for name, one in evaluations.items():
        if name == baseline:
            continue
        other = _finite_items(measure, one)
        if (
            first is None
            or other is None
            or not are_paired(measure, evaluations[baseline]["items"], one["items"])
        ):
            found[name] = None
        else:
            found[name] = compare(first, other, direction=measure.direction)
    return found


def _finite_items(measure: Measure, values: Values) -> Floats | None:
    found = item_values(measure, values.get("items") or {})
    return found if found is not None and all(map(math.isfinite, found)) else None


def _score(measure: Measure, values: Values, *, paired: bool) -> Score:
    found = _finite_items(measure, values) if paired else None
    if found is not None:
        return Score(float(found.mean()), items=found)
    low, high = (_number(values, key) for key in measure.interval)
    return Score(float(values[measure.key]), low, high, n=measure.count(values))


def _number(values: Values, key: str) -> float | None:
    value = values.get(key)
    return None if value is None or math.isnan(value) else float(value)


def rests_on_one_seed(configs: Sequence[Mapping[str, Any]]) -> bool:
    """Whether no two configurations differ in the seed alone, so that each variant ran at one seed."""
    settings = [flat(config) for config in configs]
    seedless = {repr(sorted((one | {"seed": None}).items())) for one in settings}
    return len({repr(sorted(one.items())) for one in settings}) == len(seedless)


def fairness_front(costs: Sequence[tuple[float, float]], lost: Sequence[bool]) -> tuple[int, ...]:
    """The Pareto front of the runs that have not lost their probability mass; indices as from `front`."""
    nowhere = (math.nan, math.nan)
    return front([nowhere if gone else cost for cost, gone in zip(costs, lost, strict=True)])
