"""What a benchmark asks of a model: the tokens of a sentence, and log-probabilities of tokens in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fairkd import models, predictions  # whose names are imported on first use: the registry needs no torch
from fairkd.errors import InputError
from fairkd.utils import quoted

if TYPE_CHECKING:
    from fairkd.models import MaskedLM
    from fairkd.predictions import Precision, ScoreStore

Ids = tuple[int, ...]


class Answers:
    """The answers to questions, by their numbers."""

    def __init__(self, log_p: NDArray[np.float64]) -> None:
        self._log_p = log_p

    def __getitem__(self, number: int) -> float:
        """The log-probability of one question, in nats."""
        return float(self._log_p[number])

    def sum(self, numbers: Sequence[int]) -> float:
        return float(self._log_p[list(numbers)].sum())

    def mean(self, numbers: Sequence[int]) -> float:
        return float(self._log_p[list(numbers)].mean())


class Scorer:
    """The questions of all items of a benchmark about one model.

    Attributes
    ----------
    lm : MaskedLM
    reference : MaskedLM, optional
        The teacher, for a benchmark that compares two models.
    precision : "strict" or "fast"
        "fast" uses bf16 for matrix products.
    report : function
        Called with the fraction done; raises Stopped when the work shall end.
    """

    def __init__(
        self,
        lm: MaskedLM,
        *,
        reference: MaskedLM | None = None,
        precision: Precision = "strict",
        store: ScoreStore | None = None,
        report: Callable[[float], None] | None = None,
    ) -> None:
        self.lm, self.reference, self.precision = lm, reference, precision
        self.report = report or (lambda _: None)
        self._scores = predictions.TokenScores(lm, precision=precision, store=store)
        self._special = set(lm.tokenizer.all_special_ids) - {lm.tokenizer.unk_token_id}

    def ids(self, sentence: str) -> Ids:
        """The token ids of a sentence as it stands, special tokens included.

        An underscore or "[MASK]" in it is text like any other. InputError where it is empty or too long.
        """
        if not sentence.strip():
            raise InputError("A sentence is empty.")
        [found] = models.token_ids(self.lm.tokenizer, [sentence], max_tokens=10**9)
        if len(found) > self.lm.max_tokens:
            raise InputError(
                f"A sentence has {len(found)} tokens, and {self.lm.reference} takes at most "
                f"{self.lm.max_tokens}."
            )
        return tuple(found)

    def scored(self, ids: Ids) -> tuple[int, ...]:
        """The positions of the tokens that are no special ones."""
        return tuple(position for position, token in enumerate(ids) if token not in self._special)

    def masked(self, ids: Ids, positions: Iterable[int]) -> Ids:
        """The ids with mask tokens at these positions."""
        hidden = set(positions)
        return tuple(self.lm.mask_id if place in hidden else token for place, token in enumerate(ids))

    def ask(self, ids: Ids, position: int, token: int) -> int:
        """Ask for log p(token) at a position of an input. Returns the question's number."""
        return self._scores.ask(ids, position, token)

    def ask_masked(self, ids: Ids, position: int) -> int:
        """Ask for the token at a position from all others: it alone is masked."""
        return self.ask(self.masked(ids, (position,)), position, ids[position])

    def ask_in_turn(self, ids: Ids, positions: Sequence[int]) -> tuple[int, ...]:
        """Ask for the tokens at these positions from left to right: the later ones are masked meanwhile.

        The sum of the answers is the log-probability of all of them.
        """
        return tuple(
            self.ask(self.masked(ids, positions[done:]), position, ids[position])
            for done, position in enumerate(positions)
        )

    def ask_word(self, ids: Ids, target: int, subwords: Sequence[int]) -> tuple[int, ...]:
        """Ask for a word in place of the mask at `target`, within the word from left to right.

        The sum of the answers is the word's log-probability (Kauf and Ivanova 2023, arXiv 2305.10588): each
        subword token is scored with the earlier ones filled in and the later ones masked.
        """
        filled = (*ids[:target], *subwords, *ids[target + 1 :])
        return self.ask_in_turn(filled, range(target, target + len(subwords)))

    def positions(self, sentence: str, start: int, end: int) -> tuple[int, ...]:
        """The positions in `ids(sentence)` of the tokens that spell its characters from `start` to `end`.

        A space that is a token by itself ("▁" before a subword without one) belongs to the word after it.
        Raises InputError where the tokenizer cannot spell the word, or joins it with its neighbours.
        """
        word = quoted(sentence[start:end])
        [encoding] = self.lm.tokenizer(sentence, verbose=False).encodings
        found = []
        for place, (first, last) in enumerate(encoding.offsets):
            if max(first, start) < min(last, end):
                if sentence[first:start].strip() or sentence[end:last].strip():
                    raise InputError(
                        f"The tokenizer of {self.lm.reference} joins {word} with its neighbours."
                    )
                found.append(place)
        tokens = {encoding.ids[place] for place in found}
        if not tokens or tokens & {*self._special, self.lm.tokenizer.unk_token_id}:
            raise models.UnknownWord(f"The tokenizer of {self.lm.reference} cannot spell the word {word}.")
        before = found[0] - 1
        has_space = self.lm.vocabulary[encoding.ids[found[0]]].startswith(("Ġ", "▁"))
        alone = not has_space and models.is_space_token(self.lm, encoding.ids[before])
        return (before, *found) if alone else tuple(found)

    def spell(self, word: str, *, before: str = "", after: str = "") -> Ids:
        """The subword tokens of a word in its context; UnknownWord where the tokenizer cannot spell it."""
        if not word.strip():
            raise InputError(f"Expected a word, got {quoted(word)}.")
        return models.tokenize_word(self.lm, word, before=before, after=after).ids

    def answer(self) -> Answers:
        """The answers to everything that was asked."""
        return Answers(self._scores.answer(self.report))
