"""The gap and LPBS of one sentence: the whole model on one text at a time, words of one token."""

from __future__ import annotations

import torch

from fairkd.benchmarks import Item
from fairkd.lexicon import contrasts
from fairkd.models import MaskedLM, tokenize_word


def gap_numbers(lm: MaskedLM, item: Item) -> dict[str, float]:
    return {"gap": _gap(lm, item, hidden=False)}


def lpbs_numbers(lm: MaskedLM, item: Item) -> dict[str, float]:
    return {"gap": _gap(lm, item, hidden=False) - _gap(lm, item, hidden=True)}


def _gap(lm: MaskedLM, item: Item, *, hidden: bool) -> float:
    template, profession = item.details["template"], item.details["profession"]
    article = "an" if profession[0] in "aeiou" else "a"
    forms = {"{a profession}": f"{article} ", "{the profession}": "the ", "{The profession}": "The "}
    sides = template.text.split("[MASK]")
    for form, begin in forms.items():
        sides = [side.replace(form, f"{begin}{profession}") for side in sides]
    if hidden:
        count = len(tokenize_word(lm, profession, before="the ", after=" is").ids)
        masks = " ".join([lm.mask_token] * count)
        sides = [side.replace(profession, masks) for side in sides]
    ids = lm.tokenizer(f"{sides[0]}{lm.mask_token}{sides[1]}")["input_ids"]
    places = [place for place, token in enumerate(ids) if token == lm.mask_id]
    target = places[sides[0].count(lm.mask_token)]
    with torch.no_grad():
        log_p = lm.model(torch.tensor([ids])).logits[0, target].log_softmax(-1)
    totals = []
    for group in contrasts()["pronouns"].groups[:2]:
        words = {form for word in group.for_role(template.role) for form in (word, word.capitalize())}
        spelled = [i for i, token in enumerate(lm.vocabulary) if token.lstrip("Ġ▁") in words]
        totals.append(torch.logsumexp(log_p[spelled], 0))
    return float(totals[0] - totals[1])
