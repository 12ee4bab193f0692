"""StereoSet as in the paper: one candidate, one subword token, one pass at a time.

The subword tokens of a candidate are found in the tokens of its whole sentence, and hidden there.
"""

from __future__ import annotations

import math

import torch

from fairkd.benchmarks import Item
from fairkd.models import MaskedLM

ROLES = ("stereotype", "anti_stereotype", "unrelated")


def numbers(lm: MaskedLM, item: Item) -> dict[str, float]:
    found = {}
    for role in ROLES:
        before, word, after = filled(item.texts["context"], item.texts[role])
        ids, first, last = _tokens(lm, before, word, after)
        total, probabilities = 0.0, []
        for place in range(first, last):
            total += _log_p(
                lm, [*ids[:place], *[lm.mask_id] * (last - place), *ids[last:]], place, ids[place]
            )
            single = _log_p(lm, [*ids[:place], lm.mask_id, *ids[last:]], place, ids[place])
            probabilities.append(math.exp(single))
        found[f"score_{role}"] = total
        found[f"mean_{role}"] = sum(probabilities) / len(probabilities)
    return found


def filled(context: str, sentence: str) -> tuple[str, str, str]:
    """The context's text before the candidate, the candidate, and the text after it.

    As in the authors' script, the candidate is the word of the sentence at the place of the context's word
    with BLANK, punctuation left out.
    """
    before, after = context.split("BLANK")
    place = next(i for i, word in enumerate(context.split(" ")) if "BLANK" in word)
    word = sentence.split(" ")[place].strip(".,!?:;\"'>")
    while after[:1].isalpha():  # "BLANKed"
        after = after[1:]
    return before, word, after


def _tokens(lm: MaskedLM, before: str, word: str, after: str) -> tuple[list[int], int, int]:
    """The ids of a sentence, and where the word's tokens begin and end."""
    if not lm.lower_case and not before.strip():
        word = word[:1].upper() + word[1:]
    ids = list(lm.tokenizer(before + word + after)["input_ids"])
    spans = lm.tokenizer(before + word + after, return_offsets_mapping=True)["offset_mapping"]
    start, end = len(before), len(before) + len(word)
    covered = [i for i, (a, b) in enumerate(spans) if a < b and a < end and b > start]
    first, last = covered[0], covered[-1] + 1
    if first > 1 and lm.vocabulary[ids[first - 1]] in ("▁", "Ġ"):  # the space before the word, by itself
        first -= 1
    return ids, first, last


def _log_p(lm: MaskedLM, ids: list[int], place: int, token: int) -> float:
    with torch.no_grad():
        logits = lm.model(torch.tensor([ids])).logits
    return float(logits[0, place].log_softmax(-1)[token])
