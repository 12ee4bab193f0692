"""The section about the fairness constraint: its kind, and the words or tokens that it balances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from pydantic import Field, model_validator

from fairkd.constraints import KINDS, Kind, Scope, TokenPairs, are_shares, kind_names
from fairkd.distill.config.words_section import WordsSection
from fairkd.lexicon import Contrast
from fairkd.utils import quoted, shortened


class ConstraintConfig(WordsSection):
    """The fairness constraint on the teacher's distributions (`fairkd.constraints`)."""

    kind: Kind = Field(
        default="none",
        description="How the teacher's distribution is edited before the student learns from it. None leaves "
        "it unchanged.",
    )
    contrast: str = Field(
        default="pronouns",
        description="Name of the word groups that the constraint balances, such as nl/pronouns.",
    )
    words: dict[str, tuple[str, ...]] | None = Field(
        default=None,
        description="Your own word groups in place of the named ones: a list of words for each group name.",
    )
    token_pairs: tuple[tuple[int, ...], ...] | None = Field(
        default=None,
        description="Pairs of the teacher's token ids to balance in place of words, such as [[2002, 2016]]. "
        "First ids: group A.",
    )
    strength: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="Strength of the constraint, from 0 (the teacher's distribution unchanged) to 1 (the "
        "constraint in full).",
    )
    scope: Scope = Field(
        default="masked",
        description="Where the constraint applies: at all positions, at masked ones, or at all but those "
        "that show a group word (not_own).",
    )
    shares: tuple[float, ...] | None = Field(
        default=None,
        description=f"For kind {kind_names(takes_shares=True)}: each group's share of their total "
        "probability. Empty: equal shares.",
    )
    roles: tuple[str, ...] | None = Field(
        default=None,
        description="Balance only words with these grammatical roles, such as subject or possessive. Empty: "
        "all words.",
    )
    skip_unspellable: bool = Field(
        default=False,
        description="Leave out words that the tokenizer splits into several subword tokens. Off: refuse to "
        "start with such words.",
    )

    @model_validator(mode="after")
    def _words_fit(self) -> Self:
        """Check all that needs no tokenizer, so that errors show before a run starts."""
        if self.token_pairs is not None:
            self._check_token_pairs(self.token_pairs)
            groups = 2
        else:
            groups = self._check_words()
        if self.shares and self.kind != "none" and not KINDS[self.kind].takes_shares:
            raise ValueError(
                f"shares are for the kind {kind_names(takes_shares=True)} only, and {self.kind} takes none"
            )
        if self.shares and len(self.shares) != groups:
            raise ValueError(f"there are {groups} groups, but got {len(self.shares)} shares")
        if self.shares and not are_shares(self.shares):
            raise ValueError(
                f"expected positive shares that add up to 1, but got {shortened(list(self.shares))}"
            )
        return self

    def balanced(self) -> Contrast | TokenPairs:
        """What the constraint balances: word groups, or pairs of token ids."""
        if self.token_pairs is None:
            return self.groups()
        return TokenPairs(tuple((a, b) for a, b in self.token_pairs))

    def _check_token_pairs(self, pairs: Sequence[Sequence[int]]) -> None:
        """Raise ValueError for what no tokenizer is needed to see."""
        if not pairs:
            raise ValueError("token_pairs needs at least one pair of token ids, such as [2002, 2016]")
        if wrong := [list(pair) for pair in pairs if len(pair) != 2]:
            raise ValueError(f"token_pairs are pairs of two token ids, but got {shortened(wrong[0])}")
        other = self.contrast != type(self).model_fields["contrast"].default
        if self.words is not None or other:
            words = "contrast" if self.words is None else "words"
            raise ValueError(f"set token_pairs or {words}, not both: token ids take the place of words")

    def _check_words(self) -> int:
        """Raise ValueError for words that do not fit; else how many groups they have."""
        contrast = self.groups()
        name, roles = contrast.name, ", ".join(contrast.roles)
        if unknown := [role for role in self.roles or () if role not in contrast.roles]:
            raise ValueError(
                f"the word groups {name} have the roles {shortened(roles)}, not {quoted(unknown[0])}"
            )
        if KINDS[self.kind].paired:
            pairs = {pair for role in self.roles or contrast.roles for pair in contrast.pairs(role)}
            words = [word for pair in pairs for word in pair]
            if twice := sorted({word for word in words if words.count(word) > 1}):
                raise ValueError(
                    f"{quoted(twice[0])} would be in two pairs of {self.kind}, so restrict roles, for "
                    "example to "
                    f"subject and possessive, or use {kind_names(paired=False)}, which needs no pairs"
                )
        return len(contrast.groups)
