"""Words that are one token of one model and several of the other.

Several masks in a row say that a word has so many tokens, and one mask says nothing of the kind. So a model
with one mask is compared given that number: over those of its words that the other one writes in as many
tokens. Taken by the token that each of them has at a place, they give the distribution of the mask there.

A word is written as the token is, also in its case. Where a text has a capital that the model with one token
does not see, the tokens differ from those of its own word, and are not compared.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from fairkd.models.loading import MaskedLM
from fairkd.models.tokenization import token_ids

MOST_TOKENS = 4  # of a word: longer ones are rare, and each place in each number of tokens is a comparison
_LONGEST = 64  # tokens of a word and of what stands before it
# What stands before a word that begins with the mark of a space, and before one that does not.
_BEFORE = {True: "and ", False: "and ("}

Splits = Sequence[tuple[int, ...] | None]


def split_into(lm: MaskedLM, words: Sequence[str | None], *, marked: bool) -> Splits:
    """The tokens of `lm` for each word inside a sentence; None for None, unknown words, and other failures.

    `marked` words follow a space, others an opening bracket.
    """
    before = _BEFORE[marked or not lm.marks_spaces]
    texts = [before + word for word in words if word is not None]
    bare = [token_ids(lm.tokenizer, [before.strip()], max_tokens=_LONGEST)[0]]
    ends = _frame(lm, bare[0])
    head = bare[0][: len(bare[0]) - ends]
    found = iter(token_ids(lm.tokenizer, texts, max_tokens=_LONGEST))
    splits: list[tuple[int, ...] | None] = []
    for word in words:
        if word is None:
            splits.append(None)
            continue
        ids = next(found)
        own = ids[len(head) : len(ids) - ends]
        usable = ids[: len(head)] == head and own and lm.tokenizer.unk_token_id not in own
        splits.append(tuple(own) if usable else None)
    return splits


def _frame(lm: MaskedLM, ids: Sequence[int]) -> int:
    """How many special tokens stand at the end of a text."""
    special = set(lm.tokenizer.all_special_ids) - {lm.tokenizer.unk_token_id, lm.mask_id}
    count = 0
    while count < len(ids) and ids[-1 - count] in special:
        count += 1
    return count


def classes_at(splits: Splits, *, tokens: int, place: int, size: int) -> tuple[Tensor, Tensor, int]:
    """The classes of the words' tokens at a place, for words that are split into `tokens` tokens.

    Returns the class of each word [len(splits)], that of each of the other model's `size` tokens, and the
    number of classes. Words of another number of tokens are left out (`classes + 1`); tokens that no word has
    at this place are "other" (`classes`).

    >>> classes_at([(4, 1), (0,), (4, 2), (3, 1)], tokens=2, place=0, size=5)
    (tensor([1, 3, 1, 0]), tensor([2, 2, 2, 0, 1]), 2)
    """
    chosen = {word: ids[place] for word, ids in enumerate(splits) if ids is not None and len(ids) == tokens}
    used = sorted(set(chosen.values()))
    number = {token: index for index, token in enumerate(used)}
    words = torch.full((len(splits),), len(used) + 1)
    others = torch.full((size,), len(used))
    words[list(chosen)] = torch.tensor([number[token] for token in chosen.values()], dtype=torch.int64)
    others[used] = torch.arange(len(used))
    return words, others, len(used)
