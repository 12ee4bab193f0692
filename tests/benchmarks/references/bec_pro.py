"""BEC-Pro as in the paper: the person word masked, then the profession as well, one mask a word of it."""

from __future__ import annotations

import re

from fairkd.benchmarks import Item
from fairkd.models import MaskedLM
from tests.benchmarks.references.words import log_p_of, token_positions


def numbers(lm: MaskedLM, item: Item) -> dict[str, float]:
    found: dict[str, float] = {}
    for side in ("female", "male"):
        row = item.details[side]
        sentence, person, profession = row["Sentence"], row["Person"], row["Profession"]
        ids = lm.tokenizer(sentence)["input_ids"]
        [word] = re.finditer(rf"\b{person}\b", sentence)
        start = sentence.index(profession)
        target = token_positions(lm, sentence, *word.span())
        hidden = token_positions(lm, sentence, start, start + len(profession))
        masks = [lm.mask_id] * len(profession.split())
        prior = [*ids[: hidden[0]], *masks, *ids[hidden[-1] + 1 :]]
        moved = target if target[0] < hidden[0] else [place + len(masks) - len(hidden) for place in target]
        found[f"log_p_{side}"] = log_p_of(lm, ids, target)
        found[f"association_{side}"] = found[f"log_p_{side}"] - log_p_of(lm, prior, moved)
    return found | {"difference": found["association_female"] - found["association_male"]}
