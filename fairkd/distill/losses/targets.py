"""The loss terms: their weights, and what the student is trained on.

    loss = a_kd T^2 KL(q_T || s_T) + a_mlm CE + a_hidden (1 - cos) + a_group KL(Q || S)

q is the teacher's distribution after the constraint, s the student's. q_T and s_T are the same at temperature
T. Each term is a mean over its positions. Q and S are what q and s at temperature 1 give to each group word,
and to all other words together, where the constraint applies. KL(q || s) contains this group term. But at T =
2 the distributions are so flat that it almost vanishes there, while the pronouns' probability and balance are
measured at T = 1.

With V = 30,522 tokens the arrays [positions, V] dominate time and memory. `fairkd.distill.losses.fused` works
through them in chunks.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from fairkd.constraints import Label

IGNORED = -100  # the label of a position without one


@dataclass(frozen=True)
class Weights:
    """Weights of the loss terms, the temperature, and what happens to hard labels that are group words."""

    kd: float = 5.0
    mlm: float = 2.0
    hidden: float = 1.0
    group: float = 0.0
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
        The teacher's vocabulary projection, [V, width] and [V].
    labels
        The original tokens [N]; IGNORED where none was masked.
    constrained
        Where the constraint applies [N].
    """

    states: Tensor
    weight: Tensor
    bias: Tensor | None
    labels: Tensor
    constrained: Tensor
