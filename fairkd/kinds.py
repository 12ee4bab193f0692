"""The names of what a constraint can be told, apart from `fairkd.constraints`, which needs torch."""

from __future__ import annotations

from typing import Literal

Kind = Literal["none", "logit_mean", "mass_preserving", "group"]
Scope = Literal["all", "masked", "not_own"]
Label = Literal["keep", "spread", "drop"]

# These pair words one to one across the groups.
PAIRWISE: tuple[Kind, ...] = ("logit_mean", "mass_preserving")
