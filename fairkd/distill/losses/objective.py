"""The loss terms (`fairkd.distill.losses.targets` has the formula) as functions of both models' states."""

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
    weight: Tensor | None,
    bias: Tensor | None,
    targets: Targets,
    constraint: Constraint,
    weights: Weights,
    *,
    chunk: int = 512,
    matmul_dtype: torch.dtype | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """The weighted sum of the kd, mlm and group terms, and each of them unweighted.

    Parameters
    ----------
    states, weight, bias
        The student's transformed states [N, width] and its vocabulary projection, [V, width] and [V]. Without
        a weight, `states` are logits [N, V], and there is no bias.
    targets
        What the student is trained on at the N positions.
    constraint, weights
        The constraint on the teacher, and the weights of the terms.
    chunk
        Positions per matrix product.
    matmul_dtype
        The format of the matrix products. None: that of autocast where it is on, else that of `states`.
        Softmax and sums are in single precision at least.

    Returns
    -------
    tuple
        The sum, with gradient, and the terms "kd" (with its factor T^2), "mlm" and "group" as means in nats,
        without gradient. A term of weight zero may be left out, and is then zero.
    """
    if matmul_dtype is None:
        kind = states.device.type
        autocast = torch.is_autocast_enabled(kind)
        matmul_dtype = torch.get_autocast_dtype(kind) if autocast else states.dtype
    if weight is None or targets.weight is None:
        matmul_dtype = torch.promote_types(states.dtype, torch.float32)  # logits are not rounded again
    total, terms = FusedLoss.apply(states, weight, bias, targets, constraint, weights, chunk, matmul_dtype)
    return total, dict(zip(("kd", "mlm", "group"), terms.unbind(), strict=True))


def hidden_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean over positions of 1 - cos between last hidden states [N, width] of both models."""
    return (1 - F.cosine_similarity(student, teacher, dim=1)).mean()
