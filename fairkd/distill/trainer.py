"""One optimizer step: both encoders at the positions to train on, the fused loss, gradients of all processes.

The batches of a step are computed one after the other, and on several processes at once. Each loss term is a
mean over positions, and batches hold unequal numbers of them. So the terms of a batch are weighted by its
share of the step's positions, and gradients are summed: a step is the same however its batches are
distributed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import cached_property

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from transformers import PreTrainedModel

from fairkd.constraints import Constraint, Correction, TeacherOutput
from fairkd.distill.config import Config
from fairkd.distill.data import Batch
from fairkd.distill.dropout import has_dropout, noise_seed, training_mode
from fairkd.distill.losses import IGNORED, Targets, Weights, fused_loss, hidden_loss
from fairkd.distill.optimizer import make_optimizer
from fairkd.distill.precision import FORMATS, autocast, in_format, make_accelerator, resolve_precision
from fairkd.distill.prepared_batch import PositionCounts, PreparedBatch
from fairkd.distill.relation_term import RelationTerm
from fairkd.distill.teacher_cache import TeacherCache
from fairkd.errors import FairKDError, ModelError
from fairkd.models import (
    MaskedLM,
    Projection,
    bf16_copy,
    head_input,
    projection_of,
    reason,
    rows_of,
    states_and_head_input,
    states_width,
)
from fairkd.utils import is_lack_of_memory

LOSSES = ("loss", "kd", "mlm", "hidden", "group", "relations")


class Trainer:
    """Both models on the device, the optimizer, and one step with them."""

    def __init__(
        self,
        teacher: MaskedLM,
        student: MaskedLM,
        constraint: Constraint,
        config: Config,
        accelerator: Accelerator | None = None,
        *,
        kept: Sequence[int] | None = None,
        correction: Correction | None = None,
    ) -> None:
        """Moves both models to the accelerator's device: pass copies if they must stay where they are.

        `constraint` has the student's tokens, `correction` is of the teacher. `kept` are the teacher's tokens
        that a trimmed student has, in the student's order: it learns the teacher's distribution given those.
        """
        self.accelerator = accelerator or make_accelerator()
        self.device = self.accelerator.device
        self.precision = resolve_precision(config.optimizer.precision, self.device)
        self.constraint, self.config, self.correction = constraint, config, correction
        self.teacher, self.student = teacher.model.to(self.device), student.model.to(self.device)
        self._teacher_lm = teacher
        self.mask_id = student.mask_id
        self.kept = None if kept is None else torch.tensor(kept, device=self.device)
        objective = config.objective
        wanted, own = states_width(self.teacher), states_width(self.student)
        self.projection: nn.Linear | None = None
        if objective.hidden and wanted and own and wanted != own and config.student.projection:
            self.projection = _projection(own, wanted, config.seed).to(self.device)
        # Without a known head there are no hidden states to compare.
        comparable = wanted is not None and (wanted == own or self.projection is not None)
        self.weights = Weights(
            kd=objective.kd,
            mlm=objective.mlm,
            hidden=objective.hidden if comparable else 0.0,
            group=objective.group if constraint.active else 0.0,
            relations=objective.relations,
            temperature=objective.temperature,
            label=objective.label,
        )
        self.relations = RelationTerm(teacher, student, objective) if objective.relations else None
        # Without any of these the teacher's encoder is not run.
        self.uses_teacher = bool(
            self.weights.kd
            or self.weights.hidden
            or self.weights.relations
            or (constraint.active and (self.weights.group or objective.label == "soft"))
        )
        self.trainable = {
            name: parameter for name, parameter in student.model.named_parameters() if parameter.requires_grad
        }
        if self.projection is not None:
            self.trainable |= {f"projection.{name}": p for name, p in self.projection.named_parameters()}
        self.optimizer = make_optimizer(list(self.trainable.values()), config.optimizer)
        self.teacher_cache: TeacherCache | None = None

    @property
    def matmul_dtype(self) -> torch.dtype:
        """The number format of the matrix products with the vocabulary."""
        return FORMATS[self.precision]

    def prepare(self, batches: Sequence[Batch]) -> list[PreparedBatch]:
        """Decide what each position is trained on, and move the batches to the device."""
        return [self._prepare(batch) for batch in batches]

    def try_step(self) -> None:
        """Make the gradients of a tiny batch, and drop them.

        Raises
        ------
        ModelError
            If the code of one of the models fails: some families need a kernel or an input that is not there.
        """
        (prepared,) = self.prepare([self._tiny_batch()])
        try:
            with torch.random.fork_rng(devices=[]):  # Reformer draws numbers
                self._loss(prepared, prepared.counts)[0].backward()
        except Exception as error:  # whatever the code of a family raises
            if isinstance(error, FairKDError) or is_lack_of_memory(error):
                raise
            raise ModelError(
                f"A {type(self.student).__name__} cannot be trained here ({reason(error)}): choose another "
                "model."
            ) from error
        self.optimizer.zero_grad(set_to_none=True)
        # A resumed run may use another number format.
        for name in ("_teacher_encoder", "_teacher_projection", "_frozen_weight"):
            vars(self).pop(name, None)

    def step(
        self, batches: Sequence[PreparedBatch], totals: PositionCounts, learning_rate: float
    ) -> dict[str, Tensor]:
        """One optimizer step; `totals` counts the positions of all batches on all processes.

        Returns the loss and its terms in nats: this process's share of means over the whole step. They are to
        be summed over the processes.
        """
        sums = dict.fromkeys(LOSSES, torch.zeros((), device=self.device))
        for batch in batches:
            total, terms = self._loss(batch, totals)
            total.backward()
            sums["loss"] = sums["loss"] + total.detach()
            for name, value in terms.items():
                sums[name] = sums[name] + value
        self._sum_gradients()
        torch.nn.utils.clip_grad_norm_(list(self.trainable.values()), self.config.optimizer.max_gradient_norm)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return sums

    def _tiny_batch(self) -> Batch:
        ids = torch.full((1, 4), self.mask_id)
        return Batch(ids, None, torch.tensor([1, 2]), ids[0, :2])

    @cached_property
    def _teacher_encoder(self) -> PreTrainedModel:
        """The teacher with weights in the format of the matrix products, or autocast would convert them."""
        return bf16_copy(self._teacher_lm).model if self.precision == "bf16" else self.teacher

    @cached_property
    def _teacher_projection(self) -> Projection:
        """The teacher's vocabulary projection in the format of the matrix products, converted once."""
        projection = projection_of(self.teacher)
        if projection.weight is None:
            return projection
        weight, bias = projection.weight.detach(), projection.bias
        if self.kept is not None:
            weight, bias = weight[self.kept], None if bias is None else bias.detach()[self.kept]
        return Projection(in_format(weight, self.matmul_dtype), bias)

    @cached_property
    def _frozen_weight(self) -> Tensor | None:
        """The student's vocabulary projection if it is frozen, converted once like the teacher's."""
        weight = projection_of(self.student).weight
        return None if weight is None or weight.requires_grad else in_format(weight, self.matmul_dtype)

    def _prepare(self, batch: Batch) -> PreparedBatch:
        inputs, labels = batch.ids.flatten()[batch.rows], batch.labels
        constrained = self.constraint.applies(inputs, self.mask_id)
        labels = self._without_ignored(labels, inputs, constrained)
        counts = PositionCounts(
            kd=len(labels),
            mlm=int((labels != IGNORED).sum()),
            group=int(constrained.sum()),
            tokens=batch.tokens,
        )
        return self._on_device(batch, labels, constrained, counts)

    def _on_device(
        self, batch: Batch, labels: Tensor, constrained: Tensor, counts: PositionCounts
    ) -> PreparedBatch:
        device, seed = self.device, noise_seed(batch.ids, self.config.seed)
        return PreparedBatch(batch.to(device), labels.to(device), constrained.to(device), counts, seed)

    def _without_ignored(self, labels: Tensor, inputs: Tensor, constrained: Tensor) -> Tensor:
        """Labels [M] with IGNORED for the group words that the hard label may not teach."""
        if not self.constraint.active or self.weights.label == "keep":
            return labels
        group_word = torch.isin(labels, self.constraint.columns)
        # A group word that was replaced outside the constraint's scope would still teach the bias.
        ignored = group_word & (labels != inputs) & ~constrained
        if self.weights.label == "drop":
            ignored |= group_word & constrained
        return labels.masked_fill(ignored, IGNORED)

    def _shared_weights(self, share: Mapping[str, float]) -> Weights:
        """The weights of the loss terms, for a batch with these shares of the positions."""
        return replace(
            self.weights, **{name: getattr(self.weights, name) * part for name, part in share.items()}
        )

    def _loss(self, prepared: PreparedBatch, totals: PositionCounts) -> tuple[Tensor, dict[str, Tensor]]:
        """This batch's part of the step's loss and of its terms."""
        counts, batch = prepared.counts, prepared.batch
        share = counts.shares(totals)
        weights = self._shared_weights(share)
        recording: AbstractContextManager[Callable[[], Tensor] | None] = nullcontext()
        if self.relations is not None:
            recording = self.relations.recording(self._teacher_encoder, batch)
        with recording as relation_loss, autocast(self.device, self.precision):
            teacher_states, teacher_taken, taught = self._corrected_teacher(batch)
            student_states, student_taken = self._student_states(prepared)
        learnt = projection_of(self.student)
        targets = Targets(
            teacher_taken.float(), taught.weight, taught.bias, prepared.labels, prepared.constrained
        )
        total, terms = fused_loss(
            student_taken.float(),
            learnt.weight if self._frozen_weight is None else self._frozen_weight,
            learnt.bias,
            targets,
            self.constraint,
            weights,
            chunk=self.config.objective.chunk,
            matmul_dtype=self.matmul_dtype,
        )
        terms = {name: term.detach() * share[name] for name, term in terms.items()}
        if not self.weights.kd:
            terms["kd"] = torch.zeros_like(terms["kd"])  # the teacher was not run
        if self.weights.hidden:
            assert student_states is not None and teacher_states is not None
            compared = student_states
            if self.projection is not None:
                compared = self.projection(student_states.float())
            hidden = hidden_loss(compared.float(), teacher_states.float()) * share["kd"]
            total = total + self.weights.hidden * hidden
            terms["hidden"] = hidden.detach()
        if relation_loss is not None:
            relations = relation_loss() * (counts.tokens / totals.tokens)
            total = total + self.weights.relations * relations
            terms["relations"] = relations.detach()
        return total, terms

    def _student_states(self, prepared: PreparedBatch) -> tuple[Tensor | None, Tensor]:
        """The student's last hidden states [M, width], and what its projection takes, at the batch's rows."""
        batch = prepared.batch
        mode = (
            training_mode(self.student, prepared.noise_seed)
            if has_dropout(self.config.student)
            else nullcontext()
        )
        with mode:
            return states_and_head_input(self.student, batch.ids, batch.attention_mask, batch.rows)

    @torch.no_grad()
    def _corrected_teacher(self, batch: Batch) -> tuple[Tensor | None, Tensor, Projection]:
        """What `_teacher_states` gives and the projection that it goes with, both after the correction."""
        states, taken = self._teacher_states(batch)
        if self.correction is None or not self.uses_teacher:
            return states, taken, self._teacher_projection
        given = TeacherOutput(
            self._teacher_ids(batch),
            batch.attention_mask,
            batch.rows,
            states,
            taken,
            self._teacher_projection,
            self._run_teacher,
        )
        found = self.correction(given)
        return found.states, found.taken, found.projection

    def _teacher_ids(self, batch: Batch) -> Tensor:
        return batch.ids if self.kept is None else self.kept[batch.ids]

    def _run_teacher(self, ids: Tensor, real: Tensor | None, rows: Tensor) -> tuple[Tensor | None, Tensor]:
        states, taken = states_and_head_input(self._teacher_encoder, ids, real, rows)
        return states, self._of_kept_tokens(taken)

    def _of_kept_tokens(self, taken: Tensor) -> Tensor:
        """What the teacher's projection takes; where that is logits, those of the tokens that are kept."""
        logits = self._teacher_projection.weight is None
        return taken[:, self.kept] if self.kept is not None and logits else taken

    @torch.no_grad()
    def _teacher_states(self, batch: Batch) -> tuple[Tensor | None, Tensor]:
        """The teacher's last hidden states [M, width], and what its projection takes, at the batch's rows."""
        if not self.uses_teacher:
            weight = self._teacher_projection.weight
            zeros = batch.ids.new_zeros(len(batch.rows), 0 if weight is None else weight.shape[1])
            return zeros, zeros
        ids = self._teacher_ids(batch)
        if self.teacher_cache is None:
            return self._run_teacher(ids, batch.attention_mask, batch.rows)
        asked = replace(batch, ids=ids)
        states = self.teacher_cache.states(
            asked, lambda: rows_of(self._teacher_encoder, ids, batch.attention_mask, batch.rows)
        )
        return states, self._of_kept_tokens(head_input(self.teacher, states))

    def _sum_gradients(self) -> None:
        """Sum the gradients over all processes, in one message."""
        if self.accelerator.num_processes == 1:
            return
        parameters = list(self.trainable.values())
        flat = torch.cat(
            [(torch.zeros_like(p) if p.grad is None else p.grad).flatten().float() for p in parameters]
        )
        summed = self.accelerator.reduce(flat, reduction="sum")
        start = 0
        for parameter in parameters:
            part = summed[start : start + parameter.numel()]
            parameter.grad = part.view_as(parameter).to(parameter.dtype)
            start += parameter.numel()


def _projection(student_width: int, teacher_width: int, seed: int) -> nn.Linear:
    """A projection from the student's hidden states to the teacher's, trained with the student."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Linear(student_width, teacher_width, bias=False)


def reduce_losses(sums: Mapping[str, Tensor], accelerator: Accelerator) -> dict[str, float]:
    """The losses summed over all processes, as numbers."""
    flat = torch.stack([sums[name].float() for name in LOSSES])
    if accelerator.num_processes > 1:
        flat = accelerator.reduce(flat, reduction="sum")
    return dict(zip(LOSSES, flat.tolist(), strict=True))
