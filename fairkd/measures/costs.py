"""The registry of costs: what a student's use and training take, under the keys of the event `costs`.

    COSTS["bytes"].format(44_700_000)         # "44.7 MB"
    cost_sentence(event)                      # "11,169,600 parameters, 44.7 MB on disk, 3.14 ms a ..."

A run emits the event once its student is saved. Loads neither torch nor pandas.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

CostUnit = Literal["count", "bytes", "milliseconds", "minutes"]


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What is known of one cost, apart from its values.

    Attributes
    ----------
    key : str
        Its name in events, tables and JSON.
    label : str
        Its name for people.
    depends_on_seed : bool
        Whether a training with another seed may have another value.
    direction : "lower" or "none"
        Which values are better.
    """

    key: str
    label: str
    unit: CostUnit
    description: str
    depends_on_seed: bool = True
    direction: Literal["lower", "none"] = "lower"

    def format(self, value: float | None) -> str:
        """A value for people; "–" where it is None or NaN.

        >>> COSTS["parameters"].format(11169600), COSTS["milliseconds"].format(3.14159)
        ('11,169,600', '3.14 ms')
        """
        if value is None or math.isnan(value):
            return "–"
        match self.unit:
            case "count":
                return f"{value:,.0f}"
            case "bytes":
                return f"{value / 1e6:,.1f} MB" if abs(value) >= 1e5 else f"{value / 1e3:,.1f} kB"
            case "milliseconds":
                return f"{value:.0f} ms" if abs(value) >= 100 else f"{value:#.3g} ms"
            case "minutes":
                return f"{value:,.1f} min" if abs(value) >= 1 else f"{value:.2f} min"


COSTS: Mapping[str, Cost] = {
    cost.key: cost
    for cost in (
        Cost(
            key="parameters",
            label="parameters",
            unit="count",
            depends_on_seed=False,
            description="The student's parameters; weights that two parts of it share count once.",
        ),
        Cost(
            key="bytes",
            label="size on disk",
            unit="bytes",
            depends_on_seed=False,
            description="The student's files without its model card: weights, configuration, tokenizer "
            "(1 MB is a million bytes).",
        ),
        Cost(
            key="milliseconds",
            label="CPU latency a sentence",
            unit="milliseconds",
            description="The median time of a forward pass on a CPU, one held-out sentence at a time, after "
            "a warm-up.",
        ),
        Cost(
            key="tokens",
            label="training tokens",
            unit="count",
            direction="none",
            description="The tokens that the student was trained on, each as often as it was read.",
        ),
        Cost(
            key="minutes",
            label="training time",
            unit="minutes",
            description="The time of training, without loading, evaluations and checkpoints.",
        ),
    )
}


def cost_sentence(values: Mapping[str, Any]) -> str:
    """Size and latency of a student from an event `costs`, as one line; empty where it has none.

    >>> cost_sentence({"parameters": 1000, "bytes": 4200, "milliseconds": 2.0, "threads": 1, "sentences": 20})
    '1,000 parameters, 4.2 kB on disk, 2.00 ms a sentence on a CPU (median over 20 sentences, 1 thread)'
    """
    parts = []
    if values.get("parameters") is not None:
        parts.append(f"{COSTS['parameters'].format(values['parameters'])} parameters")
    if values.get("bytes") is not None:
        parts.append(f"{COSTS['bytes'].format(values['bytes'])} on disk")
    if values.get("milliseconds") is not None:
        threads, sentences = values.get("threads"), values.get("sentences")
        how = f"median over {sentences} sentence{'s' * (sentences != 1)}" if sentences else "median"
        how += f", {threads} thread{'s' * (threads != 1)}" if threads else ""
        parts.append(f"{COSTS['milliseconds'].format(values['milliseconds'])} a sentence on a CPU ({how})")
    return ", ".join(parts)
