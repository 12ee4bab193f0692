"""The distillation objective, forward and backward in one pass over chunks of positions.

    loss = a_kd T^2 KL(q_T || s_T) + a_mlm CE + a_hidden (1 - cos) + a_group KL(Q || S)

q is the teacher's (constrained) distribution, s the student's; q_T and s_T are both at temperature T. Each
term is a mean over its positions. Q and S are what q and s at temperature 1 give to each group word and to
all other words together, where the constraint applies. That last term is a part of KL(q || s) already, but
at T = 2 the distributions are so flat that it is next to nothing there, while the pronouns' mass and their
balance are read at T = 1.

With V = 30,522 words the arrays [positions, V] dominate time and memory. `FusedLoss` therefore never keeps
one: each chunk of positions is projected, its gradient with respect to the logits is written down directly,
taken back to the states, and dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from fairkd.constraints import Constraint, Label, spread_labels

IGNORED = -100
TINY = 1e-30


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


def fused_loss(
    states: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    targets: Targets,
    constraint: Constraint,
    weights: Weights,
    *,
    chunk: int = 128,
) -> tuple[Tensor, dict[str, Tensor]]:
    """The kd, mlm and group terms for the student's transformed states [N, width]: sum, and each.

    The parts are unweighted means in nats (kd with its factor T^2), without gradient.
    """
    if bias is None:
        bias = states.new_zeros(len(weight))
    total, parts = FusedLoss.apply(states, weight, bias, targets, constraint, weights, chunk)
    return total, dict(zip(("kd", "mlm", "group"), parts.unbind(), strict=True))


class FusedLoss(torch.autograd.Function):
    """`fused_loss` as an autograd function: the gradients are ready when the forward pass is."""

    @staticmethod
    def forward(
        ctx: Any,
        states: Tensor,
        weight: Tensor,
        bias: Tensor,
        targets: Targets,
        constraint: Constraint,
        weights: Weights,
        chunk: int,
    ) -> tuple[Tensor, Tensor]:
        wants = ctx.needs_input_grad
        scale = _Scale.of(targets, constraint, weights)
        grad_states = torch.empty_like(states) if wants[0] else None
        grad_weight = torch.zeros_like(weight) if wants[1] else None
        grad_bias = torch.zeros_like(bias) if wants[2] else None
        parts = states.new_zeros(3)
        for start in range(0, len(states), chunk):
            span = slice(start, start + chunk)
            grad, values = _chunk(states[span], weight, bias, targets, span, constraint, weights, scale)
            parts += values
            if grad_states is not None:
                torch.mm(grad, weight, out=grad_states[span])
            if grad_weight is not None:
                grad_weight.addmm_(grad.t(), states[span])
            if grad_bias is not None:
                grad_bias += grad.sum(0)
        ctx.grads = (grad_states, grad_weight, grad_bias)
        total = weights.kd * parts[0] + weights.mlm * parts[1] + weights.group * parts[2]
        ctx.mark_non_differentiable(parts)
        return total, parts

    @staticmethod
    def backward(ctx: Any, grad_total: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        grads = (None if grad is None else grad * grad_total for grad in ctx.grads)
        return (*grads, None, None, None, None)


@dataclass(frozen=True)
class _Scale:
    """One over the number of positions of each term, and the labels that count."""

    kd: float
    mlm: float
    group: float
    labels: Tensor
    soft: Tensor

    @classmethod
    def of(cls, targets: Targets, constraint: Constraint, weights: Weights) -> _Scale:
        labels = targets.labels
        soft = torch.zeros_like(labels, dtype=torch.bool)
        if constraint.active and weights.label != "keep":
            group_word = torch.isin(labels, constraint.columns.to(labels.device)) & targets.constrained
            if weights.label == "drop":
                labels = labels.masked_fill(group_word, IGNORED)
            else:
                soft = group_word
        counts = len(labels), int((labels != IGNORED).sum()), int(targets.constrained.sum())
        kd, mlm, group = (1 / max(1, count) for count in counts)
        return cls(kd, mlm, group, labels, soft)


def _chunk(
    states: Tensor,
    weight: Tensor,
    bias: Tensor,
    targets: Targets,
    span: slice,
    constraint: Constraint,
    weights: Weights,
    scale: _Scale,
) -> tuple[Tensor, Tensor]:
    """Gradient with respect to the student's logits [n, V] of one chunk, and its three loss values."""
    heat = weights.temperature
    labels, constrained, soft = scale.labels[span], targets.constrained[span], scale.soft[span]
    teacher = _project(targets.states[span], targets.weight, targets.bias, heat)
    where = torch.nonzero(constrained).flatten()
    columns = constraint.columns.to(states.device) if constraint.active else None
    inside = None
    if columns is not None and len(where):
        at = (where[:, None], columns)
        edited = constraint.edit(teacher[at] * heat)
        teacher[at] = edited / heat
        inside = edited  # log q of the group words, up to a constant a row
    student = _project(states, weight, bias, heat)
    picked = labels.clamp_min(0)[:, None]
    label_logit = student.gather(1, picked).squeeze(1) * heat
    group_logits = None if inside is None else student[where[:, None], columns] * heat

    # KL(q_T || s_T) from log-softmaxes; both arrays are then turned into probabilities in place.
    q, s = F.log_softmax(teacher, 1), F.log_softmax(student, 1)
    normaliser = student[:, :1] - s[:, :1]  # log sum exp(student / T)
    teacher_normaliser = teacher[:, :1] - q[:, :1]
    del teacher, student
    difference = q - s
    q.exp_()
    kd = torch.linalg.vecdot(q, difference).sum() * heat**2 * scale.kd
    del difference
    s.exp_()

    # At temperature 1: s^T, up to its sum. log s_1(v) = T log s_T(v) - log sum s_T^T.
    one = s.square() if heat == 2 else s.pow(heat)
    total = one.sum(1, keepdim=True)
    shift = heat * normaliser + total.log()  # log sum exp of the logits themselves
    has_label = labels != IGNORED
    hard = has_label & ~soft
    mlm = ((shift.squeeze(1) - label_logit) * hard).sum()
    factor = has_label.to(s.dtype) * (weights.mlm * scale.mlm)
    corrections = None
    group = s.new_zeros(())
    if inside is not None and group_logits is not None:
        log_s = group_logits - shift[where]
        powered = q[where].square() if heat == 2 else q[where].pow(heat)
        log_q = inside - heat * teacher_normaliser[where] - powered.sum(1, keepdim=True).log()
        if soft.any():
            spread = spread_labels(constraint, labels[where].masked_fill(~soft[where], IGNORED), log_q.exp())
            mlm = mlm - (spread * log_s).sum()
            corrections = -weights.mlm * scale.mlm * spread
        if weights.group:
            target, own = log_q.exp(), log_s.exp()
            rest = (1 - target.sum(1)).clamp_min(1e-6), (1 - own.sum(1)).clamp_min(1e-6)
            others = torch.special.xlogy(rest[0], rest[0] / rest[1])
            group = (target * (log_q - log_s)).sum() + others.sum()
            strength = weights.group * scale.group
            factor = factor.index_put((where,), strength * (1 - rest[0] / rest[1]), accumulate=True)
            # `factor` takes the group words for others; this makes their gradient strength * (own - target).
            pull = strength * (own * (rest[0] / rest[1])[:, None] - target)
            corrections = pull if corrections is None else corrections + pull

    # Gradient, in the student's array: a_kd T (s_T - q_T) / N + s_1 * factor - targets.
    grad = s.sub_(q).mul_(weights.kd * heat * scale.kd)
    grad.addcmul_(one, factor[:, None] / total)
    hot = hard.to(grad.dtype) * (-weights.mlm * scale.mlm)
    grad.scatter_add_(1, picked, hot[:, None])
    if corrections is not None and columns is not None:
        grad.index_put_((where[:, None], columns), corrections, accumulate=True)
    return grad, torch.stack([kd, mlm * scale.mlm, group * scale.group])


def _project(states: Tensor, weight: Tensor, bias: Tensor | None, heat: float) -> Tensor:
    """Logits divided by the temperature; the division costs nothing inside the product."""
    if bias is None:
        return states.mm(weight.t()).div_(heat)
    return torch.addmm(bias, states, weight.t(), beta=1 / heat, alpha=1 / heat)


def hidden_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean over positions of 1 - cos between last hidden states [N, width] of both models."""
    return (1 - F.cosine_similarity(student, teacher, dim=1)).mean()
