"""The terms of the distillation objective: their weights, and what they are measured against.

    loss = a_kd T^2 KL(q_T || s_T) + a_mlm CE + a_hidden (1 - cos) + a_group KL(Q || S)

q is the teacher's (constrained) distribution, s the student's; q_T and s_T are both at temperature T. Each
term is a mean over its positions. Q and S are what q and s at temperature 1 give to each group word and to
all other words together, where the constraint applies. That last term is a part of KL(q || s) already, but
at T = 2 the distributions are so flat that it is next to nothing there, while the pronouns' mass and their
balance are read at T = 1.

With V = 30,522 words the arrays [positions, V] dominate time and memory; `fairkd.distill.losses.fused` works
through them in chunks.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from fairkd.constraints import Label

IGNORED = -100


@dataclass(frozen=True)
class Weights:
    """Weights of the loss terms, the temperature, and what becomes of hard labels that are group words."""

    kd: float = 5.0
    mlm: float = 2.0
    hidden: float = 1.0
    group: float = 0.0
    temperature: float = 2.0
    label: Label = "keep"


@dataclass(frozen=True)
class Targets:
    """What the student is trained on at N positions.

    `states` [N, width] are the teacher's, after its head's transform; `weight` [V, width] and `bias` [V]
    its vocabulary projection; `labels` [N] hold IGNORED where no token was masked; `constrained` [N] says
    where the constraint applies.
    """

    states: Tensor
    weight: Tensor
    bias: Tensor | None
    labels: Tensor
    constrained: Tensor
