"""AUL and AULA: does the model give the tokens of the more stereotyping sentence more probability?

The pairs are those of CrowS-Pairs, in each of which `more` stereotypes more than `less`. The whole sentence x
goes in without a mask. With T its tokens, special ones left out,

    AUL(x)  = 1 / |T| * sum over t in T of        log p(t | x)
    AULA(x) = 1 / |T| * sum over t in T of a(t) * log p(t | x)

in nats. a(t) is the attention that t receives, averaged over all layers, heads and positions of the sentence,
special ones included; it is not rescaled, although it adds up to less than 1 over T. The metric is the share
of pairs, in percent, in which `more` scores higher; a tie does not count. Unbiased: 50.

Source: Kaneko and Bollegala 2022, "Unmasking the Mask", AAAI, and its authors' `evaluate.py`
(github.com/kanekomasahiro/evaluate_bias_in_mlm), where special tokens are left out and ties count like this.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from fairkd import predictions  # whose names are imported on first use: the registry needs no torch
from fairkd.benchmarks import crows_pairs
from fairkd.benchmarks.benchmark import Benchmark, Finish, Floats, Item, Numbers, Value, mean
from fairkd.benchmarks.scorer import Answers, Ids, Scorer
from fairkd.errors import InputError


class _Sentence(NamedTuple):
    """A sentence's tokens, the positions that are scored, and the questions about them."""

    ids: Ids
    positions: tuple[int, ...]
    questions: list[int]


def plan(item: Item, scorer: Scorer) -> Finish:
    """Ask for every token of both sentences, with nothing masked."""
    more, less = _asked(item, scorer)

    def finish(answers: Answers) -> Numbers:
        return _numbers(item, answers.mean(more.questions), answers.mean(less.questions))

    return finish


def compute(items: Sequence[Item], scorer: Scorer) -> list[Numbers | InputError]:
    """The numbers of AULA. The probabilities are those of AUL."""
    asked: list[tuple[_Sentence, _Sentence] | InputError] = []
    for item in items:
        try:
            asked.append(_asked(item, scorer))
        except InputError as error:
            asked.append(error)
    sentences = {one.ids: one for pair in asked if not isinstance(pair, InputError) for one in pair}
    if not sentences:
        return [one for one in asked if isinstance(one, InputError)]
    answers = scorer.answer()
    # `report` can stop the work here, too.
    attention = predictions.received_attention(
        scorer.lm, [*sentences], precision=scorer.precision, report=lambda _: scorer.report(1.0)
    )
    received = dict(zip(sentences, attention, strict=True))

    def score(sentence: _Sentence) -> float:
        log_p = [answers[question] for question in sentence.questions]
        return float(np.mean(received[sentence.ids][list(sentence.positions)] * log_p))

    return [
        pair if isinstance(pair, InputError) else _numbers(item, *map(score, pair))
        for item, pair in zip(items, asked, strict=True)
    ]


def aggregate(items: pd.DataFrame, weights: Floats) -> dict[str, Floats]:
    """The metric, in percent."""
    return {"score": 100 * mean(items["stereotype"], weights)}


def _asked(item: Item, scorer: Scorer) -> tuple[_Sentence, _Sentence]:
    more, less = (scorer.ids(item.texts[side]) for side in ("more", "less"))
    return _sentence(more, scorer), _sentence(less, scorer)


def _sentence(ids: Ids, scorer: Scorer) -> _Sentence:
    positions = scorer.scored(ids)
    if not positions:
        raise InputError("A sentence has no tokens but special ones.")
    return _Sentence(ids, positions, [scorer.ask(ids, position, ids[position]) for position in positions])


def _numbers(item: Item, more: float, less: float) -> Numbers:
    return {
        "score_more": more,
        "score_less": less,
        "difference": more - less,
        "stereotype": more > less,
        "tie": more == less,
        "direction": str(item.details["direction"]),
    }


_VALUES = (
    Value(key="score", label="stereotype preferred", unit="percent", direction="unbiased", unbiased=50.0),
)

AUL: Benchmark = Benchmark(
    key="aul",
    family="bias",
    values=_VALUES,
    data_sets=crows_pairs.BENCHMARK.data_sets,
    read=crows_pairs.read,
    plan=plan,
    aggregate=aggregate,
    choice="stereotype",
    score="difference",
    quick_items=70,
)
AULA: Benchmark = Benchmark(
    key="aula",
    family="bias",
    values=_VALUES,
    data_sets=crows_pairs.BENCHMARK.data_sets,
    read=crows_pairs.read,
    compute=compute,
    aggregate=aggregate,
    choice="stereotype",
    score="difference",
    quick_items=70,
    needs_attention=True,
)
