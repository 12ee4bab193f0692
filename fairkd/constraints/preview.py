"""The constraint playground: a teacher's distribution at one position, before and after a constraint.

    edit = play(lm, "[MASK] is a nurse.", contrasts()["pronouns"], kind="group")
    edit.leaked, edit.kl, edit.table(5)

With p the teacher's distribution and q the constrained one: *leaked mass* is what the group words lose to the
rest of the vocabulary, P_p(groups) - P_q(groups), and the price of the edit is KL(p || q), in nats. What a
student learns from is q.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from fairkd.constraints.constraint import Constraint, resolve
from fairkd.constraints.kinds import Kind, Scope
from fairkd.lexicon import Contrast
from fairkd.models import MaskedLM
from fairkd.predictions import Prediction, kl, predict, rank, top_ids


@dataclass(frozen=True)
class GroupMass:
    """The probability of one word group at the position, before and after; `size` counts its tokens."""

    name: str
    before: float
    after: float
    size: int


@dataclass(frozen=True, eq=False)
class Edit:
    """One position of a sentence, before and after a constraint.

    Attributes
    ----------
    position : int
        Index into `prediction.tokens`.
    applies : bool
        Whether the position is in the constraint's scope; where it is not, nothing changes.
    before, after : Tensor[V], fp64
        log p and log q.
    groups : tuple of GroupMass
        One for each group of the constraint; empty without one.
    """

    prediction: Prediction
    position: int
    constraint: Constraint
    applies: bool
    before: Tensor
    after: Tensor
    groups: tuple[GroupMass, ...]

    @property
    def leaked(self) -> float:
        """P_p(groups) - P_q(groups): never negative, zero for edits that keep the groups' mass."""
        return max(0.0, sum(group.before - group.after for group in self.groups))

    @property
    def kl(self) -> float:
        """KL(p || q) in nats: what coding the teacher's words with the edited distribution costs."""
        return kl(self.before, self.after)

    @property
    def reverse_kl(self) -> float:
        """KL(q || p) in nats, which `logit_mean` keeps smallest."""
        return kl(self.after, self.before)

    @property
    def gaps(self) -> tuple[float, float]:
        """log P(A) - log P(B) of the first two groups before and after, in nats; NaN without groups."""
        if len(self.groups) < 2:
            return math.nan, math.nan
        a, b = self.groups[:2]
        return _log_ratio(a.before, b.before), _log_ratio(a.after, b.after)

    def table(self, k: int = 8) -> pd.DataFrame:
        """The group words that count, then the other words among the k most probable before or after.

        Of each group its most probable word is always there, others if they are among the k.

        Returns
        -------
        DataFrame
            token, group ("" for the other words), before, after (probabilities), before_rank, after_rank
            (from 1); group by group, each by its probability before.
        """
        tops = [top_ids(row[None], k)[0].tolist() for row in (self.before, self.after)]
        wanted = dict.fromkeys(i for top in tops for i in top)
        names: dict[int, str] = {}
        for group, ids in zip(self.groups, self.constraint.groups, strict=True):
            names |= dict.fromkeys(ids, group.name)
            best = max(ids, key=lambda i: float(self.before[i]))
            wanted.setdefault(best)
        order = {group.name: place for place, group in enumerate(self.groups)}
        rows = [
            {
                "token": self.prediction.token_string(self.position, i),
                "group": names.get(i, ""),
                "before": math.exp(self.before[i]),
                "after": math.exp(self.after[i]),
                "before_rank": rank(self.before, i),
                "after_rank": rank(self.after, i),
            }
            for i in wanted
        ]
        rows.sort(key=lambda row: (order.get(str(row["group"]), len(order)), -float(str(row["before"]))))
        return pd.DataFrame(rows)


def play(
    lm: MaskedLM,
    text: str,
    contrast: Contrast,
    *,
    kind: Kind,
    strength: float = 1.0,
    scope: Scope = "masked",
    shares: Sequence[float] | None = None,
    roles: Sequence[str] | None = None,
    skip_unspellable: bool = False,
    position: int | None = None,
    prediction: Prediction | None = None,
) -> Edit:
    """What a constraint would do to this teacher at one position of a sentence.

    Parameters
    ----------
    position
        Index of a token; by default the first mask, else the middle of the text.
    prediction
        The teacher's prediction for `text` at temperature 1, where it is at hand already.

    Raises
    ------
    InputError
        For an unusable sentence or constraint (see `fairkd.constraints.resolve`), or a position that has no
        distribution.
    """
    found = prediction or predict(lm, text)
    constraint = resolve(
        lm,
        contrast,
        kind=kind,
        strength=strength,
        scope=scope,
        shares=shares,
        roles=roles,
        skip_unspellable=skip_unspellable,
    )
    names = [group.name for group in contrast.groups]
    return apply(found, constraint, mask_id=lm.mask_id, names=names, position=position)


def apply(
    prediction: Prediction,
    constraint: Constraint,
    *,
    mask_id: int,
    names: Sequence[str],
    position: int | None = None,
) -> Edit:
    """The edit of one position of a prediction; `names` are those of the constraint's groups."""
    place = prediction.default_position if position is None else position
    # In fp64 and normalised anew: the masses below are differences of nearly equal numbers.
    before = prediction.row(place).double().log_softmax(0)
    token = torch.tensor([prediction.tokens[place].id])
    applies = bool(constraint.applies(token, mask_id))
    after = constraint(before[None])[0] if applies else before
    masses = [constraint.group_mass(row.exp()[None, constraint.columns])[0] for row in (before, after)]
    groups = tuple(
        GroupMass(name, float(was), float(now), len(ids))
        for name, was, now, ids in zip(names, *masses, constraint.groups, strict=False)
    )
    return Edit(prediction, place, constraint, applies, before, after, groups)


def _log_ratio(a: float, b: float) -> float:
    if not a or not b:
        return math.nan if a == b else math.copysign(math.inf, a - b)
    return math.log(a / b)
