"""The objective at the vocabulary, forward and backward in one pass over chunks of positions.

A chunk of positions is projected by both heads; the gradient with respect to the student's logits is written
down directly, in the array that held them; it is taken back to states and weights, and the array is used
again. Two arrays [chunk, V] are all there is, and the passes over them go by blocks of rows that stay in the
processor's cache. With logits a (teacher) and b (student) divided by the temperature T, q = softmax(a) and
s = softmax(b), a position costs two exponentials a word:

    KL(q || s) = sum q (a - b) - log sum exp a + log sum exp b
    its gradient: T^2 (s - q) / T;  s at temperature 1: s^T / sum s^T

Where T is neither 1 nor 2, s is divided by its largest entry before the power, which would leave the range of
single precision otherwise: at T = 10 the sum of s^T may be 1e-40. Far below T = 1 the entries of s themselves
do (`fairkd.distill.config.sections` has the bounds).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, assert_never

import torch
import torch.nn.functional as F
from torch import Tensor

from fairkd.constraints import Constraint, soft_labels
from fairkd.distill.losses.scratch_memory import padded, scratch
from fairkd.distill.losses.targets import IGNORED, Targets, Weights
from fairkd.models import ROW_STEP

ROWS_IN_CACHE = 32
LEAST_REST = 1e-6


class FusedLoss(torch.autograd.Function):
    """`fairkd.distill.losses.objective.fused_loss`; the gradients are ready when the forward pass is."""

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
        products: torch.dtype,
    ) -> tuple[Tensor, Tensor]:
        with torch.autocast(states.device.type, enabled=False):
            plan = Plan.of(targets, constraint, weights)
            parts, ctx.grads = _run(
                plan, states, weight, bias, targets, ctx.needs_input_grad, chunk, products
            )
        ctx.mark_non_differentiable(parts)
        total = weights.kd * parts[0] + weights.mlm * parts[1] + weights.group * parts[2]
        return total, parts

    @staticmethod
    def backward(ctx: Any, grad_total: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        # Handed over, not copied: the optimizer's gradients are these arrays.
        grads, ctx.grads = ctx.grads, None
        if grads is None:
            raise RuntimeError("The fused objective keeps its gradients for one backward pass only.")
        if grad_total.item() != 1:
            grads = [None if grad is None else grad.mul_(grad_total) for grad in grads]
        return (*grads, None, None, None, None, None)


@dataclass(frozen=True)
class Plan:
    """All positions [N] in the order in which they are worked on, and what is the same for all.

    `order` is None where nothing moves. The first `sharp` positions need the student's distribution at
    temperature 1. `means` are one over the numbers of positions of the terms kd, mlm and group. `taught`
    says whether the teacher's logits are needed, `soft` where a label is spread over the group words, and
    `coarse` whether the group words' probabilities at temperature 1 are needed where `constrained`.
    """

    constraint: Constraint
    weights: Weights
    order: Tensor | None
    labels: Tensor
    constrained: Tensor
    soft: Tensor
    columns: Tensor | None
    sharp: int
    means: tuple[float, float, float]

    @classmethod
    def of(cls, targets: Targets, constraint: Constraint, weights: Weights) -> Plan:
        labels, constrained = targets.labels, targets.constrained
        soft = torch.zeros_like(labels, dtype=torch.bool)
        columns = constraint.columns.to(labels.device) if constraint.active else None
        if columns is not None and weights.label != "keep":
            group_word = torch.isin(labels, columns) & constrained
            match weights.label:
                case "drop":
                    labels = labels.masked_fill(group_word, IGNORED)
                case "soft":
                    soft = group_word
                case _:
                    assert_never(weights.label)
        labelled = labels != IGNORED
        counts = len(labels), int(labelled.sum()), int(constrained.sum())
        at_one = labelled | constrained if weights.group and columns is not None else labelled
        sharp = int(at_one.sum())
        order = None
        if 0 < sharp < len(labels):
            order = torch.argsort(~at_one, stable=True)
            labels, constrained, soft = labels[order], constrained[order], soft[order]
        kd, mlm, group = (1 / max(1, count) for count in counts)
        return cls(constraint, weights, order, labels, constrained, soft, columns, sharp, (kd, mlm, group))

    @property
    def coarse(self) -> bool:
        return self.columns is not None and (self.weights.group > 0 or self.weights.label == "soft")

    @property
    def taught(self) -> bool:
        return self.weights.kd > 0 or self.coarse

    @property
    def used(self) -> int:
        """How many positions have a term at all: without kd, the sharp ones alone."""
        return len(self.labels) if self.weights.kd else self.sharp

    def placed(self, rows: Tensor) -> Tensor:
        """Rows [used, width] at their positions among all [N, width], where the others are zero."""
        if self.order is None and self.used:
            return rows
        everywhere = rows.new_zeros(len(self.labels), rows.shape[1])
        if self.order is None:
            return everywhere
        return everywhere.index_copy_(0, self.order[: self.used], rows)

    @property
    def unit(self) -> float:
        """What the gradient of kd is multiplied by at the end: all others are written down in this unit."""
        return self.weights.kd * self.weights.temperature * self.means[0] or 1.0


def _run(
    plan: Plan,
    states: Tensor,
    weight: Tensor,
    bias: Tensor,
    targets: Targets,
    wants: tuple[bool, ...],
    chunk: int,
    products: torch.dtype,
) -> tuple[Tensor, list[Tensor | None]]:
    """The three terms, and the gradients with respect to `states`, `weight` and `bias` that are wanted."""
    temperature, used, device, vocabulary = plan.weights.temperature, plan.used, states.device, len(weight)
    exact = torch.promote_types(products, torch.float32)
    # Products of a coarse format get one of few numbers of rows (`fairkd.models.mlm_head.whole_rows`).
    step = 1 if products == exact else ROW_STEP
    size = _up(_even(used, chunk), step)
    shape = size, padded(vocabulary)
    student = _Head.of("student", plan, states, weight, bias, products, step)
    logits = scratch("student", shape, products, device)
    if plan.taught:
        teacher = _Head.of("teacher", plan, targets.states, targets.weight, targets.bias, products, step)
        wanted = scratch("teacher", shape, products, device)
    grad_states = torch.empty_like(student.states) if wants[0] else None
    grad_weight = None
    if wants[1]:
        # The first chunk writes it, the others add to it. It is handed over where nothing converts it.
        kept = products != weight.dtype
        grad_weight = (
            scratch("gradient", weight.shape, products, device) if kept else torch.empty_like(weight)
        )
        if not used:
            grad_weight.zero_()
    grad_bias = torch.zeros(padded(vocabulary), dtype=exact, device=device) if wants[2] else None
    sums = torch.zeros(3, dtype=exact, device=device)
    for start in range(0, used, size):
        count = min(size, used - start)
        # Rows below are zeros and have logits of zero, so they add nothing to a gradient.
        whole = slice(start, start + _up(count, step))
        student.logits(whole, out=logits)
        if plan.taught:
            teacher.logits(whole, out=wanted)
        for rows in _blocks(count, device):
            b = _converted(logits[rows], "student block", exact)
            a = _converted(wanted[rows], "teacher block", exact) if plan.taught else None
            b += student.bias
            if a is not None:
                a += teacher.bias
            sums += _block(plan, a, b, slice(start + rows.start, start + rows.stop))
            if grad_bias is not None:
                grad_bias += b.sum(0)
            if products != exact:
                logits[rows] = b
        grad = logits[: whole.stop - start, :vocabulary]
        if grad_states is not None:
            grad_states[whole].addmm_(grad, student.weight, beta=0, alpha=plan.unit)
        if grad_weight is not None:
            grad_weight.addmm_(
                grad.t(), student.states[whole], beta=float(start > 0), alpha=plan.unit * temperature
            )
    if grad_states is not None:
        grad_states = plan.placed(grad_states[:used].to(states.dtype))
    if grad_weight is not None:
        grad_weight = grad_weight.to(weight.dtype)
    if grad_bias is not None:
        grad_bias = grad_bias[:vocabulary].mul(plan.unit).to(bias.dtype)
    parts = sums * sums.new_tensor(plan.means)
    return parts, [grad_states, grad_weight, grad_bias]


@dataclass(frozen=True)
class _Head:
    """A vocabulary projection, in the products' format, whose logits come out divided by the temperature.

    `bias` [columns] is exact, and is added to blocks in the cache: a product that adds it costs two passes
    more. Columns beyond the vocabulary get no probability by it.
    """

    states: Tensor
    weight: Tensor
    bias: Tensor

    @classmethod
    def of(
        cls,
        name: str,
        plan: Plan,
        states: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        products: torch.dtype,
        step: int,
    ) -> _Head:
        """`states` [N, width] as far as they are used, with zeros below up to a multiple of `step` rows."""
        temperature = plan.weights.temperature
        states = (states if plan.order is None else states[plan.order])[: plan.used]
        states = F.pad(states / temperature, (0, 0, 0, -len(states) % step)).to(products)
        exact, vocabulary = torch.promote_types(products, torch.float32), len(weight)
        whole = states.new_full((padded(vocabulary),), torch.finfo(exact).min / 4, dtype=exact)
        whole[:vocabulary] = 0 if bias is None else bias / temperature
        return cls(states, _converted(weight, f"{name} weight", products), whole)

    def logits(self, span: slice, *, out: Tensor) -> None:
        """Fill the first rows of `out` [size, columns] with logits that lack their bias."""
        count, vocabulary = span.stop - span.start, len(self.weight)
        torch.mm(self.states[span], self.weight.t(), out=out[:count, :vocabulary])
        out[:count, vocabulary:] = 0


def _block(plan: Plan, a: Tensor | None, b: Tensor, span: slice) -> Tensor:
    """Turn logits / T [n, columns] at the positions `span` into the gradient, in `b`; sums [3] of the terms.

    `a` are the teacher's logits, `b` the student's.
    """
    temperature, weights, labels = plan.weights.temperature, plan.weights, plan.labels[span]
    spare = scratch("spare", b.shape, b.dtype, b.device)
    sums = b.new_zeros(3)
    words = None if a is None or plan.columns is None else _GroupWords.edit(plan, a, b, span)
    picked = labels.clamp_min(0)[:, None]
    label_logits = b.gather(1, picked) * temperature
    if a is not None and weights.kd:
        torch.sub(a, b, out=spare)
    normaliser = _softmax(b)
    if a is not None:
        teacher_normaliser = _softmax(a)
        if weights.kd:
            sums[0] = temperature**2 * (spare.mul_(a).sum() + (normaliser - teacher_normaliser).sum())
        if words is not None and plan.coarse:
            log_powers = _power(a, temperature, spare)[2]
            words.log_q -= (temperature * teacher_normaliser + log_powers)[words.where]

    sharp = span.start < plan.sharp
    if sharp:
        one, total, log_powers = _power(b, temperature, spare)
        shift = temperature * normaliser + log_powers  # log sum exp of the undivided logits
    if a is not None and weights.kd:
        b.sub_(a)
    else:
        b.zero_()
    if not sharp:
        return sums
    # From here on b = s - q grows by s_1 * factor - labels.
    has_label = labels != IGNORED
    hard = has_label & ~plan.soft[span]
    mlm = weights.mlm * plan.means[1] / plan.unit
    factor = has_label.to(b.dtype) * mlm
    sums[1] = ((shift - label_logits).squeeze(1) * hard).sum()
    if words is not None and plan.coarse:
        words.log_s -= shift[words.where]
        words.add(plan, span, b, factor, sums)
    b.addcmul_(one, factor[:, None] / total)
    b.scatter_add_(1, picked, hard.to(b.dtype)[:, None] * -mlm)
    return sums


@dataclass
class _GroupWords:
    """log q and log s at temperature 1 of the K group words at the M constrained positions of a block.

    `where` [M] are rows of the block. Both logs [M, K] are short of their normalisers at first.
    """

    where: Tensor
    log_q: Tensor
    log_s: Tensor

    @classmethod
    def edit(cls, plan: Plan, a: Tensor, b: Tensor, span: slice) -> _GroupWords | None:
        """Put the constraint's edit into the teacher's logits / T; None where it applies nowhere."""
        where = torch.nonzero(plan.constrained[span]).flatten()
        if not len(where):
            return None
        assert plan.columns is not None
        at, temperature = (where[:, None], plan.columns), plan.weights.temperature
        edited = plan.constraint.edit(a[at] * temperature)
        a[at] = edited / temperature
        return cls(where, edited, b[at] * temperature)

    def add(self, plan: Plan, span: slice, grad: Tensor, factor: Tensor, sums: Tensor) -> None:
        """Add the spread labels and the group term to `grad` [n, columns], `factor` [n] and `sums` [3]."""
        weights, soft, where = plan.weights, plan.soft[span][self.where], self.where
        pull = torch.zeros_like(self.log_s)
        if weights.label == "soft":
            labels = plan.labels[span][where].masked_fill(~soft, IGNORED)
            spread = soft_labels(plan.constraint, labels, self.log_q.exp())
            sums[1] -= (spread * self.log_s).sum()
            pull -= weights.mlm * plan.means[1] / plan.unit * spread
        if weights.group:
            target, own = self.log_q.exp(), self.log_s.exp()
            rest = (1 - target.sum(1)).clamp_min(LEAST_REST), (1 - own.sum(1)).clamp_min(LEAST_REST)
            ratio = rest[0] / rest[1]
            others = torch.special.xlogy(rest[0], ratio)
            sums[2] = (target * (self.log_q - self.log_s)).sum() + others.sum()
            strength = weights.group * plan.means[2] / plan.unit
            factor.index_add_(0, where, strength * (1 - ratio))
            # `factor` takes the group words for others; this makes their gradient strength * (own - target).
            pull += strength * (own * ratio[:, None] - target)
        grad.index_put_((where[:, None], plan.columns), pull, accumulate=True)


def _softmax(x: Tensor) -> Tensor:
    """Turn rows into their softmax, in place; log sum exp of each [n, 1]."""
    top = x.amax(1, keepdim=True)
    if x.is_cpu:
        torch.softmax(x, 1, out=x)
    else:  # elsewhere a kernel may read a row again after having written to it
        x.copy_(torch.softmax(x, 1))
    return top - x.amax(1, keepdim=True).log()


def _power(x: Tensor, temperature: float, out: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Rows of x ** temperature, each times a factor of its own, in `out`; their sums, and log sum x **
    temperature [n, 1].

    The usual exponents need no exponential, and no factor either: no row's largest entry is below 1 / V.
    """
    if temperature in (1, 2):
        powers = out.copy_(x) if temperature == 1 else torch.mul(x, x, out=out)
        total = powers.sum(1, keepdim=True)
        return powers, total, total.log()
    top = x.amax(1, keepdim=True)
    powers = torch.div(x, top, out=out).pow_(temperature)
    total = powers.sum(1, keepdim=True)
    return powers, total, temperature * top.log() + total.log()


def _converted(x: Tensor, name: str, dtype: torch.dtype) -> Tensor:
    """The array itself, or a copy of it in scratch memory where its format is another."""
    return x if x.dtype == dtype else scratch(name, x.shape, dtype, x.device).copy_(x)


def _even(count: int, most: int) -> int:
    """The size of nearly equal parts of at most `most`; 1 where there is nothing to part."""
    return max(1, math.ceil(count / max(1, math.ceil(count / most))))


def _up(count: int, step: int) -> int:
    """The next multiple of `step`."""
    return math.ceil(count / step) * step


def _blocks(count: int, device: torch.device) -> Iterator[slice]:
    """Rows worked on together: few on the processor for its cache, all of them elsewhere."""
    rows = ROWS_IN_CACHE if device.type == "cpu" else count
    return (slice(start, min(start + rows, count)) for start in range(0, count, rows))
