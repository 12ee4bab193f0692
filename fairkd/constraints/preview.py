"""A preview of a constraint: the teacher's distribution at one position, before and after the edit.

    preview = preview_constraint(lm, "[MASK] is a nurse.", contrasts()["pronouns"], kind="group")
    preview.leaked_mass, preview.kl, preview.table(5)

Let p be the teacher's distribution and q the constrained one, which the student learns from. *Leaked mass* is
the probability that moves from the group words to other words: P_p(groups) - P_q(groups). KL(p || q), in
nats, measures how much the edit changes altogether.
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
from fairkd.predictions import Prediction, kl, predict, ranks, top_ids


@dataclass(frozen=True)
class GroupMass:
    """The probability of a word group at the position, before and after; `size` is its number of tokens."""

    name: str
    before: float
    after: float
    size: int


@dataclass(frozen=True, eq=False)
class ConstraintPreview:
    """One position of a sentence, before and after a constraint.

    Attributes
    ----------
    position : int
        Index into `prediction.tokens`.
    applies : bool
        Whether the position is in the constraint's scope. If not, nothing changes there.
    before, after : Tensor[V], fp64
        log p and log q.
    groups : tuple of GroupMass
        One for each group of the constraint; empty without a constraint.
    """

    prediction: Prediction
    position: int
    constraint: Constraint
    applies: bool
    before: Tensor
    after: Tensor
    groups: tuple[GroupMass, ...]

    @property
    def leaked_mass(self) -> float:
        """Probability that moves to other words: P_p(groups) - P_q(groups), at least 0."""
        return max(0.0, sum(group.before - group.after for group in self.groups))

    @property
    def kl(self) -> float:
        """KL(p || q) in nats: the divergence of the edited distribution from the teacher's."""
        return kl(self.before, self.after)

    @property
    def reverse_kl(self) -> float:
        """KL(q || p) in nats; `logit_mean` has the smallest of all that make paired words equal."""
        return kl(self.after, self.before)

    @property
    def gaps(self) -> tuple[float, float]:
        """log P(A) - log P(B) of the first two groups before and after, in nats; NaN without groups."""
        if len(self.groups) < 2:
            return math.nan, math.nan
        a, b = self.groups[:2]
        return _log_ratio(a.before, b.before), _log_ratio(a.after, b.after)

    def table(self, k: int = 8) -> pd.DataFrame:
        """Group words first, then the other words among the k most probable before or after.

        A group's most probable word is always included, its other words only if they are among the k.

        Returns
        -------
        DataFrame
            token, group ("" for the other words), before, after (probabilities), before_rank, after_rank
            (from 1). Ordered by group, then by the probability before.
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
                "before_rank": ranks(self.before, [i])[0],
                "after_rank": ranks(self.after, [i])[0],
            }
            for i in wanted
        ]
        rows.sort(key=lambda row: (order.get(str(row["group"]), len(order)), -float(str(row["before"]))))
        return pd.DataFrame(rows)


def preview_constraint(
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
) -> ConstraintPreview:
    """The effect of a constraint on a teacher's distribution at one position of a sentence.

    Parameters
    ----------
    position
        Index of a token. By default the first mask or, without a mask, the middle of the text.
    prediction
        The teacher's prediction for `text` at temperature 1, if it has been computed already.

    Raises
    ------
    InputError
        For an unusable sentence or constraint (see `fairkd.constraints.resolve`), or a position that has no
        distribution.

    Examples
    --------
    >>> from fairkd import models
    >>> from fairkd.lexicon import contrasts
    >>> teacher, pronouns = models.load("embedded/teacher"), contrasts()["pronouns"]
    >>> preview = preview_constraint(teacher, "[MASK] is a nurse.", pronouns, kind="group")
    >>> preview.table(3).columns.tolist()
    ['token', 'group', 'before', 'after', 'before_rank', 'after_rank']
    >>> before, after = preview.gaps
    >>> abs(after) < 1e-6, f"{preview.leaked_mass:.3f}"
    (True, '0.000')
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
    return apply_to_prediction(found, constraint, mask_id=lm.mask_id, names=names, position=position)


def apply_to_prediction(
    prediction: Prediction,
    constraint: Constraint,
    *,
    mask_id: int,
    names: Sequence[str],
    position: int | None = None,
) -> ConstraintPreview:
    """The preview at one position of a prediction; `names` are those of the constraint's groups."""
    place = prediction.default_position if position is None else position
    # In fp64 and normalised again, because leaked mass is a difference of nearly equal numbers.
    before = prediction.row(place).double().log_softmax(0)
    token = torch.tensor([prediction.tokens[place].id])
    applies = bool(constraint.applies(token, mask_id))
    after = constraint(before[None])[0] if applies else before
    masses = [constraint.group_mass(row.exp()[None, constraint.columns])[0] for row in (before, after)]
    groups = tuple(
        GroupMass(name, float(was), float(now), len(ids))
        for name, was, now, ids in zip(names, *masses, constraint.groups, strict=False)
    )
    return ConstraintPreview(prediction, place, constraint, applies, before, after, groups)


def _log_ratio(a: float, b: float) -> float:
    if not a or not b:
        return math.nan if a == b else math.copysign(math.inf, a - b)
    return math.log(a / b)
