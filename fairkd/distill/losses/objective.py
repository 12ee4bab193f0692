"""The distillation objective (`fairkd.distill.losses.targets` has the formula) as functions of both models'
states.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from fairkd.constraints import Constraint
from fairkd.distill.losses.fused import FusedLoss
from fairkd.distill.losses.targets import Targets, Weights

__all__ = ["Targets", "Weights", "fused_loss", "hidden_loss"]


def fused_loss(
    states: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    targets: Targets,
    constraint: Constraint,
    weights: Weights,
    *,
    chunk: int = 512,
    products: torch.dtype | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """The kd, mlm and group terms for the student's transformed states [N, width]: sum, and each.

    The parts are unweighted means in nats (kd with its factor T^2), without gradient; a term of weight zero
    may be left out, and is zero then. `products` is the format of the matrix products; None stands for
    autocast's where that is on, and for that of `states` elsewhere. Softmax and sums are in single precision
    at least.
    """
    if products is None:
        kind = states.device.type
        products = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else states.dtype
    if bias is None:
        bias = states.new_zeros(len(weight))
    total, parts = FusedLoss.apply(states, weight, bias, targets, constraint, weights, chunk, products)
    return total, dict(zip(("kd", "mlm", "group"), parts.unbind(), strict=True))


def hidden_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean over positions of 1 - cos between last hidden states [N, width] of both models."""
    return (1 - F.cosine_similarity(student, teacher, dim=1)).mean()
