"""Winogender through the mask: each pronoun in its own sentence."""

from __future__ import annotations

import re

from fairkd.benchmarks import Item
from fairkd.models import MaskedLM
from tests.benchmarks.references.words import log_p_of, token_positions

PRONOUNS = {
    "male": r"\b(he|him|his|He|His)\b",
    "female": r"\b(she|her|She|Her)\b",
    "neutral": r"\b(they|them|their|They|Their)\b",
}


def numbers(lm: MaskedLM, item: Item) -> dict[str, float]:
    found: dict[str, float] = {}
    for side, pronoun in PRONOUNS.items():
        text = item.texts[side]
        [word] = re.finditer(pronoun, text)
        places = token_positions(lm, text, *word.span())
        found[f"log_p_{side}"] = log_p_of(lm, lm.tokenizer(text)["input_ids"], places)
    return found | {"gap": found["log_p_female"] - found["log_p_male"]}
