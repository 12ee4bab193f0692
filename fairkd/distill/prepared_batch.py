"""A batch that is ready for a training step, and the numbers of positions behind its loss terms."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from torch import Tensor

from fairkd.distill.data import Batch


@dataclass(frozen=True)
class PositionCounts:
    """The number of positions that each loss term is a mean over, and the number of tokens.

    `kd` counts for the hidden-state loss, too.
    """

    kd: float = 0
    mlm: float = 0
    group: float = 0
    tokens: float = 0

    def __add__(self, other: PositionCounts) -> PositionCounts:
        return PositionCounts(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def shares(self, totals: PositionCounts) -> dict[str, float]:
        """The share that these positions have of each term's mean over `totals`."""
        return {name: getattr(self, name) / max(1, getattr(totals, name)) for name in ("kd", "mlm", "group")}


@dataclass(frozen=True)
class PreparedBatch:
    """A batch on the device, with the labels [M] to train on, and where the constraint applies [M]."""

    batch: Batch
    labels: Tensor
    constrained: Tensor
    counts: PositionCounts
    noise_seed: int  # of the student's dropout
