"""Pseudo-perplexity: how well a masked LM predicts each token of a sentence from all the others.

    PPPL = exp( - (1 / N) sum over sentences x, sum over positions i of log p(x_i | x without i) )

with N the number of scored tokens; special tokens are not scored. Source: Salazar et al. 2020, "Masked
Language Model Scoring", ACL. A measure of quality, to be read beside every measure of bias.

`positions="all"` scores every token, as published. A sentence of n tokens then costs n passes.
`positions="sampled"` scores one token of each sentence: an estimate for the evaluations of a run. The first
is shown as "pseudo-perplexity", the second as "pseudo-perplexity, sampled".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fairkd.errors import InputError
from fairkd.measures.paired import perplexity_of_loss
from fairkd.models import MaskedLM, token_ids
from fairkd.predictions import TokenScores

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
    special = np.zeros(lm.vocabulary_size, dtype=bool)
    special[[i for i in lm.tokenizer.all_special_ids if i != lm.tokenizer.unk_token_id]] = True
    scores, asked = TokenScores(lm), []
    for number, sentence in enumerate(sentences):
        ids = np.asarray(sentence, dtype=np.int64)
        places = np.flatnonzero(~special[ids])
        if positions == "sampled" and len(places):
            places = places[[number % len(places)]]
        for place in places:
            masked = ids.copy()
            masked[place] = lm.mask_id
            asked.append(scores.ask(tuple(masked.tolist()), int(place), int(ids[place])))
    if not asked:
        raise InputError(
            f"Pseudo-perplexity needs at least one word to score, but got {len(sentences)} empty sentences."
        )
    log_p = scores.answer()[asked]
    mean = float(log_p.mean())
    return PseudoPerplexity(perplexity_of_loss(-mean), mean, len(log_p), len(sentences), log_p)
