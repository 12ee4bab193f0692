"""Pseudo-perplexity: how well a masked LM predicts each token of a sentence from all the others.

Quality, not bias: every fairness figure is shown beside it.

    PPPL = exp( - (1 / N) sum over sentences x, sum over positions i of log p(x_i | x without i) )

with N the number of scored tokens; special tokens are not scored. Source: Salazar et al. 2020, "Masked
Language Model Scoring", ACL.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fairkd.errors import InputError
from fairkd.models import MaskedLM, token_ids
from fairkd.predictions import Cloze


@dataclass(frozen=True)
class PseudoPerplexity:
    """`value` over all tokens, with the mean log-probability of a token (nats) and how many were scored."""

    value: float
    mean_log_probability: float
    tokens: int
    sentences: int


def pseudo_perplexity(lm: MaskedLM, sentences: Sequence[str], *, max_tokens: int = 128) -> PseudoPerplexity:
    """Pseudo-perplexity of `sentences`, each cut at `max_tokens` tokens (special ones included).

    One masked copy per token, so a sentence of n tokens costs n passes. Raises InputError where no
    sentence has a token to score.
    """
    special = set(lm.tokenizer.all_special_ids) - {lm.tokenizer.unk_token_id}
    cloze = Cloze(lm)
    asked = [
        cloze.ask(tuple(ids), position, (token,))
        for ids in token_ids(lm.tokenizer, sentences, max_tokens=min(max_tokens, lm.max_tokens))
        for position, token in enumerate(ids)
        if token not in special
    ]
    if not asked:
        raise InputError(
            f"Pseudo-perplexity needs at least one word to score, but got {len(sentences)} empty sentences."
        )
    mean = float(cloze.answer()[asked].mean())
    return PseudoPerplexity(math.exp(-mean), mean, len(asked), len(sentences))
