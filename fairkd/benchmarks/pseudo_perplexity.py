"""Pseudo-perplexity over all tokens of held-out sentences, after Salazar et al. 2020.

    PPPL = exp( - sum over sentences and tokens of log p(token | all others) / number of tokens )

each token masked alone; special tokens are not scored. The bootstrap resamples sentences. The same as
`fairkd.measures.pseudo_perplexity`, sentence by sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fairkd.benchmarks import held_out_text
from fairkd.benchmarks.benchmark import Benchmark, Finish, Floats, Item, Numbers, Value
from fairkd.errors import InputError

if TYPE_CHECKING:
    from fairkd.benchmarks.scorer import Answers, Scorer


def plan(item: Item, scorer: Scorer) -> Finish:
    """Ask for every token of the sentence from all others."""
    ids = scorer.ids(item.texts["sentence"])
    asked = [scorer.ask_masked(ids, position) for position in scorer.scored(ids)]
    if not asked:
        raise InputError("The sentence has no tokens but special ones.")

    def finish(answers: Answers) -> Numbers:
        total = answers.sum(asked)
        return {"log_p": total, "tokens": len(asked), "mean_log_p": total / len(asked)}

    return finish


def aggregate(items: pd.DataFrame, weights: Floats) -> dict[str, Floats]:
    """exp of minus the mean log-probability of a token."""
    log_p, tokens = (items[key].to_numpy(dtype=float) for key in ("log_p", "tokens"))
    with np.errstate(over="ignore"):
        return {"perplexity": np.exp(-(weights @ log_p) / (weights @ tokens))}


BENCHMARK: Benchmark = Benchmark(
    key="pseudo-perplexity",
    family="quality",
    values=(
        Value(
            key="perplexity",
            label="pseudo-perplexity",
            unit="none",
            direction="lower",
            digits=1,
            logs=True,
        ),
    ),
    data_sets=held_out_text.DATA_SETS,
    read=held_out_text.read,
    plan=plan,
    aggregate=aggregate,
    score="mean_log_p",
    tested=lambda items: -items["mean_log_p"],
    quick_items=15,
)
