"""WinoBias through the mask: the pronouns that differ masked, and scored from left to right."""

from __future__ import annotations

import re

from fairkd.benchmarks import Item
from fairkd.models import MaskedLM
from tests.benchmarks.references.words import log_p_of, token_positions

PRONOUN = re.compile(r"\b(he|she|him|her|his|hers|himself|herself)\b", re.IGNORECASE)


def numbers(lm: MaskedLM, item: Item) -> dict[str, float]:
    pro, anti = item.texts["pro"], item.texts["anti"]
    found: dict[str, float] = {}
    for side, own, other in (("pro", pro, anti), ("anti", anti, pro)):
        places: list[int] = []
        for one, counterpart in zip(PRONOUN.finditer(own), PRONOUN.finditer(other), strict=True):
            if one[0] != counterpart[0]:
                places += token_positions(lm, own, *one.span())
        found[f"log_p_{side}"] = log_p_of(lm, lm.tokenizer(own)["input_ids"], places)
    return found | {"difference": found["log_p_pro"] - found["log_p_anti"]}
