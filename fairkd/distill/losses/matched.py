"""The loss of a student whose vocabulary differs from its teacher's, forward and backward in chunks.

The distributions are compared over classes of tokens that mean the same (`fairkd.models.VocabularyMatch`).
With P and S what teacher (after the constraint) and student give to the classes at temperature 1, "other"
among them, and P_T, S_T proportional to their powers 1 / T:

    a_kd T^2 KL(P_T || S_T) + a_mlm CE + a_group KL(Q || R)

The temperature comes after the classes. Before them it would make classes of many tokens more likely, above
all "other", and the two models have other numbers of tokens in it. CE is over the student's own tokens, at
words of any number of tokens. Q and R are P and S at the group words, with all other classes as one.

With one and the same vocabulary every class is one token, and the loss is that of `fused_loss`.

With b the student's logits, B_c = log sum exp b over the tokens of class c and g the gradient with respect to
B, that with respect to b_u is g_c exp(b_u - B_c). Arrays are [V, positions]: the sums over classes then add
whole rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from fairkd.constraints import Constraint, soft_labels
from fairkd.distill.losses.fused import MIN_REST
from fairkd.distill.losses.targets import IGNORED, Weights
from fairkd.models import VocabularyMatch

MOST_ROWS = 128  # of a chunk: some six arrays [V, MOST_ROWS] are alive at once


@dataclass(frozen=True)
class MatchedTargets:
    """What the student is trained on at N positions, and K comparisons of these with the teacher's.

    Attributes
    ----------
    states, weight, bias
        The teacher's states [K, width] after its head's transform, and its vocabulary projection. Without a
        weight, `states` are logits [K, V].
    rows
        Which of the N positions each of the K is. A position may be there several times.
    forms, matches
        The form number [K] of each, and the match of the vocabularies at each form.
    constrained
        Where the constraint applies [K].
    labels
        The student's original tokens [N]; IGNORED where none was masked.
    """

    states: Tensor
    weight: Tensor | None
    bias: Tensor | None
    rows: Tensor
    forms: Tensor
    matches: dict[int, VocabularyMatch]
    constrained: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Constraints:
    """One constraint as tokens of the teacher, which are edited, and of the student, for its labels."""

    teacher: Constraint
    student: Constraint


def matched_loss(
    states: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    targets: MatchedTargets,
    constraints: Constraints,
    weights: Weights,
    *,
    chunk: int = MOST_ROWS,
    matmul_dtype: torch.dtype | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """The weighted sum of the kd, mlm and group terms, and each of them unweighted.

    `states` [N, width], `weight` [V, width] and `bias` [V] are the student's; without a weight, `states` are
    its logits [N, V]. Returns as `fused_loss` does.
    """
    if weight is None or targets.weight is None:
        matmul_dtype = torch.promote_types(states.dtype, torch.float32)  # logits are not rounded again
    total, terms = _MatchedLoss.apply(
        states,
        weight,
        bias,
        targets,
        constraints,
        weights,
        min(chunk, MOST_ROWS),
        matmul_dtype or states.dtype,
    )
    return total, dict(zip(("kd", "mlm", "group"), terms.unbind(), strict=True))


class _MatchedLoss(torch.autograd.Function):
    """`matched_loss`. The forward pass computes the gradients, too."""

    @staticmethod
    def forward(
        ctx: Any,
        states: Tensor,
        weight: Tensor | None,
        bias: Tensor | None,
        targets: MatchedTargets,
        constraints: Constraints,
        weights: Weights,
        chunk: int,
        matmul_dtype: torch.dtype,
    ) -> tuple[Tensor, Tensor]:
        soft = weights.label == "soft" and constraints.teacher.active
        needs_teacher = bool(weights.kd or soft or (weights.group and constraints.teacher.active))
        with torch.autocast(states.device.type, enabled=False):
            pass_ = _Pass(
                states, weight, bias, targets, constraints, weights, matmul_dtype, ctx.needs_input_grad
            )
            for form, rows, places in _parts(targets, len(states), chunk, needs_teacher):
                pass_.add(form, rows, places)
        counts = len(targets.rows), int((targets.labels != IGNORED).sum()), int(targets.constrained.sum())
        terms = pass_.sums / pass_.sums.new_tensor([max(1, count) for count in counts])
        ctx.grads = pass_.gradients()
        ctx.mark_non_differentiable(terms)
        return weights.kd * terms[0] + weights.mlm * terms[1] + weights.group * terms[2], terms

    @staticmethod
    def backward(ctx: Any, grad_total: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        grads, ctx.grads = ctx.grads, None
        if grads is None:
            raise RuntimeError("The matched loss keeps its gradients for one backward pass only.")
        scaled = (None if grad is None else grad.mul_(grad_total) for grad in grads)
        return (*scaled, None, None, None, None, None)


def _parts(
    targets: MatchedTargets, count: int, chunk: int, needs_teacher: bool
) -> Iterator[tuple[int | None, Tensor, Tensor]]:
    """Chunks of positions with one form (None: only a label), each with its places among the K."""
    paired = torch.zeros(count, dtype=torch.bool, device=targets.rows.device)
    paired[targets.rows] = needs_teacher
    for form in targets.forms.unique().tolist() if needs_teacher else ():
        for places in torch.nonzero(targets.forms == form).flatten().split(chunk):
            yield form, targets.rows[places], places
    alone = torch.nonzero(~paired & (targets.labels != IGNORED)).flatten()
    for rows in alone.split(chunk):
        if len(rows):
            yield None, rows, rows[:0]


class _Pass:
    """The sums of the terms and the gradients of all chunks so far."""

    def __init__(
        self,
        states: Tensor,
        weight: Tensor | None,
        bias: Tensor | None,
        targets: MatchedTargets,
        constraints: Constraints,
        weights: Weights,
        matmul_dtype: torch.dtype,
        needs_grad: Sequence[bool],
    ) -> None:
        self.exact = torch.promote_types(matmul_dtype, torch.float32)
        self.states, self.bias = states.to(matmul_dtype), bias
        self.weight = None if weight is None else weight.to(matmul_dtype)
        self.given = states, weight, bias
        self.teacher_states = targets.states.to(matmul_dtype)
        self.teacher_weight = None if targets.weight is None else targets.weight.to(matmul_dtype)
        self.targets, self.constraints, self.weights = targets, constraints, weights
        device = states.device
        self.kd, self.mlm, self.group = (
            factor / max(1, int(count))
            for factor, count in (
                (weights.kd, len(targets.rows)),
                (weights.mlm, (targets.labels != IGNORED).sum()),
                (weights.group, targets.constrained.sum()),
            )
        )
        # A position may be compared several times, but its label is learnt once: at the first of its places.
        places = torch.arange(len(targets.rows), device=device)
        self.first = places.new_full((len(states),), len(places))
        self.first.scatter_reduce_(0, targets.rows, places, "amin")
        self.sums = torch.zeros(3, dtype=self.exact, device=device)
        self.grad_states, self.grad_weight, self.grad_bias = (
            torch.zeros_like(given, dtype=self.exact) if given is not None and needed else None
            for given, needed in zip(self.given, needs_grad, strict=False)
        )

    def gradients(self) -> list[Tensor | None]:
        """With respect to states, weight and bias; None for those that are not needed."""
        grads = self.grad_states, self.grad_weight, self.grad_bias
        return [
            None if grad is None or given is None else grad.to(given.dtype)
            for grad, given in zip(grads, self.given, strict=True)
        ]

    def add(self, form: int | None, rows: Tensor, places: Tensor) -> None:
        """Add the terms and gradients of the positions `rows` [n], with the teacher's at `places` [n]."""
        states = self.states[rows]
        b = _logits(states, self.weight, self.bias, self.exact)
        soft = None
        if form is None:
            grad = torch.zeros_like(b)
        else:
            grad, soft = self._compare(form, b, rows, places)
        learnt = rows if form is None else rows.where(self.first[rows] == places, -1)
        self._learn_labels(b, learnt, soft, grad)
        grad = grad.to(states.dtype)
        if self.grad_states is not None:
            own = grad.t() if self.weight is None else grad.t() @ self.weight
            self.grad_states.index_add_(0, rows, own.to(self.exact))
        if self.grad_weight is not None:
            self.grad_weight += (grad @ states).to(self.exact)
        if self.grad_bias is not None:
            self.grad_bias += grad.sum(1, dtype=self.exact)

    def _compare(self, form: int, b: Tensor, rows: Tensor, places: Tensor) -> tuple[Tensor, Tensor | None]:
        """The gradient [V, n] of kd and group, and soft labels [n, K] where they replace the hard ones."""
        match, constrained = self.targets.matches[form], self.targets.constrained[places]
        temperature, members = self.weights.temperature, match.student.to(b.device)
        a = self._teacher_logits(places, constrained)
        one, other = match.class_logits(a, "teacher"), match.class_logits(b, "student")
        p, s = ((x / temperature).log_softmax(0) for x in (one, other))
        if self.weights.kd:
            self.sums[0] += temperature**2 * (p.exp() * (p - s)).sum()
        by_class = self.kd * temperature * (s.exp() - p.exp())
        at = torch.nonzero(constrained).flatten()
        if self.weights.group and len(at):
            by_class[:, at] += self._balance(match, one[:, at], other[:, at])
        # Tokens that are left out get no gradient; "other" has none of the student's tokens if it is missing.
        without = match.classes + 2 - len(other), other.shape[1]
        by_class = torch.cat([by_class, by_class.new_zeros(without)])
        other = torch.cat([other, other.new_full(without, torch.inf)])
        share = (b - other[members]).exp_()
        soft = None
        if self.weights.label == "soft" and self.constraints.student.active and len(at):
            columns = self.constraints.student.columns.to(b.device)
            inside = one.log_softmax(0).exp()[members[columns]] * share[columns]
            labels = self.targets.labels[rows].masked_fill(~constrained, IGNORED)
            soft = soft_labels(self.constraints.student, labels, inside.t())
        return share.mul_(by_class[members]), soft

    def _teacher_logits(self, places: Tensor, constrained: Tensor) -> Tensor:
        """The teacher's logits [V, n] after the constraint."""
        a = _logits(self.teacher_states[places], self.teacher_weight, self.targets.bias, self.exact)
        constraint, at = self.constraints.teacher, torch.nonzero(constrained).flatten()
        if constraint.active and len(at):
            where = constraint.columns.to(a.device)[:, None], at
            a[where] = constraint.edit(a[where].t()).t()
        return a

    def _balance(self, match: VocabularyMatch, one: Tensor, other: Tensor) -> Tensor:
        """The group term's gradient [C, n] with respect to the student's logits of the classes."""
        p, s = one.log_softmax(0), other.log_softmax(0)
        words = torch.cat(
            [
                members[constraint.columns]
                for members, constraint in (
                    (match.teacher, self.constraints.teacher),
                    (match.student, self.constraints.student),
                )
            ]
        ).unique()
        words = words[words < match.classes].to(p.device)
        log_q, log_r = p[words], s[words]
        q, r = log_q.exp(), log_r.exp()
        q_rest, r_rest = ((1 - x.sum(0)).clamp_min(MIN_REST) for x in (q, r))
        ratio = q_rest / r_rest
        self.sums[2] += (q * (log_q - log_r)).sum() + torch.special.xlogy(q_rest, ratio).sum()
        grad = s.exp() * (1 - ratio)
        grad[words] = r - q
        return self.group * grad

    def _learn_labels(self, b: Tensor, rows: Tensor, soft: Tensor | None, grad: Tensor) -> None:
        """Add the mlm term to the sums, and its gradient to `grad` [V, n]; not at rows of -1."""
        labels = self.targets.labels[rows].masked_fill(rows < 0, IGNORED)
        at = torch.nonzero(labels != IGNORED).flatten()
        if not (len(at) and self.weights.mlm):
            return
        log_s = b[:, at].log_softmax(0)
        target = torch.zeros_like(log_s)
        target[labels[at], torch.arange(len(at), device=b.device)] = 1
        if soft is not None:
            replaced = torch.nonzero(soft[at].sum(1) > 0).flatten()
            columns = self.constraints.student.columns.to(b.device)
            target[:, replaced] = 0
            target[columns[:, None], replaced] = soft[at][replaced].t()
        self.sums[1] -= (target * log_s).sum()
        grad[:, at] += self.mlm * (log_s.exp_() - target)


def _logits(states: Tensor, weight: Tensor | None, bias: Tensor | None, dtype: torch.dtype) -> Tensor:
    """Logits [V, n] of states [n, width]; without a weight, the states are logits [n, V] already."""
    if weight is None:
        return states.t().to(dtype, copy=True)
    logits = (weight @ states.t()).to(dtype)
    return logits if bias is None else logits.add_(bias[:, None].to(dtype))
