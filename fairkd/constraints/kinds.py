"""The kinds of constraint, and what each of them is and needs. Needs no torch.

    KINDS["group"].label, KINDS["group"].paired       # "balanced groups", False

`KINDS` is the only list of them: configuration, pages, help texts, errors and tests read it. What a kind does
to a distribution is computed in `fairkd.constraints.constraint`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from fairkd.errors import InputError
from fairkd.utils import quoted

Kind = Literal["none", "logit_mean", "mass_preserving", "group"]
Scope = Literal["all", "masked", "not_own"]
Label = Literal["keep", "soft", "drop"]


@dataclass(frozen=True, kw_only=True)
class ConstraintKind:
    """One kind of constraint.

    Attributes
    ----------
    key : Kind
        Its value in a configuration.
    label : str
        A few words for menus and summaries.
    explanation : str
        One sentence on what the student learns from. "{shares}" stands for the target shares; see `explain`.
    paired : bool
        Whether it pairs the words of the groups one to one. If so, the groups are equally large, and no word
        is in two pairs.
    keeps_mass : bool
        Whether, at full strength, all other words keep their probabilities, and the groups their total.
    takes_shares : bool
        Whether each group can be given a target share of the groups' total probability.
    source : str
        The publication; empty if it is FairKD's own.
    """

    key: Kind
    label: str
    explanation: str
    paired: bool
    keeps_mass: bool
    takes_shares: bool
    source: str = ""

    def explain(self, shares: Sequence[float] | None = None) -> str:
        """The explanation, with the target shares filled in.

        >>> KINDS["group"].explain((0.7, 0.3))
        "The groups' total probability is split 0.7 to 0.3; proportions within each group stay the same."
        """
        return self.explanation.format(shares=" to ".join(map(str, shares)) if shares else "evenly")


KINDS: Mapping[Kind, ConstraintKind] = MappingProxyType(
    {
        kind.key: kind
        for kind in (
            ConstraintKind(
                key="none",
                label="no constraint",
                explanation="The student learns from the teacher's own distribution.",
                paired=False,
                keeps_mass=True,
                takes_shares=False,
            ),
            ConstraintKind(
                key="logit_mean",
                label="mean of the logits",
                explanation="Paired words get the mean of their logits; "
                "some probability moves to other words.",
                paired=True,
                keeps_mass=False,
                takes_shares=False,
                source="Delobelle & Berendt 2022, FairDistillation, arXiv 2207.04546",
            ),
            ConstraintKind(
                key="mass_preserving",
                label="mean of the probabilities",
                explanation="Paired words get the mean of their probabilities; other words keep theirs.",
                paired=True,
                keeps_mass=True,
                takes_shares=False,
            ),
            ConstraintKind(
                key="group",
                label="balanced groups",
                explanation="The groups' total probability is split {shares}; "
                "proportions within each group stay the same.",
                paired=False,
                keeps_mass=True,
                takes_shares=True,
            ),
        )
    }
)

SCOPES: Mapping[Scope, str] = MappingProxyType(
    {
        "masked": "masked words",
        "all": "everywhere",
        "not_own": "all but visible group words",
    }
)
"""Where a constraint applies, in words; see `fairkd.constraints.Constraint`."""


def constraint_kind(name: str) -> ConstraintKind:
    """The kind called `name`; InputError if there is none.

    >>> constraint_kind("logit_mean").source
    'Delobelle & Berendt 2022, FairDistillation, arXiv 2207.04546'
    """
    for key, kind in KINDS.items():
        if key == name:
            return kind
    raise InputError(f"A constraint has no kind {quoted(name)}: expected one of {', '.join(KINDS)}.")


def kind_names(*, paired: bool | None = None, takes_shares: bool | None = None) -> str:
    """The constraints with these properties, for a sentence: "logit_mean or mass_preserving".

    >>> kind_names(paired=True), kind_names(takes_shares=True)
    ('logit_mean or mass_preserving', 'group')
    """
    return " or ".join(
        key
        for key, kind in KINDS.items()
        if key != "none" and paired in (None, kind.paired) and takes_shares in (None, kind.takes_shares)
    )


def are_shares(shares: Sequence[float]) -> bool:
    """Whether these are positive numbers that add up to 1 (to within 1e-6).

    >>> are_shares((0.7, 0.3)), are_shares((0.7, 0.7))
    (True, False)
    """
    return all(share > 0 for share in shares) and abs(sum(shares) - 1) <= 1e-6
