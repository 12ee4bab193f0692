"""The loss terms: their weights, and what the student is trained on.

    loss = a_kd T^2 KL(q_T || s_T) + a_mlm CE + a_hidden (1 - cos) + a_group KL(Q || S)
           + a_relations KL(R || S_R)

q is the teacher's distribution after the constraint, s the student's. q_T and s_T are the same at temperature
T. Each term is a mean over its positions. Q and S are what q and s at temperature 1 give to each group word,
and to all other words together, where the constraint applies. KL(q || s) contains this group term. But at T =
2 the distributions are so flat that it almost vanishes there, while the pronouns' probability and balance are
measured at T = 1. R and S_R are the relations of positions inside attention
(`fairkd.distill.losses.relations`).

With V = 30,522 tokens the arrays [positions, V] dominate time and memory. `fairkd.distill.losses.fused` works
through them in chunks.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fairkd.constraints import Label

IGNORED = -100  # the label of a position without one


@dataclass(frozen=True)
class Weights:
    """Weights of the loss terms, the temperature, and what happens to hard labels that are group words."""

    kd: float = 5.0
    mlm: float = 1.0
    hidden: float = 1.0
    group: float = 0.0
    relations: float = 0.0
    temperature: float = 2.0
    label: Label = "keep"


@dataclass(frozen=True)
class Targets:
    """What the student is trained on at N positions.

    Attributes
    ----------
    states
        The teacher's states [N, width] after its head's transform.
    weight, bias
        The teacher's vocabulary projection, [V, width] and [V]. Without a weight, `states` are its logits.
    labels
        The original tokens [N]; IGNORED where none was masked.
    constrained
        Where the constraint applies [N].
    """

    states: Tensor
    weight: Tensor | None
    bias: Tensor | None
    labels: Tensor
    constrained: Tensor


def mixed_target(soft: Tensor, labels: Tensor, *, kd: float, mlm: float) -> Tensor:
    """What a student learns at temperature 1 from soft targets and hard labels together [N, V].

    kd KL(q || s) + mlm CE(label, s) is smallest where the student's distribution s is the mean of the soft
    target q and of the label, each with its weight.

    Parameters
    ----------
    soft
        Probabilities q [N, V].
    labels
        The words of the text [N].
    kd, mlm
        Weights of at least 0, not both 0.

    Examples
    --------
    >>> mixed_target(torch.tensor([[0.5, 0.25, 0.25]]), torch.tensor([1]), kd=3, mlm=1).tolist()
    [[0.375, 0.4375, 0.1875]]
    """
    hard = torch.nn.functional.one_hot(labels, soft.shape[-1]).to(soft.dtype)
    return (kd * soft + mlm * hard) / (kd + mlm)
