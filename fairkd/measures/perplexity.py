"""Pseudo-perplexity: how well a masked LM predicts each token of a sentence from all the others.

    PPPL = exp( - (1 / N) sum over sentences x, sum over positions i of log p(x_i | x without i) )

with N the number of scored tokens; special tokens are not scored. Source: Salazar et al. 2020, "Masked
Language Model Scoring", ACL. A measure of quality, to be read beside every measure of bias.

`positions="all"` scores every token, as published. A sentence of n tokens then costs n passes.
`positions="sampled"` scores one token of each sentence: an estimate for the evaluations of a run. The first
is shown as "pseudo-perplexity", the second as "pseudo-perplexity, sampled".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from fairkd.errors import InputError
from fairkd.measures.paired import perplexity_of_loss
from fairkd.models import (
    VOCABULARY_ROWS,
    MaskedLM,
    head_is_known,
    logits_at,
    token_batches,
    token_ids,
)
from fairkd.utils import parallel_map

Positions = Literal["all", "sampled"]


@dataclass(frozen=True)
class PseudoPerplexity:
    """`value`, with the mean log-probability of a token (nats) and how many tokens were scored.

    The value is infinite where the mean is beyond the range of exp, NaN where the model's outputs are.
    `log_probabilities` [tokens] are those of the scored tokens, in the order of the text.
    """

    value: float
    mean_log_probability: float
    tokens: int
    sentences: int
    log_probabilities: NDArray[np.float64] = field(repr=False, compare=False)


def pseudo_perplexity(
    lm: MaskedLM, sentences: Sequence[str], *, positions: Positions = "all", max_tokens: int = 128
) -> PseudoPerplexity:
    """Pseudo-perplexity of `sentences`, each cut at `max_tokens` tokens (special ones included).

    Raises InputError where no sentence has a token to score.
    """
    ids = token_ids(lm.tokenizer, sentences, max_tokens=min(max_tokens, lm.max_tokens))
    return pseudo_perplexity_of_tokens(lm, ids, positions=positions)


def pseudo_perplexity_of_tokens(
    lm: MaskedLM, sentences: Sequence[Sequence[int] | NDArray[np.int32]], *, positions: Positions = "all"
) -> PseudoPerplexity:
    """`pseudo_perplexity` of tokenized sentences: their token ids, special tokens included.

    Sampled positions depend on the order: of the n-th sentence (counted from 0) with m tokens to score, it is
    the (n mod m)-th of these.
    """
    copies = _copies(lm, [np.asarray(ids, dtype=np.int64) for ids in sentences], positions)
    if not copies:
        raise InputError(
            f"Pseudo-perplexity needs at least one word to score, but got {len(sentences)} empty sentences."
        )
    # Copies of about one length together, the longest first.
    order = sorted(range(len(copies)), key=lambda i: len(copies[i][0]), reverse=True)
    work = parallel_map if lm.model.device.type == "cpu" else map
    batches = list(_batches(lm, [copies[i] for i in order]))
    log_p = np.empty(len(copies))
    log_p[order] = np.concatenate(list(work(lambda batch: batch.score(lm), batches)))
    mean = float(log_p.mean())
    return PseudoPerplexity(perplexity_of_loss(-mean), mean, len(log_p), len(sentences), log_p)


_LOGITS_AT_ONCE = 2**24


@dataclass(frozen=True)
class _MaskedCopies:
    """Copies of sentences, padded to one length, each with one token masked."""

    ids: Tensor  # [B, L]
    attention_mask: Tensor  # [B, L]
    rows: Tensor  # [B], flat positions of the masks
    tokens: Tensor  # [B], what was masked

    def score(self, lm: MaskedLM) -> NDArray[np.float64]:
        """The log-probabilities [B] of the masked tokens, in nats."""
        copies, length = self.ids.shape
        if not head_is_known(lm.model):  # the model computes logits at every position
            copies = max(1, _LOGITS_AT_ONCE // (length * lm.vocabulary_size))
        parts = zip(
            *(each.split(copies) for each in (self.ids, self.attention_mask, self.rows, self.tokens)),
            strict=True,
        )
        found = []
        with torch.inference_mode():  # a setting of this thread
            for number, part in enumerate(parts):
                ids, attention_mask, rows, tokens = (each.to(lm.model.device) for each in part)
                logits = logits_at(lm, ids, attention_mask, rows - number * copies * length)
                found.append(-F.cross_entropy(logits, tokens, reduction="none"))
        return torch.cat(found).double().cpu().numpy()


_Copy = tuple[NDArray[np.int64], int]  # the ids of a sentence, and the position to mask


def _copies(lm: MaskedLM, sentences: Sequence[NDArray[np.int64]], positions: Positions) -> list[_Copy]:
    """A copy for each scored token, in the order of the text."""
    special = np.zeros(lm.vocabulary_size, dtype=bool)
    special[[i for i in lm.tokenizer.all_special_ids if i != lm.tokenizer.unk_token_id]] = True
    copies: list[_Copy] = []
    for number, ids in enumerate(sentences):
        scored = np.flatnonzero(~special[ids])
        if positions == "sampled" and len(scored):
            scored = scored[[number % len(scored)]]
        copies += [(ids, int(place)) for place in scored]
    return copies


def _batches(lm: MaskedLM, copies: Sequence[_Copy]) -> Iterator[_MaskedCopies]:
    """The copies, the longest of which comes first, in batches of about one length."""
    for batch in token_batches([len(ids) for ids, _ in copies], rows=VOCABULARY_ROWS):
        yield _masked_copies(copies[batch], len(copies[batch.start][0]), lm)


def _masked_copies(copies: Sequence[_Copy], length: int, lm: MaskedLM) -> _MaskedCopies:
    ids = np.full((len(copies), length), lm.tokenizer.pad_token_id or 0, dtype=np.int64)
    real = np.zeros((len(copies), length), dtype=np.int64)
    for row, (sentence, _) in enumerate(copies):
        ids[row, : len(sentence)] = sentence
        real[row, : len(sentence)] = 1
    rows = np.arange(len(copies)) * length + np.array([place for _, place in copies])
    tokens = ids.flat[rows]
    ids.flat[rows] = lm.mask_id
    return _MaskedCopies(*map(torch.from_numpy, (ids, real, rows, tokens)))
