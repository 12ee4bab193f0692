"""Pairs of token ids for a constraint to balance, in place of words. Needs no torch.

So Delobelle & Berendt's code (universal-distillation) names the words of its constraint. Ids depend on the
tokenizer, and an id stands for one spelling alone: "he" is not "He".
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from fairkd.errors import InputError
from fairkd.utils import quoted


@dataclass(frozen=True)
class TokenPairs:
    """Pairs of token ids: the first of each is in group A, the second in group B."""

    pairs: tuple[tuple[int, int], ...]

    @property
    def groups(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The ids of group A and of group B, paired by their order."""
        return tuple(a for a, _ in self.pairs), tuple(b for _, b in self.pairs)

    def check(self, token_strings: Sequence[str], special: Collection[int], model: str) -> None:
        """Raise InputError if an id is not in the vocabulary, is a special token, or occurs twice.

        `token_strings` has one for every id, and `special` the ids of special tokens.
        """
        owner: dict[int, tuple[int, int]] = {}
        for pair in self.pairs:
            for token in pair:
                if not 0 <= token < len(token_strings):
                    raise InputError(
                        f"There is no token {token} in {model}: expected ids from 0 to "
                        f"{len(token_strings) - 1:,}."
                    )
                name = f"token {token} ({quoted(token_strings[token])})"
                if token in special:
                    raise InputError(
                        f"The {name} is a special token of {model}, which a constraint cannot balance: "
                        "choose words."
                    )
                if token in owner:
                    before = " and ".join(quoted(token_strings[one]) for one in owner[token])
                    where = "twice in one pair" if owner[token] is pair else f"in two pairs, also in {before}"
                    raise InputError(f"The {name} is {where} of the constraint: use each token once.")
                owner[token] = pair

    def group_names(self, token_strings: Sequence[str]) -> tuple[str, str]:
        """The groups are named after the tokens of the first pair."""
        first, second = self.pairs[0]
        a, b = token_strings[first], token_strings[second]
        return (a, b) if a != b else (f"{a} ({first})", f"{b} ({second})")

    def words(self, token_strings: Sequence[str]) -> str:
        """The pairs as words.

        >>> TokenPairs(((0, 1), (2, 3))).words(["he", "she", "his", "her"])
        'he / she, his / her'
        """
        return ", ".join(f"{token_strings[a]} / {token_strings[b]}" for a, b in self.pairs)

    def renumbered(self, kept: Sequence[int]) -> TokenPairs:
        """The same tokens in a vocabulary whose token i is the token `kept[i]` of this one.

        >>> TokenPairs(((5, 9),)).renumbered([2, 5, 9]).pairs
        ((1, 2),)
        """
        place = {old: new for new, old in enumerate(kept)}
        return TokenPairs(tuple((place[a], place[b]) for a, b in self.pairs))
