"""The names of what a constraint can be told, apart from `fairkd.constraints`, which needs torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Kind = Literal["none", "logit_mean", "mass_preserving", "group"]
Scope = Literal["all", "masked", "not_own"]
Label = Literal["keep", "soft", "drop"]

# These pair words one to one across the groups.
PAIRWISE: tuple[Kind, ...] = ("logit_mean", "mass_preserving")


def are_shares(shares: Sequence[float]) -> bool:
    """Whether these are positive numbers that add up to 1 (to within 1e-6)."""
    return all(share > 0 for share in shares) and abs(sum(shares) - 1) <= 1e-6
