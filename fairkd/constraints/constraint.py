"""The fairness constraints: edits of the teacher's distribution, and the soft labels that go with them.

At a position, the teacher's distribution p is replaced by q before the temperature is applied. Word groups
(he, his / she, her) are token ids here; `resolve` finds them for a model's tokenizer.

* `logit_mean` (Delobelle & Berendt 2022, arXiv 2207.04546): paired words get the mean of their
  log-probabilities, then the distribution is renormalised. This is argmin KL(q || p) subject to q_a = q_b.
  Probability moves to the other words: he .90, she .01, rest .09 becomes .34, .34, .32.
* `mass_preserving`: paired words get the mean of their probabilities, argmin KL(p || q) subject to q_a = q_b.
  Other words keep their probabilities: .455, .455, .09.
* `group`: each group gets a given share (equal by default) of the groups' total probability. Proportions
  within
  a group stay, and other words keep their probabilities. No pairs are needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import assert_never, get_args

import torch
from torch import Tensor

from fairkd.constraints.kinds import KINDS, Kind, Scope, are_shares, constraint_kind, kind_names
from fairkd.constraints.token_pairs import TokenPairs
from fairkd.errors import InputError, listed
from fairkd.lexicon import Contrast
from fairkd.models import MaskedLM, readable, refuse_unspellable, single_token_spellings
from fairkd.utils import quoted, shortened


@dataclass(frozen=True)
class Constraint:
    """An edit of distributions over a vocabulary.

    Parameters
    ----------
    kind
        One of `fairkd.constraints.KINDS`.
    groups
        Token ids, one tuple for each group. If the kind pairs words, it pairs them by order: the first words
        of all groups, the second words, and so on. An id may occur only once, because edits of overlapping
        pairs would depend on their order.
    strength
        From 0 to 1: log q = (1 - strength) log p + strength log q_full + constant, with q_full the edit at
        full strength. At 0, q is exactly p.
    scope
        Where the constraint applies: at "all" positions, at "masked" ones, or at all except those whose
        visible token is a group word ("not_own"), so that the student still learns to copy a visible "he".
    shares
        The share of the groups' total probability that each group gets; they add up to 1. Only for kinds that
        take shares. By default all groups get the same.

    Raises
    ------
    InputError
        For fewer than two groups, an empty group, overlapping groups, pairs of groups of unequal length, or
        numbers out of range.

    Examples
    --------
    >>> p = torch.tensor([[0.90, 0.01, 0.09]]).log()
    >>> [round(q, 2) for q in Constraint("logit_mean", ((0,), (1,)))(p)[0].exp().tolist()]
    [0.34, 0.34, 0.32]
    >>> [round(q, 3) for q in Constraint("group", ((0,), (1,)), shares=(0.7, 0.3))(p)[0].exp().tolist()]
    [0.637, 0.273, 0.09]
    """

    kind: Kind
    groups: tuple[tuple[int, ...], ...] = ()
    strength: float = 1.0
    scope: Scope = "masked"
    shares: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        kind = constraint_kind(self.kind)
        if self.scope not in get_args(Scope):
            names = ", ".join(get_args(Scope))
            raise InputError(f"A constraint has no scope {quoted(self.scope)}: expected one of {names}.")
        if self.kind == "none":
            return
        if not 0 <= self.strength <= 1:
            raise InputError(f"Expected a strength between 0 and 1, but got {shortened(self.strength)}.")
        if len(self.groups) < 2 or not all(self.groups):
            raise InputError("Expected at least two word groups, none of them empty.")
        ids = list(chain.from_iterable(self.groups))
        if twice := sorted({i for i in ids if ids.count(i) > 1}):
            raise InputError(
                f"Token ids {shortened(twice)} occur twice in the constraint. With overlapping pairs or "
                "groups the result would depend on their order, so use each of them once."
            )
        if kind.paired and len({len(group) for group in self.groups}) > 1:
            raise InputError(
                f"The constraint {self.kind} pairs words one to one, so its groups must have equal numbers "
                f"of words, not {[len(group) for group in self.groups]}. For groups of unequal size, use the "
                f"constraint {kind_names(paired=False)}."
            )
        if not self.shares:
            return
        if not kind.takes_shares:
            with_shares = kind_names(takes_shares=True)
            raise InputError(f"Target shares are for the constraint {with_shares} only, not for {self.kind}.")
        if len(self.shares) != len(self.groups) or not are_shares(self.shares):
            raise InputError(
                f"Expected {len(self.groups)} positive shares that add up to 1, one for each group, but got "
                f"{shortened(self.shares)}."
            )

    @property
    def active(self) -> bool:
        """Whether it changes anything: not for the kind "none" or at strength 0."""
        return self.kind != "none" and self.strength > 0

    @cached_property
    def columns(self) -> Tensor:
        """All token ids of the groups, group after group: [K]."""
        return torch.tensor(list(chain.from_iterable(self.groups)), dtype=torch.long)

    @cached_property
    def members(self) -> Tensor:
        """The group number of each of `columns`: [K]."""
        return torch.tensor([n for n, group in enumerate(self.groups) for _ in group], dtype=torch.long)

    def applies(self, input_ids: Tensor, mask_id: int) -> Tensor:
        """Whether each position [N] is in scope; `input_ids` [N] are the teacher's input tokens there."""
        if not self.active:
            return torch.zeros_like(input_ids, dtype=torch.bool)
        return in_scope(self.scope, input_ids, mask_id, self.columns)

    def edit(self, values: Tensor) -> Tensor:
        """The edited values [N, K] of the group words, for their log-probabilities or logits [N, K].

        The result is not renormalised: q is the softmax over the whole row with these values in it. A
        constant added to a row is added to the result too, so logits serve as well as log-probabilities.
        """
        if not self.active:
            return values
        full = self._edit_at_full_strength(values)
        # At full strength the old value is not multiplied by zero, because it may be minus infinity.
        return full if self.strength == 1 else (1 - self.strength) * values + self.strength * full

    def _edit_at_full_strength(self, values: Tensor) -> Tensor:
        match self.kind:
            case "none":
                return values
            case "logit_mean":
                pairs = self._pairs(values)
                return pairs.mean(1, keepdim=True).expand_as(pairs).flatten(1)
            case "mass_preserving":
                pairs = self._pairs(values)
                mean = pairs.logsumexp(1, keepdim=True) - math.log(len(self.groups))
                return mean.expand_as(pairs).flatten(1)
            case "group":
                return self._balanced_groups(values)
            case _:
                assert_never(self.kind)

    def _pairs(self, values: Tensor) -> Tensor:
        """The values [N, K] as [N, groups, pairs]."""
        return values.unflatten(1, (len(self.groups), -1))

    def _balanced_groups(self, values: Tensor) -> Tensor:
        shares = self.shares or (1 / len(self.groups),) * len(self.groups)
        total = values.logsumexp(1, keepdim=True)
        parts = values.split([len(group) for group in self.groups], dim=1)
        balanced = []
        for part, share in zip(parts, shares, strict=True):
            own = part.logsumexp(1, keepdim=True)
            # A group without any probability has no proportions to keep: its words get equal parts.
            inside = torch.where(own.isinf(), -math.log(part.shape[1]), part - own)
            balanced.append(inside + math.log(share) + total)
        return torch.cat(balanced, dim=1)

    def __call__(self, log_probabilities: Tensor) -> Tensor:
        """log q [N, V] for log p [N, V], in nats. An inactive constraint returns the same tensor."""
        if not self.active:
            return log_probabilities
        columns = self.columns.to(log_probabilities.device)
        edited = log_probabilities.index_copy(1, columns, self.edit(log_probabilities[:, columns]))
        if self.strength == 1 and KINDS[self.kind].keeps_mass:
            return edited  # it adds up to 1 already: renormalising would only add rounding errors
        return edited - edited.logsumexp(1, keepdim=True)

    def group_mass(self, probabilities: Tensor) -> Tensor:
        """The total probability of each group [N, G], for probabilities [N, K] of the words in `columns`."""
        mass = probabilities.new_zeros(len(probabilities), len(self.groups))
        return mass.index_add_(1, self.members.to(probabilities.device), probabilities)


def in_scope(scope: Scope, input_ids: Tensor, mask_id: int, group_words: Tensor) -> Tensor:
    """Whether each position [N] is in a scope; `input_ids` [N] are the teacher's input tokens there.

    >>> in_scope("not_own", torch.tensor([7, 4, 5]), 4, torch.tensor([5, 6])).tolist()
    [True, True, False]
    """
    match scope:
        case "all":
            return torch.ones_like(input_ids, dtype=torch.bool)
        case "masked":
            return input_ids == mask_id
        case "not_own":
            return ~torch.isin(input_ids, group_words.to(input_ids.device))
        case _:
            assert_never(scope)


def soft_labels(constraint: Constraint, labels: Tensor, inside: Tensor) -> Tensor:
    """Soft labels [N, K] over the group words for hard labels [N]; zeros if the label is not a group word.

    The label gets its own group's share. Every other group's share goes to the paired word if the constraint
    pairs words. Otherwise the group's words share it in proportion to `inside` [N, K], their probabilities
    (usually the teacher's; any positive values will do).

    >>> constraint = Constraint("group", ((3,), (5, 8)))
    >>> soft_labels(constraint, torch.tensor([3, 4]), torch.tensor([[0.5, 0.3, 0.1]] * 2)).tolist()
    [[0.5, 0.375, 0.125], [0.0, 0.0, 0.0]]
    """
    if not constraint.groups:
        return inside.new_zeros(len(labels), 0)
    columns, members = constraint.columns.to(labels.device), constraint.members.to(labels.device)
    hit = labels[:, None] == columns
    is_group_word = hit.any(1, keepdim=True)
    count = len(constraint.groups)
    if KINDS[constraint.kind].paired:
        width = len(columns) // count
        pair = hit.unflatten(1, (count, width)).any(1)
        return pair.repeat(1, count).to(inside.dtype) / count
    shares = torch.tensor(constraint.shares or (1 / count,) * count, dtype=inside.dtype, device=inside.device)
    own = (hit.to(inside.dtype) @ torch.nn.functional.one_hot(members, count).to(inside.dtype))[
        :, members
    ] > 0
    mass = constraint.group_mass(inside)[:, members]
    soft = torch.where(own, hit.to(inside.dtype), inside / mass) * shares[members]
    return torch.where(is_group_word, soft, 0.0)


def resolve(
    lm: MaskedLM,
    words: Contrast | TokenPairs,
    *,
    kind: Kind,
    strength: float = 1.0,
    scope: Scope = "masked",
    shares: Sequence[float] | None = None,
    roles: Sequence[str] | None = None,
    skip_unspellable: bool = False,
) -> Constraint:
    """The constraint on the words of a contrast or on pairs of tokens, as token ids of a model's tokenizer.

    Each word stands for all single tokens that spell it (`fairkd.models.single_token_spellings`): with and
    without a space before it, and with a capital. `fairkd.measures.gaps` adds up the same tokens.

    Parameters
    ----------
    words
        Token ids are taken as they are; `roles` and `skip_unspellable` are for words alone.
    kind, strength, scope, shares
        As in `Constraint`.
    roles
        Only words of these grammatical roles ("subject", "possessive", ...); by default all. A kind that
        pairs words needs this if a word would be in two pairs ("her" with "him" and with "his").
    skip_unspellable
        Leave out words of several tokens, with the words that they are paired with, instead of refusing them.

    Raises
    ------
    InputError
        For a word of several tokens, a word in two pairs or groups, an unknown role, if no words are left, or
        for token ids that `TokenPairs.check` refuses.

    Examples
    --------
    >>> from fairkd import models
    >>> from fairkd.lexicon import contrasts
    >>> teacher = models.load("embedded/teacher")
    >>> constraint = resolve(teacher, contrasts()["pronouns"], kind="logit_mean", roles=["subject"])
    >>> [[teacher.vocabulary[token] for token in group] for group in constraint.groups]
    [['he'], ['she']]
    """
    paired = constraint_kind(kind).paired
    if isinstance(words, TokenPairs):
        words.check(readable(lm), lm.tokenizer.all_special_ids, lm.reference)
    if kind == "none":
        return Constraint("none")
    target = tuple(shares) if shares else None
    if isinstance(words, TokenPairs):
        return Constraint(kind, words.groups, strength, scope, target)
    contrast = words
    wanted = tuple(roles) if roles else contrast.roles
    if unknown := [role for role in wanted if role not in contrast.roles]:
        raise InputError(
            f"The word groups {contrast.name} have no words for the role {quoted(unknown[0])}. "
            f"They have: {', '.join(contrast.roles)}."
        )
    # Rows of (group number, word): either all words of a row are single tokens, or all are left out.
    rows: dict[tuple[tuple[int, str], ...], None]
    if paired:
        rows = dict.fromkeys(tuple(enumerate(pair)) for role in wanted for pair in contrast.pairs(role))
    else:
        rows = dict.fromkeys(
            ((number, word),)
            for role in wanted
            for number, group in enumerate(contrast.groups)
            for word in group.for_role(role)
        )
    groups: list[dict[int, None]] = [{} for _ in contrast.groups]
    owner: dict[int, object] = {}
    for row in rows:
        for ids in _spellings(lm, [word for _, word in row], skip_unspellable):
            # With capitals, the pair John / mary is John / Mary; John is taken, so "Mary" has no partner.
            if paired and any(owner.get(token) == row for token in ids):
                continue
            for (number, word), token in zip(row, ids, strict=True):
                same = row if paired else number
                if owner.setdefault(token, same) != same:
                    where = "pairs" if paired else "groups"
                    instead = f", or use the constraint {kind_names(paired=False)}, which needs no pairs"
                    raise InputError(
                        f"The word {quoted(word)} would be in two {where} of the constraint. Choose roles "
                        f"so that it is in one of them only{instead if paired else ''}."
                    )
                groups[number][token] = None
    if not all(groups):
        raise InputError(
            f"A word group of {contrast.name} has no word that is a single token of {lm.reference}. "
            "Choose other words."
        )
    return Constraint(
        kind,
        tuple(tuple(group) for group in groups),
        strength,
        scope,
        target,
    )


def group_names(lm: MaskedLM, words: Contrast | TokenPairs) -> tuple[str, ...]:
    """The names of the groups that a constraint balances."""
    if isinstance(words, TokenPairs):
        return words.group_names(readable(lm))
    return tuple(group.name for group in words.groups)


def _spellings(lm: MaskedLM, words: Sequence[str], skip: bool) -> list[tuple[int, ...]]:
    """Token ids of the words of a row: a tuple for each way to write all of them as single tokens."""
    spelled = [single_token_spellings(lm, word) for word in words]
    shared = [way for way in spelled[0] if all(way in other for other in spelled)]
    if not shared and not skip:
        for word, ways in zip(words, spelled, strict=True):
            if not ways:
                refuse_unspellable(lm, word)
        raise InputError(
            f"The tokenizer of {lm.reference} writes {listed([quoted(word) for word in words])} as one token "
            "each, but never all of them in the same way (with or without a space or a capital), so they "
            f"cannot be paired. Leave them out, or use the constraint {kind_names(paired=False)}."
        )
    return list(dict.fromkeys(tuple(ways[way] for ways in spelled) for way in shared))
