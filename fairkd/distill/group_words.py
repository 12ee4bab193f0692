"""How often the training text holds the words that a constraint balances, in each of their spellings.

A student learns little about a word that the text does not hold, whatever the constraint does to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from fairkd.constraints import Constraint, TokenPairs
from fairkd.errors import listed
from fairkd.models import MaskedLM, readable
from fairkd.utils import shortened

GroupWords = Mapping[str, Mapping[str, int]]  # group -> token string -> occurrences
_SHOWN = 4  # token strings named for each group


def count_group_words(
    lm: MaskedLM, constraint: Constraint, groups: Sequence[str], sentences: Iterable[np.ndarray]
) -> dict[str, dict[str, int]]:
    """The occurrences of each group's tokens in tokenized sentences, by group and token string.

    `groups` are the names of the constraint's groups. Empty without a constraint.
    """
    if not constraint.groups:
        return {}
    counts = np.zeros(lm.vocabulary_size, dtype=np.int64)
    for ids in sentences:
        np.add.at(counts, ids, 1)
    strings = readable(lm)
    return {
        name: {strings[token]: int(counts[token]) for token in tokens}
        for name, tokens in zip(groups, constraint.groups, strict=True)
    }


def token_pairs_sentence(pairs: TokenPairs, teacher: MaskedLM, measured: str) -> str:
    """Pairs of token ids as words, and the name of the words whose gap is measured."""
    words = pairs.words(readable(teacher))
    return f"Pairs of tokens: {words}. The gap is measured on the words of the evaluation, {measured}."


def group_words_sentence(found: GroupWords) -> str:
    """Say it: how often each group occurs, with its most frequent spellings.

    >>> group_words_sentence({"he": {"he": 1200, "He": 34}, "she": {"she": 0, "She": 0}})
    'The training text holds the words of he 1,234 times (he 1,200, He 34), of she 0 times.'
    """
    parts = []
    for name, counts in found.items():
        most = sorted(counts.items(), key=lambda one: -one[1])
        shown = [f"{shortened(word, 30)} {count:,}" for word, count in most[:_SHOWN] if count]
        more = sum(1 for _, count in most[_SHOWN:] if count)
        if more:
            shown.append(f"{more} more")
        total = sum(counts.values())
        times = "once" if total == 1 else f"{total:,} times"
        parts.append(f"of {shortened(name, 40)} {times}" + (f" ({', '.join(shown)})" if shown else ""))
    return f"The training text holds the words {listed(parts, len(parts))}." if parts else ""
