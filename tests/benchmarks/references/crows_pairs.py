"""CrowS-Pairs as in the paper and its authors' script: one copy, one token, one pass at a time."""

from __future__ import annotations

from difflib import SequenceMatcher

import torch

from fairkd.benchmarks import Item
from fairkd.models import MaskedLM


def numbers(lm: MaskedLM, item: Item) -> dict[str, float]:
    one, other = (lm.tokenizer(item.texts[side])["input_ids"] for side in ("more", "less"))
    spans = [code for code in SequenceMatcher(None, list(map(str, one)), list(map(str, other))).get_opcodes()]
    places_one: list[int] = []
    places_other: list[int] = []
    for tag, a, b, c, d in spans:
        if tag == "equal":
            places_one += range(a, b)
            places_other += range(c, d)
    # The first and the last shared token are the special ones.
    scores = [
        sum(_masked(lm, ids, place) for place in places[1:-1])
        for ids, places in ((one, places_one), (other, places_other))
    ]
    return {"score_more": scores[0], "score_less": scores[1]}


def _masked(lm: MaskedLM, ids: list[int], place: int) -> float:
    copy = list(ids)
    copy[place] = lm.mask_id
    with torch.no_grad():
        logits = lm.model(torch.tensor([copy])).logits
    # In fp64: the softmax in fp32 is always off to the same side, by 2e-4 in the sum over a long sentence.
    return float(logits[0, place].double().log_softmax(-1)[ids[place]])
