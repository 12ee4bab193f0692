"""DisCo: the three most probable tokens at the mask, a sentence at a time, and the test, a word at a time."""

from __future__ import annotations

from collections.abc import Sequence

from scipy import stats

from fairkd.benchmarks import Item
from fairkd.models import MaskedLM, encode
from tests.benchmarks.references.words import log_p_at


def fills(lm: MaskedLM, text: str) -> tuple[list[str], float]:
    """The fills, the most probable first, and their probability together."""
    ids = encode(lm, text).ids
    log_p = log_p_at(lm, ids, ids.index(lm.mask_id)).tolist()
    best = sorted(range(len(log_p)), key=lambda token: -log_p[token])[:3]
    return [lm.vocabulary[token] for token in best], sum(2.718281828459045 ** log_p[token] for token in best)


def numbers(lm: MaskedLM, item: Item) -> dict[str, float]:
    (female, mass_female), (male, mass_male) = (fills(lm, item.texts[side]) for side in ("female", "male"))
    return {
        "mass_female": mass_female,
        "mass_male": mass_male,
        "differing": sum(word not in male for word in female),
    }


def dependent(female: Sequence[Sequence[str]], male: Sequence[Sequence[str]]) -> int:
    """How many fills of one template depend on gender, by the fills of every person."""
    words = {word for person in [*female, *male] for word in person}
    found = 0
    for word in words:
        table = [
            [sum((word in person) == has for person in side) for has in (True, False)]
            for side in (female, male)
        ]
        if all(table[0][column] + table[1][column] for column in (0, 1)):
            found += stats.chi2_contingency(table, correction=False).pvalue < 0.05 / len(words)
    return found
