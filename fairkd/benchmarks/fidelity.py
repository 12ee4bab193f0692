"""Fidelity: how close a student's predictions are to its teacher's, at masked tokens of held-out text.

    KL(teacher || student) = sum over the vocabulary v of p_T(v) * log( p_T(v) / p_S(v) )

in nats, and how often both put the same token first. Three tokens of each sentence are masked, one at a time;
the bootstrap resamples sentences. Both models need one vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from fairkd.benchmarks import held_out_text
from fairkd.benchmarks.benchmark import Benchmark, Floats, Item, Numbers, Value, mean
from fairkd.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from fairkd.benchmarks.scorer import Scorer


def compute(items: Sequence[Item], scorer: Scorer) -> list[Numbers | InputError]:
    """KL and agreement at each masked token."""
    from fairkd.benchmarks.masked_distributions import score_tokens  # loads torch

    teacher = scorer.reference
    assert teacher is not None, "checked before anything is scored"

    def numbers(_: Tensor, log_p: list[Tensor]) -> list[Numbers]:
        words = min(one.shape[-1] for one in log_p)  # either may be padded beyond the vocabulary
        expected, own = (one[:, :words].double() for one in log_p)
        kl = (expected.exp() * (expected - own)).sum(-1)
        rows = zip(kl.tolist(), expected.argmax(-1).tolist(), own.argmax(-1).tolist(), strict=True)
        return [
            {
                "kl": max(value, 0.0),
                "agreement": teachers == students,
                "teacher_prediction": scorer.lm.vocabulary[teachers],
                "prediction": scorer.lm.vocabulary[students],
            }
            for value, teachers, students in rows
        ]

    return score_tokens(items, scorer, [teacher, scorer.lm], numbers)


def aggregate(items: pd.DataFrame, weights: Floats) -> dict[str, Floats]:
    """Mean KL in nats, and top-1 agreement as a share."""
    return {"kl": mean(items["kl"], weights), "agreement": mean(items["agreement"], weights)}


BENCHMARK: Benchmark = Benchmark(
    key="fidelity",
    family="fidelity",
    values=(
        Value(key="kl", label="KL to the teacher", unit="nats", direction="lower", digits=3),
        Value(key="agreement", label="top-1 agreement", unit="share", direction="higher", digits=3),
    ),
    data_sets=held_out_text.DATA_SETS,
    read=held_out_text.read_tokens,
    compute=compute,
    aggregate=aggregate,
    choice="agreement",
    choice_label="the teacher's first token",
    score="kl",
    tested=lambda items: items["kl"],
    unit="sentence",
    needs_reference=True,
    quick_items=120,
)
