"""How likely a masked language model finds given words in the place of another.

    masked = MaskedWords(models.load("embedded/teacher"))
    masked.log_masses([context("I saw her leave.", 6, 9)], [(("his",), ("him",))])      # [(-4.9, -2.3)]

The model reads the six words before and the five after. With the whole sentence it is no better and takes
twice the time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from fairkd.models import MaskedLM, UnknownWord, logits_at, token_batches, tokenize_word
from fairkd.utils import Progress

Sides = tuple[tuple[str, ...], ...]  # the groups of words whose masses are compared

_LAST_WORDS = re.compile(r"(?:\S+\s+){0,6}\S*$")
_FIRST_WORDS = re.compile(r"\S*(?:\s+\S+){0,5}")
_FARTHEST = 400  # characters before and after a word that can hold those words


class WordInContext(NamedTuple):
    """An occurrence of a word in lower case, with the text before and after it."""

    word: str
    before: str
    after: str


def context(text: str, start: int, end: int) -> WordInContext:
    """The word from `start` to `end` with the six words before and the five after it."""
    before = _LAST_WORDS.search(text[max(0, start - _FARTHEST) : start])
    after = _FIRST_WORDS.match(text[end : end + _FARTHEST])
    return WordInContext(
        text[start:end].lower(), before[0].lstrip() if before else "", after[0] if after else ""
    )


@dataclass(frozen=True, eq=False)
class MaskedWords:
    """Masks words in context and reads how likely `lm` finds others there."""

    lm: MaskedLM

    def log_masses(
        self,
        contexts: Sequence[WordInContext],
        sides: Sequence[Sides],
        *,
        doing: str = "Reading words in context",
        progress: Progress | None = None,
    ) -> list[tuple[float, ...] | None]:
        """For each context, the log probability (nats) of each of its sides, summed over the side's words.

        Words of several tokens are left out. None where a side has no other words, or where the model cannot
        read the context. Many places are read in one forward pass; `progress` is told what it is `doing`.
        """
        found: list[tuple[float, ...] | None] = [None] * len(contexts)
        mask = self.lm.mask_token
        texts = [f"{each.before}{mask}{each.after}" for each in contexts]
        encoded = self.lm.tokenizer(texts, return_attention_mask=False)["input_ids"] if texts else []
        candidates = [
            self._ids(each, not context.before.strip()) for each, context in zip(sides, contexts, strict=True)
        ]
        columns = [
            _nth(ids, self.lm.mask_id, each.before.count(mask))
            for ids, each in zip(encoded, contexts, strict=True)
        ]
        usable = [
            i
            for i, ids in enumerate(encoded)
            if all(candidates[i]) and columns[i] is not None and len(ids) <= self.lm.max_tokens
        ]
        # The longest come first: the largest need for memory shows at once, and padding stays small.
        usable.sort(key=lambda i: -len(encoded[i]))
        done = 0
        for span in token_batches([len(encoded[i]) for i in usable]):
            batch = usable[span]
            logits = self._logits([encoded[i] for i in batch], [columns[i] or 0 for i in batch])
            for i, row in zip(batch, logits.log_softmax(-1), strict=True):
                found[i] = tuple(float(row[list(side)].logsumexp(0)) for side in candidates[i])
            done += len(batch)
            if progress:
                progress(f"{doing}: {done:,} of {len(usable):,}", done / len(usable))
        return found

    def _logits(self, rows: Sequence[Sequence[int]], columns: Sequence[int]) -> Tensor:
        """[B, V] logits at one column of each row of token ids."""
        length = max(map(len, rows))
        pad = self.lm.tokenizer.pad_token_id or 0
        ids = torch.tensor([[*row, *[pad] * (length - len(row))] for row in rows])
        real = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in rows])
        at = torch.arange(len(rows)) * length + torch.tensor(columns)
        device = self.lm.model.device
        with torch.inference_mode():
            return logits_at(self.lm, ids.to(device), real.to(device), at.to(device)).float().cpu()

    def _ids(self, sides: Sides, first: bool) -> tuple[tuple[int, ...], ...]:
        """Token ids of the words of one token on each side, at the start of a text or in it."""
        key = (sides, first)
        if key not in self._cache:
            before = "" if first else "and "
            self._cache[key] = tuple(
                tuple(i for i in (self._single(word, before) for word in side) if i is not None)
                for side in sides
            )
        return self._cache[key]

    @cached_property
    def _cache(self) -> dict[tuple[Sides, bool], tuple[tuple[int, ...], ...]]:
        return {}

    def _single(self, word: str, before: str) -> int | None:
        try:
            spelling = tokenize_word(self.lm, word, before=before)
        except UnknownWord:
            return None
        return spelling.ids[0] if spelling.single else None


def _nth(ids: Sequence[int], wanted: int, n: int) -> int | None:
    """The index of the n-th `wanted` (from 0) among `ids`; None if there are fewer."""
    places = [i for i, token in enumerate(ids) if token == wanted]
    return places[n] if n < len(places) else None
