"""The loss terms at the vocabulary, forward and backward in one pass over chunks of positions.

Both heads project a chunk of positions. The gradient with respect to the student's logits overwrites them, is
taken back to states and weights, and the array is used again. So there are only two arrays [chunk, V], and
they are processed in blocks of rows that stay in the processor's cache. With logits a (teacher) and b
(student) divided by the temperature T, q = softmax(a) and s = softmax(b), a position costs two exponentials a
token:

    KL(q || s) = sum q (a - b) - log sum exp a + log sum exp b
    its gradient: T^2 (s - q) / T;  s at temperature 1: s^T / sum s^T

Where T is neither 1 nor 2, s is divided by its largest entry before the power. Without that it would leave
the range of single precision: at T = 10 the sum of s^T may be 1e-40. Far below T = 1 the entries of s
themselves do (`fairkd.distill.config.sections` has the limits of T).
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
from fairkd.distill.losses.softmax import row_powers, softmax_in_place
from fairkd.distill.losses.targets import IGNORED, Targets, Weights
from fairkd.models import ROW_STEP

ROWS_IN_CACHE = 8  # for each thread
MIN_REST = 1e-6  # least probability of all words but the group words


class FusedLoss(torch.autograd.Function):
    """`fairkd.distill.losses.objective.fused_loss`. The forward pass computes the gradients, too."""

    @staticmethod
    def forward(
        ctx: Any,
        states: Tensor,
        weight: Tensor | None,
        bias: Tensor | None,
        targets: Targets,
        constraint: Constraint,
        weights: Weights,
        chunk: int,
        matmul_dtype: torch.dtype,
    ) -> tuple[Tensor, Tensor]:
        with torch.autocast(states.device.type, enabled=False):
            prepared = PreparedTargets.of(targets, constraint, weights)
            terms, ctx.grads = _run(
                prepared, states, weight, bias, targets, ctx.needs_input_grad, chunk, matmul_dtype
            )
        ctx.mark_non_differentiable(terms)
        total = weights.kd * terms[0] + weights.mlm * terms[1] + weights.group * terms[2]
        return total, terms

    @staticmethod
    def backward(ctx: Any, grad_total: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        # Passed on without a copy: the optimizer's gradients are these arrays.
        grads, ctx.grads = ctx.grads, None
        if grads is None:
            raise RuntimeError("The fused loss keeps its gradients for one backward pass only.")
        if grad_total.item() != 1:
            grads = [None if grad is None else grad.mul_(grad_total) for grad in grads]
        return (*grads, None, None, None, None, None)


@dataclass(frozen=True)
class PreparedTargets:
    """All positions [N] in the order in which they are processed.

    Attributes
    ----------
    order
        The processed positions as indices of the given ones; None if the order is the same.
    labels, constrained
        As in `Targets`, in this order.
    soft
        Where a soft label over the group words replaces the hard one.
    columns
        The group words [K]; None without a constraint.
    sharp
        The number of positions that need the student's distribution at temperature 1. They come first.
    mean_factors
        One over the numbers of positions of the terms kd, mlm and group.
    """

    constraint: Constraint
    weights: Weights
    order: Tensor | None
    labels: Tensor
    constrained: Tensor
    soft: Tensor
    columns: Tensor | None
    sharp: int
    mean_factors: tuple[float, float, float]

    @classmethod
    def of(cls, targets: Targets, constraint: Constraint, weights: Weights) -> PreparedTargets:
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
    def needs_group_words(self) -> bool:
        """Whether the group words' probabilities at temperature 1 are needed where `constrained`."""
        return self.columns is not None and (self.weights.group > 0 or self.weights.label == "soft")

    @property
    def needs_teacher(self) -> bool:
        """Whether the teacher's logits are needed."""
        return self.weights.kd > 0 or self.needs_group_words

    @property
    def used(self) -> int:
        """The number of positions that have a loss term at all. Without kd only the sharp ones do."""
        return len(self.labels) if self.weights.kd else self.sharp

    def in_given_order(self, rows: Tensor) -> Tensor:
        """Rows [used, width] at their places among all positions [N, width]; zeros at the others."""
        if self.order is None and self.used:
            return rows
        everywhere = rows.new_zeros(len(self.labels), rows.shape[1])
        if self.order is None:
            return everywhere
        return everywhere.index_copy_(0, self.order[: self.used], rows)

    @property
    def gradient_unit(self) -> float:
        """The factor of kd's gradient, applied at the end. Until then all others are relative to it."""
        return self.weights.kd * self.weights.temperature * self.mean_factors[0] or 1.0


def _run(
    prepared: PreparedTargets,
    states: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    targets: Targets,
    needs_grad: tuple[bool, ...],
    chunk: int,
    matmul_dtype: torch.dtype,
) -> tuple[Tensor, list[Tensor | None]]:
    """The three terms, and the gradients with respect to `states`, `weight` and `bias` that are needed."""
    device, vocabulary = states.device, len(weight) if weight is not None else states.shape[1]
    temperature, used, unit = prepared.weights.temperature, prepared.used, prepared.gradient_unit
    exact = torch.promote_types(matmul_dtype, torch.float32)
    # Products in a coarse format get one of few numbers of rows (`fairkd.models.bert_encoder.whole_rows`).
    row_step = 1 if matmul_dtype == exact else ROW_STEP
    size = _round_up(_even_chunk(used, chunk), row_step)
    shape = size, padded(vocabulary)
    student = _head("student", prepared, states, weight, bias, matmul_dtype, row_step)
    student_logits = scratch("student", shape, matmul_dtype, device)
    if prepared.needs_teacher:
        given = targets.states, targets.weight, targets.bias
        teacher = _head("teacher", prepared, *given, matmul_dtype, row_step)
        teacher_logits = scratch("teacher", shape, matmul_dtype, device)
    grad_states = torch.empty_like(student.states) if needs_grad[0] else None
    grad_weight = None
    if weight is not None and needs_grad[1]:
        # The first chunk overwrites it, the others add to it. It is passed on as it is, or converted.
        converted = matmul_dtype != weight.dtype
        grad_weight = (
            scratch("gradient", weight.shape, matmul_dtype, device) if converted else torch.empty_like(weight)
        )
        if not used:
            grad_weight.zero_()
    grad_bias = torch.zeros(padded(vocabulary), dtype=exact, device=device) if needs_grad[2] else None
    sums = torch.zeros(3, dtype=exact, device=device)
    for start in range(0, used, size):
        count = min(size, used - start)
        # The rows below `count` are zeros and have logits of zero, so they add nothing to a gradient.
        whole = slice(start, start + _round_up(count, row_step))
        student.logits(whole, out=student_logits)
        if prepared.needs_teacher:
            teacher.logits(whole, out=teacher_logits)
        for rows in _blocks(count, device):
            b = _as_dtype(student_logits[rows], exact, "student block")
            a = _as_dtype(teacher_logits[rows], exact, "teacher block") if prepared.needs_teacher else None
            b += student.bias
            if a is not None:
                a += teacher.bias
            sums += _block(prepared, a, b, slice(start + rows.start, start + rows.stop))
            if grad_bias is not None:
                grad_bias += b.sum(0)
            if matmul_dtype != exact:
                student_logits[rows] = b
        grad = student_logits[: whole.stop - start, :vocabulary]
        if grad_states is not None:
            student.to_states(grad, unit, out=grad_states[whole])
        if grad_weight is not None:
            grad_weight.addmm_(
                grad.t(), student.states[whole], beta=float(start > 0), alpha=unit * temperature
            )
    if grad_states is not None:
        grad_states = prepared.in_given_order(grad_states[:used].to(states.dtype))
    if weight is not None and grad_weight is not None:
        grad_weight = grad_weight.to(weight.dtype)
    if bias is not None and grad_bias is not None:
        grad_bias = grad_bias[:vocabulary].mul(unit).to(bias.dtype)
    terms = sums * sums.new_tensor(prepared.mean_factors)
    return terms, [grad_states, grad_weight, grad_bias]


@dataclass(frozen=True)
class _Head:
    """A vocabulary projection in the format of the matrix products. Its logits are divided by T.

    `bias` [columns] is exact. It is added to blocks in the cache, since a product that adds it costs two more
    passes. It gives columns beyond the vocabulary no probability.
    """

    states: Tensor
    weight: Tensor
    bias: Tensor

    def logits(self, span: slice, *, out: Tensor) -> None:
        """Fill the first rows of `out` [size, columns] with the logits without their bias."""
        count, vocabulary = span.stop - span.start, len(self.weight)
        torch.mm(self.states[span], self.weight.t(), out=out[:count, :vocabulary])
        out[:count, vocabulary:] = 0

    def to_states(self, grad: Tensor, unit: float, *, out: Tensor) -> None:
        """Fill `out` [n, width] with `unit` times the gradient of the states, from that of the logits."""
        out.addmm_(grad, self.weight, beta=0, alpha=unit)


class _GivenLogits(_Head):
    """`states` are logits [N, V] already, divided by T: the model's own forward pass has made them."""

    def logits(self, span: slice, *, out: Tensor) -> None:
        count, vocabulary = span.stop - span.start, self.states.shape[1]
        out[:count, :vocabulary], out[:count, vocabulary:] = self.states[span], 0

    def to_states(self, grad: Tensor, unit: float, *, out: Tensor) -> None:
        torch.mul(grad, unit, out=out)


def _head(
    name: str,
    prepared: PreparedTargets,
    states: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    matmul_dtype: torch.dtype,
    row_step: int,
) -> _Head:
    """`states` [N, width] are cut to the used rows, and padded with zeros to a multiple of `row_step`."""
    temperature = prepared.weights.temperature
    states = (states if prepared.order is None else states[prepared.order])[: prepared.used]
    states = F.pad(states / temperature, (0, 0, 0, -len(states) % row_step)).to(matmul_dtype)
    exact = torch.promote_types(matmul_dtype, torch.float32)
    vocabulary = len(weight) if weight is not None else states.shape[1]
    whole = states.new_full((padded(vocabulary),), torch.finfo(exact).min / 4, dtype=exact)
    whole[:vocabulary] = 0 if bias is None else bias / temperature
    if weight is None:
        return _GivenLogits(states, states, whole)
    return _Head(states, _as_dtype(weight, matmul_dtype, f"{name} weight"), whole)


def _block(prepared: PreparedTargets, a: Tensor | None, b: Tensor, span: slice) -> Tensor:
    """Replace the student's logits / T in `b` [n, columns] by their gradient; returns sums [3] of the terms.

    `a` are the teacher's logits / T at the same positions `span`.
    """
    weights, labels = prepared.weights, prepared.labels[span]
    temperature = weights.temperature
    buffer = scratch("buffer", b.shape, b.dtype, b.device)
    sums = b.new_zeros(3)
    words = None
    if a is not None and prepared.columns is not None:
        words = _GroupWords.edit_teacher(prepared, a, b, span)
    label_columns = labels.clamp_min(0)[:, None]
    label_logits = b.gather(1, label_columns) * temperature
    if a is not None and weights.kd:
        torch.sub(a, b, out=buffer)
    normaliser = softmax_in_place(b)
    if a is not None:
        teacher_normaliser = softmax_in_place(a)
        if weights.kd:
            expected = buffer.flatten().dot(a.flatten())
            sums[0] = temperature**2 * (expected + (normaliser - teacher_normaliser).sum())
        if words is not None and prepared.needs_group_words:
            log_total = row_powers(a, temperature, buffer)[2]
            words.log_q -= (temperature * teacher_normaliser + log_total)[words.rows]
    is_sharp = span.start < prepared.sharp
    if is_sharp:
        powers, total, log_total = row_powers(b, temperature, buffer)
        log_normaliser = temperature * normaliser + log_total  # log sum exp of the undivided logits
    if a is not None and weights.kd:
        b.sub_(a)
    else:
        b.zero_()
    if not is_sharp:
        return sums
    # To b = s - q the terms at temperature 1 are added: their softmax times `factor`, minus the labels.
    has_label = labels != IGNORED
    hard = has_label & ~prepared.soft[span]
    mlm = weights.mlm * prepared.mean_factors[1] / prepared.gradient_unit
    factor = has_label.to(b.dtype) * mlm
    sums[1] = ((log_normaliser - label_logits).squeeze(1) * hard).sum()
    if words is not None and prepared.needs_group_words:
        words.log_s -= log_normaliser[words.rows]
        words.add_terms(prepared, span, b, factor, sums)
    b.addcmul_(powers, factor[:, None] / total)
    b.scatter_add_(1, label_columns, hard.to(b.dtype)[:, None] * -mlm)
    return sums


@dataclass
class _GroupWords:
    """log q and log s at temperature 1 of the K group words at the M constrained positions of a block.

    `rows` [M] are rows of the block. Both logs [M, K] lack their normalisers at first.
    """

    rows: Tensor
    log_q: Tensor
    log_s: Tensor

    @classmethod
    def edit_teacher(cls, prepared: PreparedTargets, a: Tensor, b: Tensor, span: slice) -> _GroupWords | None:
        """Apply the constraint to the teacher's logits / T in place; None if it applies nowhere."""
        rows = torch.nonzero(prepared.constrained[span]).flatten()
        if not len(rows):
            return None
        assert prepared.columns is not None
        at, temperature = (rows[:, None], prepared.columns), prepared.weights.temperature
        edited = prepared.constraint.edit(a[at] * temperature)
        a[at] = edited / temperature
        return cls(rows, edited, b[at] * temperature)

    def add_terms(
        self, prepared: PreparedTargets, span: slice, grad: Tensor, factor: Tensor, sums: Tensor
    ) -> None:
        """Add soft labels and the group term to `grad` [n, columns], `factor` [n] and `sums` [3]."""
        weights, rows = prepared.weights, self.rows
        soft = prepared.soft[span][rows]
        own_grad = torch.zeros_like(self.log_s)
        if weights.label == "soft":
            labels = prepared.labels[span][rows].masked_fill(~soft, IGNORED)
            label = soft_labels(prepared.constraint, labels, self.log_q.exp())
            sums[1] -= (label * self.log_s).sum()
            own_grad -= weights.mlm * prepared.mean_factors[1] / prepared.gradient_unit * label
        if weights.group:
            q, s = self.log_q.exp(), self.log_s.exp()
            q_rest, s_rest = (1 - q.sum(1)).clamp_min(MIN_REST), (1 - s.sum(1)).clamp_min(MIN_REST)
            ratio = q_rest / s_rest
            others = torch.special.xlogy(q_rest, ratio)
            sums[2] = (q * (self.log_q - self.log_s)).sum() + others.sum()
            strength = weights.group * prepared.mean_factors[2] / prepared.gradient_unit
            factor.index_add_(0, rows, strength * (1 - ratio))
            # `factor` treats the group words like all others; this makes their gradient strength * (s - q).
            own_grad += strength * (s * ratio[:, None] - q)
        grad.index_put_((rows[:, None], prepared.columns), own_grad, accumulate=True)


def _as_dtype(x: Tensor, dtype: torch.dtype, name: str) -> Tensor:
    """The array itself, or a converted copy in the scratch buffer `name`."""
    return x if x.dtype == dtype else scratch(name, x.shape, dtype, x.device).copy_(x)


def _even_chunk(count: int, most: int) -> int:
    """The size of nearly equal chunks of at most `most`; at least 1."""
    return max(1, math.ceil(count / max(1, math.ceil(count / most))))


def _round_up(count: int, step: int) -> int:
    """The next multiple of `step`."""
    return math.ceil(count / step) * step


def _blocks(count: int, device: torch.device) -> Iterator[slice]:
    """Rows that are processed together: few on a CPU, to stay in its cache, all of them elsewhere."""
    rows = ROWS_IN_CACHE * torch.get_num_threads() if device.type == "cpu" else count
    return (slice(start, min(start + rows, count)) for start in range(0, count, rows))
