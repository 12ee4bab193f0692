"""Where the fill-mask pipeline of transformers reads a sentence otherwise than FairKD does."""

from __future__ import annotations

from itertools import takewhile

from fairkd.models.loading import MaskedLM
from fairkd.models.tokenization import encode, parse

_MOST = 8  # tokens to show of each


def fill_mask_difference(lm: MaskedLM, text: str) -> str:
    """Why `pipeline("fill-mask")` gives other numbers for a text with masks; "" where it gives the same.

    It tokenizes the text with the mask's own string in it. Many tokenizers then make a token of the space
    before the mask, or read what follows it as if a space came before that. A word in place of the mask has
    no such tokens beside it, and FairKD leaves them out (see `encode`). Raises InputError as `encode` does.
    """
    encoding = encode(lm, text)
    if not encoding.masks:
        return ""
    theirs = lm.tokenizer(parse(lm, text), verbose=False)["input_ids"]
    same = _common(encoding.ids, theirs)
    if same == len(theirs) == len(encoding.ids):
        return ""
    after = min(_common(encoding.ids[::-1], theirs[::-1]), min(len(theirs), len(encoding.ids)) - same)
    read = [
        " ".join(lm.vocabulary[token] for token in ids[max(0, same - 1) : len(ids) - after + 1][:_MOST])
        for ids in (theirs, encoding.ids)
    ]
    return (
        f"The fill-mask pipeline of transformers gives other numbers for this sentence: it reads "
        f"“{read[0]}” where FairKD reads “{read[1]}”, the tokens that stand beside a word."
    )


def _common(one: tuple[int, ...] | list[int], other: tuple[int, ...] | list[int]) -> int:
    """How many ids two lists have in common at their beginnings."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
