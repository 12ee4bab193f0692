"""A preview of a constraint: the teacher's distribution at one position, before and after the edit.

    preview = preview_constraint(lm, "[MASK] is a nurse.", contrasts()["pronouns"], kind="group")
    preview.leaked_mass, preview.kl, preview.table(5)

Let p be the teacher's distribution and q the constrained one, which the student learns from. *Leaked mass* is
the probability that moves from the group words to other words: P_p(groups) - P_q(groups). KL(p || q), in
nats, measures how much the edit changes altogether.

The student learns q at a temperature T, the softmax of log q / T: `preview.at(2.0)` is the preview there.
`preview.label_target(token, "soft")` is what the text teaches it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import torch
from torch import Tensor

from fairkd.constraints.constraint import Constraint, group_names, resolve, soft_labels
from fairkd.constraints.correction import Correction, corrected_logits
from fairkd.constraints.kinds import Kind, Label, Scope
from fairkd.constraints.token_pairs import TokenPairs
from fairkd.lexicon import Contrast
from fairkd.models import MaskedLM
from fairkd.predictions import Prediction, kl, predict, ranks, top_ids

OTHER_WORDS = "all other words"  # the last row of a preview's table


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
        log p and log q, at `temperature`.
    groups : tuple of GroupMass
        One for each group of the constraint; empty without a constraint.
    temperature : float
        By default 1, as the model predicts.
    corrected : bool
        Whether a correction of the teacher, which comes before the constraint, changes the position.
    """

    prediction: Prediction
    position: int
    constraint: Constraint
    applies: bool
    before: Tensor
    after: Tensor
    groups: tuple[GroupMass, ...]
    temperature: float = 1.0
    corrected: bool = False

    @property
    def changed(self) -> bool:
        """Whether the student is shown anything else than the teacher's own distribution here."""
        return self.corrected or (self.constraint.active and self.applies)

    def at(self, temperature: float) -> ConstraintPreview:
        """The same edit with both distributions at another temperature: the softmax of log p / T.

        The constraint acts before the temperature, so that groups of several words, which are equally
        probable at temperature 1, need not be so at another.
        """
        factor = self.temperature / temperature
        before, after = ((row * factor).log_softmax(0) for row in (self.before, self.after))
        groups = _group_masses(self.constraint, [group.name for group in self.groups], before, after)
        return replace(self, before=before, after=after, groups=groups, temperature=temperature)

    def label_target(self, token: int, label: Label) -> dict[int, float]:
        """What the text teaches at this position if `token` is hidden here: probabilities by token id.

        All of it is on the token. If that is a group word and the constraint applies here, a "soft" label is
        shared between the groups instead, and there is none (an empty dict) with "drop". See
        `fairkd.constraints.soft_labels`.
        """
        columns = self.constraint.columns
        if label == "keep" or not self.applies or token not in columns:
            return {token: 1.0}
        if label == "drop":
            return {}
        inside = (self.after * self.temperature).softmax(0)[None, columns]
        (shares,) = soft_labels(self.constraint, torch.tensor([token]), inside)
        return {id: share for id, share in zip(columns.tolist(), shares.tolist(), strict=True) if share}

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

    def table(self, k: int = 8, *, label: Mapping[int, float] | None = None) -> pd.DataFrame:
        """Group words first, then the other words among the k most probable before or after, then the rest.

        A group's most probable word always has a row of its own, its other words if they are among the k. The
        rest of a group is its last row, with their sums, so that a group's rows add up to its probability.
        The last row of all is `OTHER_WORDS`, so that every column of probabilities adds up to 1.

        Parameters
        ----------
        label
            What the text teaches, as from `label_target`: words with 1 % of it or more are included, too.

        Returns
        -------
        DataFrame
            token, group ("" for the other words), before, after and, with `label`, label (probabilities),
            before_rank, after_rank (from 1; missing in rows of several words). Ordered by group, then by
            the probability before.
        """
        tops = [top_ids(row[None], k)[0].tolist() for row in (self.before, self.after)]
        labelled = [i for i, share in (label or {}).items() if share >= 0.01]
        wanted = dict.fromkeys([*(i for top in tops for i in top), *labelled])
        names: dict[int, str] = {}
        others: list[tuple[str, list[int]]] = []  # of each group, the words without a row of their own
        for group, ids in zip(self.groups, self.constraint.groups, strict=True):
            names |= dict.fromkeys(ids, group.name)
            best = max(ids, key=lambda i: float(self.before[i]))
            wanted.setdefault(best)
            left = [i for i in ids if i not in wanted]
            if len(left) == 1:
                wanted.setdefault(left[0])
            elif left:
                others.append((group.name, left))
        order = {group.name: place for place, group in enumerate(self.groups)}
        rows: list[dict[str, object]] = [
            {
                "token": self.prediction.token_string(self.position, i),
                "group": names.get(i, ""),
                "before": math.exp(self.before[i]),
                "after": math.exp(self.after[i]),
                **({} if label is None else {"label": label.get(i, 0.0)}),
                "before_rank": ranks(self.before, [i])[0],
                "after_rank": ranks(self.after, [i])[0],
            }
            for i in wanted
        ]
        rows.sort(key=lambda row: -float(str(row["before"])))
        for name, left in others:
            rows.append(
                {
                    "token": self._listed(left, f"other words of {name}"),
                    "group": name,
                    "before": float(self.before[left].exp().sum()),
                    "after": float(self.after[left].exp().sum()),
                    **({} if label is None else {"label": sum(label.get(i, 0.0) for i in left)}),
                    "before_rank": pd.NA,
                    "after_rank": pd.NA,
                }
            )
        rows.sort(key=lambda row: order.get(str(row["group"]), len(order)))  # stable
        frame = pd.DataFrame(rows).astype({"before_rank": "Int64", "after_rank": "Int64"})
        shown = [name for name in ("before", "after", "label") if name in frame]
        rest = {name: left if left > 1e-12 else 0.0 for name, left in (1 - frame[shown].sum()).items()}
        last = pd.DataFrame([{"token": OTHER_WORDS, "group": "", **rest}])
        return pd.concat([frame, last], ignore_index=True)[list(frame.columns)]

    def group_words(self) -> list[str]:
        """The words of each group, such as "he, him, his"; "12 words" if there are more than four."""
        return [self._listed(ids, f"{len(ids)} words") for ids in self.constraint.groups]

    def _listed(self, ids: Sequence[int], many: str) -> str:
        """Up to four tokens as text, or `many`."""
        words = list(dict.fromkeys(self.prediction.token_string(self.position, i) for i in ids))
        return ", ".join(words) if len(words) <= 4 else many


def preview_constraint(
    lm: MaskedLM,
    text: str,
    words: Contrast | TokenPairs,
    *,
    kind: Kind,
    strength: float = 1.0,
    scope: Scope = "masked",
    shares: Sequence[float] | None = None,
    roles: Sequence[str] | None = None,
    skip_unspellable: bool = False,
    position: int | None = None,
    prediction: Prediction | None = None,
    correction: Correction | None = None,
) -> ConstraintPreview:
    """The effect of a constraint on a teacher's distribution at one position of a sentence.

    Parameters
    ----------
    position
        Index of a token. By default the first mask or, without a mask, the middle of the text.
    prediction
        The teacher's prediction for `text` at temperature 1, if it has been computed already.
    correction
        A correction of the teacher that comes before the constraint (`fairkd.constraints.make_correction`).

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
    >>> bool(abs(preview.at(2.0).table(3)["after"].sum() - 1) < 1e-9)
    True
    >>> he = teacher.vocabulary.index("he")
    >>> preview.label_target(he, "keep") == {he: 1.0}, len(preview.label_target(he, "soft"))
    (True, 3)
    >>> before, after = preview.gaps
    >>> abs(after) < 1e-6, f"{preview.leaked_mass:.3f}"
    (True, '0.000')
    """
    found = prediction or predict(lm, text)
    if correction is not None and kind == "none":  # the words' probabilities are worth seeing all the same
        kind, strength, shares, roles, skip_unspellable = "group", 0.0, None, None, True
    constraint = resolve(
        lm,
        words,
        kind=kind,
        strength=strength,
        scope=scope,
        shares=shares,
        roles=roles,
        skip_unspellable=skip_unspellable,
    )
    names = group_names(lm, words) if constraint.groups else ()
    place = found.default_position if position is None else position
    corrected = None if correction is None else corrected_logits(lm, correction, text, place)
    return apply_to_prediction(
        found, constraint, mask_id=lm.mask_id, names=names, position=place, corrected=corrected
    )


def apply_to_prediction(
    prediction: Prediction,
    constraint: Constraint,
    *,
    mask_id: int,
    names: Sequence[str],
    position: int | None = None,
    corrected: Tensor | None = None,
) -> ConstraintPreview:
    """The preview at one position of a prediction; `names` are those of the constraint's groups.

    `corrected` are the logits [V] that a correction puts in place of the teacher's.
    """
    place = prediction.default_position if position is None else position
    # In fp64 and normalised again, because leaked mass is a difference of nearly equal numbers.
    before = prediction.row(place).double().log_softmax(0)
    token = torch.tensor([prediction.tokens[place].id])
    applies = bool(constraint.applies(token, mask_id))
    after = before if corrected is None else corrected.double().log_softmax(0)
    after = constraint(after[None])[0] if applies else after
    groups = _group_masses(constraint, names, before, after)
    return ConstraintPreview(
        prediction, place, constraint, applies, before, after, groups, corrected=corrected is not None
    )


def _group_masses(
    constraint: Constraint, names: Sequence[str], before: Tensor, after: Tensor
) -> tuple[GroupMass, ...]:
    """The probability of each group in log p and log q [V]."""
    masses = [constraint.group_mass(row.exp()[None, constraint.columns])[0] for row in (before, after)]
    return tuple(
        GroupMass(name, float(was), float(now), len(ids))
        for name, was, now, ids in zip(names, *masses, constraint.groups, strict=False)
    )


def _log_ratio(a: float, b: float) -> float:
    if not a or not b:
        return math.nan if a == b else math.copysign(math.inf, a - b)
    return math.log(a / b)
