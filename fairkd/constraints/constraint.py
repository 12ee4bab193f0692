"""Edits of a teacher's distribution: the fairness constraints, and what they mean for hard labels.

At a position the teacher's distribution p is replaced by q, before the temperature. The word groups of a
contrast (he, his / she, her) are token ids here; `resolve` finds them for a model's tokenizer.

* `logit_mean` (Delobelle & Berendt 2022, arXiv 2207.04546): the log-probabilities of words paired across the
  groups become their mean, then all is renormalised: argmin KL(q || p) subject to q_a = q_b. Mass leaks to
  the other words (he .90, she .01, rest .09 becomes .34, .34, .32).
* `mass_preserving`: paired words both get the mean of their probabilities: argmin KL(p || q). All other
  words keep their probabilities (.455, .455, .09).
* `group`: the mass of each group becomes a given share of the groups' common mass (equal by default), the
  proportions inside a group stay, and all other words keep their probabilities. No pairing needed.
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
from fairkd.errors import InputError
from fairkd.lexicon import Contrast
from fairkd.models import MaskedLM, UnknownWord, spell


@dataclass(frozen=True)
class Constraint:
    """One edit of distributions over a vocabulary.

    Parameters
    ----------
    kind
        One of `fairkd.constraints.KINDS`.
    groups
        Token ids, one tuple a group. For the kinds that pair words, the groups are paired by order: the first
        words of all groups belong together, and so on. An id may occur only once, because edits of
        overlapping pairs would depend on their order.
    strength
        In [0, 1]. log q is proportional to (1 - strength) log p + strength log q_full; 0 is the identity
        to the bit.
    scope
        Where it applies: at "all" positions, at "masked" ones, or at those whose own (visible) token is
        in no group ("not_own"), so that a visible "he" is still copied.
    shares
        The share of the groups' total probability that each group gets; they add up to 1. Only for kinds that
        take shares. By default all groups get the same.

    Raises
    ------
    InputError
        For fewer than two groups, an empty one, overlaps, pairs of unequal length, or numbers out of range.
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
            raise InputError(f"A constraint has no scope {self.scope!r}: expected one of {names}.")
        if self.kind == "none":
            return
        if not 0 <= self.strength <= 1:
            raise InputError(f"A constraint's strength lies between 0 and 1, but {self.strength} was given.")
        if len(self.groups) < 2 or not all(self.groups):
            raise InputError("A constraint needs at least two word groups, none of them empty.")
        ids = list(chain.from_iterable(self.groups))
        if twice := sorted({i for i in ids if ids.count(i) > 1}):
            raise InputError(
                f"Token ids {twice} occur twice in the constraint: with overlapping pairs or groups "
                "the result would depend on their order, so leave one of them out."
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
                f"Expected {len(self.groups)} positive shares that add up to 1, one a group, but got "
                f"{self.shares}."
            )

    @property
    def active(self) -> bool:
        return self.kind != "none" and self.strength > 0

    @cached_property
    def columns(self) -> Tensor:
        """All token ids of the groups, group after group: [K]."""
        return torch.tensor(list(chain.from_iterable(self.groups)), dtype=torch.long)

    @cached_property
    def members(self) -> Tensor:
        """Group number of each of `columns`: [K]."""
        return torch.tensor([n for n, group in enumerate(self.groups) for _ in group], dtype=torch.long)

    def applies(self, input_ids: Tensor, mask_id: int) -> Tensor:
        """True at the positions [N] in scope; `input_ids` are the tokens that the teacher sees there."""
        if not self.active:
            return torch.zeros_like(input_ids, dtype=torch.bool)
        match self.scope:
            case "all":
                return torch.ones_like(input_ids, dtype=torch.bool)
            case "masked":
                return input_ids == mask_id
            case "not_own":
                return ~torch.isin(input_ids, self.columns.to(input_ids.device))
            case _:
                assert_never(self.scope)

    def edit(self, values: Tensor) -> Tensor:
        """New log-values [N, K] of the group words for their log-values [N, K], not yet renormalised.

        Commutes with adding a constant to a row, so raw logits do as well as log-probabilities; a softmax
        over the row with these values in place is q.
        """
        if not self.active:
            return values
        full = self._edit_at_full_strength(values)
        # At full strength the old value is left out, not multiplied by zero: it may be minus infinity.
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
            # A group of no mass at all has no proportions to keep: its words share alike.
            inside = torch.where(own.isinf(), -math.log(part.shape[1]), part - own)
            balanced.append(inside + math.log(share) + total)
        return torch.cat(balanced, dim=1)

    def __call__(self, log_probabilities: Tensor) -> Tensor:
        """log q [N, V] for log p [N, V], in nats; the same tensor where there is nothing to do."""
        if not self.active:
            return log_probabilities
        columns = self.columns.to(log_probabilities.device)
        edited = log_probabilities.index_copy(1, columns, self.edit(log_probabilities[:, columns]))
        if self.strength == 1 and KINDS[self.kind].keeps_mass:
            return edited  # it adds up to 1 already: renormalising would only add rounding errors
        return edited - edited.logsumexp(1, keepdim=True)

    def group_mass(self, probabilities: Tensor) -> Tensor:
        """Mass of each group [N, G] for probabilities [N, K] of the words in `columns`."""
        mass = probabilities.new_zeros(len(probabilities), len(self.groups))
        return mass.index_add_(1, self.members.to(probabilities.device), probabilities)


def soft_labels(constraint: Constraint, labels: Tensor, inside: Tensor) -> Tensor:
    """Soft targets [N, K] over the group words for hard labels [N]; zeros where the label is no group word.

    The label keeps its group's share, and each other group's share goes to the label's counterpart: the
    paired word where the constraint pairs words, otherwise the group's words in proportion to their
    probabilities `inside` [N, K] (any positive values; usually the teacher's).
    """
    if not constraint.groups:
        return inside.new_zeros(len(labels), 0)
    columns, members = constraint.columns.to(labels.device), constraint.members.to(labels.device)
    hit = labels[:, None] == columns
    is_group_word = hit.any(1, keepdim=True)
    count = len(constraint.groups)
    if KINDS[constraint.kind].paired:
        width = len(columns) // count
        role = hit.unflatten(1, (count, width)).any(1)
        return role.repeat(1, count).to(inside.dtype) / count
    shares = torch.tensor(constraint.shares or (1 / count,) * count, dtype=inside.dtype, device=inside.device)
    own = (hit.to(inside.dtype) @ torch.nn.functional.one_hot(members, count).to(inside.dtype))[
        :, members
    ] > 0
    mass = constraint.group_mass(inside)[:, members]
    spread = torch.where(own, hit.to(inside.dtype), inside / mass) * shares[members]
    return torch.where(is_group_word, spread, 0.0)


def resolve(
    lm: MaskedLM,
    contrast: Contrast,
    *,
    kind: Kind,
    strength: float = 1.0,
    scope: Scope = "masked",
    shares: Sequence[float] | None = None,
    roles: Sequence[str] | None = None,
    skip_unspellable: bool = False,
) -> Constraint:
    """The constraint of a contrast's words for one model's tokenizer.

    Each word is taken as the tokenizer spells it inside a sentence and, where that differs, with a capital
    and at the start of a sentence. `roles` restricts the words ("subject", "possessive", ...). A kind that
    pairs words needs this where a word would be in two pairs ("her" with "him" and with "his").

    Raises
    ------
    InputError
        For a word that is not one token of this tokenizer (left out, with its pair, if `skip_unspellable`),
        for a word in two pairs or groups, for unknown roles, and where no words are left.
    """
    paired = constraint_kind(kind).paired
    if kind == "none":
        return Constraint("none")
    wanted = tuple(roles) if roles else contrast.roles
    if unknown := [role for role in wanted if role not in contrast.roles]:
        raise InputError(f"The contrast {contrast.name} has the roles {list(contrast.roles)}, not {unknown}.")
    # Rows of (group number, word): words that must be single tokens together, or all be left out.
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
            # "John" and "mary" with capitals are "John" again and "Mary", which then has no partner.
            if paired and any(owner.get(token) == row for token in ids):
                continue
            for (number, word), token in zip(row, ids, strict=True):
                same = row if paired else number
                if owner.setdefault(token, same) != same:
                    where = "pairs" if paired else "groups"
                    instead = f", or use the constraint {kind_names(paired=False)}, which needs no pairs"
                    raise InputError(
                        f"The word {word!r} would be in two {where} of the constraint. Choose roles so that "
                        f"it is in one of them only{instead if paired else ''}."
                    )
                groups[number][token] = None
    if not all(groups):
        raise InputError(f"No words of the contrast {contrast.name} are single tokens of this model.")
    return Constraint(
        kind,
        tuple(tuple(group) for group in groups),
        strength,
        scope,
        tuple(shares) if shares else None,
    )


def _spellings(lm: MaskedLM, words: Sequence[str], skip: bool) -> list[tuple[int, ...]]:
    """Token ids of words that belong together: a tuple for each way to write them in one token each."""
    found: dict[tuple[int, ...], None] = {}
    ways = [("and ", False), ("and ", True), ("", True)]
    for number, (before, capital) in enumerate(ways):
        try:
            spelt = [
                spell(lm, word[:1].upper() + word[1:] if capital else word, before=before) for word in words
            ]
        except UnknownWord:
            if skip or number:
                continue
            raise
        cut = [s for s in spelt if not s.single]
        if not cut:
            found[tuple(s.ids[0] for s in spelt)] = None
        elif number == 0 and skip:
            return []
        elif number == 0:
            raise InputError(
                f"The tokenizer cuts {words[spelt.index(cut[0])]!r} into {list(cut[0].subwords)}, but a "
                "constraint needs words of one token; leave it out or choose to skip such words."
            )
    return list(found)
