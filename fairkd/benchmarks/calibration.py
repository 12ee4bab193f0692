"""Calibration of the masked-token prediction: is the model right as often as its probabilities say?

The expected calibration error is that of `fairkd.measures.expected_calibration_error`. Three tokens of each
held-out sentence are masked, one at a time; the bootstrap resamples sentences.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from fairkd.benchmarks import held_out_text
from fairkd.benchmarks.benchmark import Benchmark, Floats, Item, Numbers, Value, mean
from fairkd.errors import InputError
from fairkd.measures import confidence_bins, expected_calibration_error

if TYPE_CHECKING:
    from torch import Tensor

    from fairkd.benchmarks.scorer import Scorer


def compute(items: Sequence[Item], scorer: Scorer) -> list[Numbers | InputError]:
    """Confidence of the top prediction at each masked token, and whether it is right."""
    from fairkd.benchmarks.masked_distributions import score_tokens  # loads torch

    def numbers(tokens: Tensor, log_p: list[Tensor]) -> list[Numbers]:
        best, first = log_p[0].max(-1)
        rows = zip(best.exp().tolist(), (first == tokens).tolist(), first.tolist(), strict=True)
        return [
            {"confidence": confidence, "right": right, "prediction": scorer.lm.vocabulary[guess]}
            for confidence, right, guess in rows
        ]

    return score_tokens(items, scorer, [scorer.lm], numbers)


def aggregate(items: pd.DataFrame, weights: Floats) -> dict[str, Floats]:
    """Expected calibration error, accuracy and mean confidence, as shares."""
    confidence, right = _columns(items)
    return {
        "ece": expected_calibration_error(confidence, right, weights),
        "accuracy": mean(items["right"], weights),
        "confidence": mean(items["confidence"], weights),
    }


def reliability_curve(items: pd.DataFrame) -> pd.DataFrame:
    """For each bin that is not empty: n, confidence and accuracy (shares), lowest confidence first."""
    confidence, right = _columns(items)
    table = pd.DataFrame({"bin": confidence_bins(confidence), "confidence": confidence, "accuracy": right})
    grouped = table.groupby("bin")
    return grouped.mean().assign(n=grouped.size()).reset_index(drop=True)


def _columns(items: pd.DataFrame) -> tuple[Floats, Floats]:
    return items["confidence"].to_numpy(dtype=float), items["right"].to_numpy(dtype=float)


BENCHMARK: Benchmark = Benchmark(
    key="calibration",
    family="quality",
    values=(
        Value(key="ece", label="expected calibration error", unit="share", direction="lower", digits=3),
        Value(key="accuracy", label="top-1 accuracy", unit="share", direction="higher", digits=3),
        Value(key="confidence", label="mean confidence", unit="share", direction="none", digits=3),
    ),
    data_sets=held_out_text.DATA_SETS,
    read=held_out_text.read_tokens,
    compute=compute,
    aggregate=aggregate,
    choice="right",
    choice_label="the right token",
    score="confidence",
    unit="sentence",
    quick_items=120,
)
