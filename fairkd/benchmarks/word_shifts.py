"""Which words a student promotes over its teacher in a text, and which it demotes.

Tokens of held-out sentences are masked one at a time (`held_out_text.read_tokens`). With p_T and p_S the
probabilities of a word v at these positions,

    shift(v) = mean of p_S(v) - mean of p_T(v)

A word is promoted where the shift is positive. Its example is the position at which p_S(v) - p_T(v) is the
largest (for a demoted word, the smallest). The idea of comparing two models over a corpus is that of LMdiff
(Strobelt et al. 2021, arXiv 2111.01582).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from fairkd.benchmarks import held_out_text
from fairkd.benchmarks.benchmark import Item
from fairkd.benchmarks.masked_distributions import distributions, masked_tokens
from fairkd.benchmarks.scorer import Ids, Scorer
from fairkd.benchmarks.stored_results import WORD_COLUMNS
from fairkd.errors import InputError
from fairkd.models import MaskedLM, readable


def promoted_words(
    teacher: MaskedLM,
    student: MaskedLM,
    sentences: Sequence[str],
    *,
    k: int = 20,
    report: Callable[[float], None] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The `k` words that the student promotes most, and the `k` that it demotes most.

    Returns
    -------
    (DataFrame, DataFrame)
        word, teacher and student (mean probabilities), shift, example (the sentence with the masked token),
        at_teacher and at_student (the probabilities of the word there). The largest shift comes first.

    Raises
    ------
    InputError
        The models have different vocabularies, or no sentence has a token to mask.
    """
    if teacher.tokenizer.get_vocab() != student.tokenizer.get_vocab():
        raise InputError(
            f"Promoted words need two models of one vocabulary; {teacher.reference} and {student.reference} "
            "have different ones."
        )
    items = held_out_text.read_tokens({"sentences": "\n".join(sentences).encode()})
    asked, _ = masked_tokens(items, Scorer(teacher))
    scored = [token for _, token in asked]
    if not scored:
        raise InputError("No sentence has a token that can be masked.")
    words = len(teacher.tokenizer)
    totals = torch.zeros(2, words, dtype=torch.float64)
    most, least = _Extreme(words, sign=1), _Extreme(words, sign=-1)
    for batch, _, log_p in distributions(scored, [teacher, student]):
        own = [one[:, :words].exp() for one in log_p]
        totals += torch.stack([one.double().sum(0) for one in own])
        for extreme in (most, least):
            extreme.see(*own, first=batch.start)
        if report is not None:
            report(batch.stop / len(scored))
    means = (totals / len(scored)).numpy()
    shift = means[1] - means[0]
    special = [i for i in teacher.tokenizer.all_special_ids if i < words]
    shift[special] = 0
    labels = readable(teacher)
    found = []
    for extreme in (most, least):
        ranked = np.argsort(-extreme.sign * shift, kind="stable")
        chosen = [int(word) for word in ranked[:k] if extreme.sign * shift[word] > 0]
        rows = [
            (
                labels[word],
                means[0, word],
                means[1, word],
                shift[word],
                _example(teacher, scored[extreme.at[word]], items, asked[extreme.at[word]][0]),
                float(extreme.teacher[word]),
                float(extreme.student[word]),
            )
            for word in chosen
        ]
        found.append(pd.DataFrame(rows, columns=[*WORD_COLUMNS]))
    return found[0], found[1]


class _Extreme:
    """For each word, where the student's probability exceeds the teacher's most (`sign` 1) or least (-1)."""

    def __init__(self, words: int, *, sign: int) -> None:
        self.sign = sign
        self._best = torch.full((words,), -torch.inf)
        self.teacher, self.student = torch.zeros(words), torch.zeros(words)
        self.at = torch.zeros(words, dtype=torch.long)

    def see(self, teacher: Tensor, student: Tensor, *, first: int) -> None:
        """Look at the probabilities [B, words] of positions `first` and following."""
        best, row = (self.sign * (student - teacher)).max(0)
        better = best > self._best
        columns = torch.arange(len(best))[better]
        rows = row[better]
        self._best[better] = best[better]
        self.at[better] = rows + first
        self.teacher[better], self.student[better] = teacher[rows, columns], student[rows, columns]


def _example(lm: MaskedLM, token: tuple[Ids, int], items: Sequence[Item], index: int) -> str:
    """The sentence with the token masked."""
    ids, position = token
    sentence = items[index].texts["sentence"]
    spans = lm.tokenizer(sentence, return_offsets_mapping=True)["offset_mapping"]
    start, end = spans[position]
    while start < end and sentence[start].isspace():
        start += 1
    return f"{sentence[:start]}[MASK]{sentence[end:]}" if len(spans) == len(ids) else sentence
