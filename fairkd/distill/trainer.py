"""One optimizer step: both encoders at the wanted positions, the fused objective, gradients of all ranks.

A step's batches are computed one after the other, and on several processes at once. Every loss term is a
mean over positions, of which batches hold unequal numbers: each batch's terms are therefore weighted by its
share of the step's positions, and gradients are summed, so that the step is the same however its batches
are spread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from transformers import PreTrainedModel

from fairkd.constraints import Constraint, resolve
from fairkd.distill.config import Config
from fairkd.distill.data import Batch, Masker, Masking
from fairkd.distill.losses import IGNORED, Targets, Weights, fused_loss, hidden_loss
from fairkd.distill.precision import FORMATS, autocast, chosen_precision, make_accelerator, on
from fairkd.models import MaskedLM, projection_of, rows_of, transform_of, whole_rows

PARTS = ("loss", "kd", "mlm", "hidden", "group")


def constraint_of(lm: MaskedLM, config: Config) -> Constraint:
    """The configured constraint for this model's tokenizer."""
    settings = config.constraint
    return resolve(
        lm,
        settings.groups(),
        kind=settings.kind,
        strength=settings.strength,
        scope=settings.scope,
        shares=settings.shares,
        roles=settings.roles,
        skip_unspellable=settings.skip_unspellable,
    )


def masker_of(lm: MaskedLM, config: Config) -> Masker:
    """Draws the masks of a run, which are the same whatever its constraint: variants learn from the same
    text.
    """
    masking, objective, settings = config.masking, config.objective, config.constraint
    group_words: list[int] = []
    if masking.group_rate is not None:
        group_words = resolve(lm, settings.groups(), kind="group", skip_unspellable=True).columns.tolist()
    return Masker(
        lm.tokenizer,
        lm.vocabulary_size,
        Masking(masking.rate, masking.masked, masking.random, masking.group_rate),
        seed=config.seed,
        group_words=group_words,
        sample={"all": 1.0, "masked": 0.0, "sample": objective.sample}[objective.positions],
    )


@dataclass(frozen=True)
class Counts:
    """Positions that each loss term is a mean over: `kd` (and hidden), `mlm`, `group`; and all tokens."""

    kd: float = 0
    mlm: float = 0
    group: float = 0
    tokens: float = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(a + b for a, b in zip(self.all, other.all, strict=True)))

    @property
    def all(self) -> tuple[float, float, float, float]:
        return self.kd, self.mlm, self.group, self.tokens


@dataclass(frozen=True)
class Prepared:
    """A batch on the device, with its `labels` [M] as they count, and where the constraint applies [M]."""

    batch: Batch
    labels: Tensor
    constrained: Tensor
    counts: Counts


class Trainer:
    """Both models on the device, the optimizer, and one step with them."""

    def __init__(
        self,
        teacher: MaskedLM,
        student: MaskedLM,
        constraint: Constraint,
        config: Config,
        accelerator: Accelerator | None = None,
    ) -> None:
        """Moves both models to the accelerator's device: hand in copies where that matters."""
        self.accelerator = accelerator or make_accelerator()
        self.device = self.accelerator.device
        self.precision = chosen_precision(config.optimizer.precision, self.device)
        self.constraint, self.config = constraint, config
        self.teacher, self.student = teacher.model.to(self.device), student.model.to(self.device)
        self.mask_id = teacher.mask_id
        objective = config.objective
        widths = teacher.model.config.hidden_size, student.model.config.hidden_size
        self.projection: nn.Linear | None = None
        if objective.hidden and widths[0] != widths[1] and config.student.projection:
            self.projection = _projection(widths[1], widths[0], config.seed).to(self.device)
        comparable = widths[0] == widths[1] or self.projection is not None
        self.weights = Weights(
            kd=objective.kd,
            mlm=objective.mlm,
            hidden=objective.hidden if comparable else 0.0,
            group=objective.group if constraint.active else 0.0,
            temperature=objective.temperature,
            label=objective.label,
        )
        # Without any of these the teacher's encoder need not run.
        self.taught = bool(
            self.weights.kd
            or self.weights.hidden
            or (constraint.active and (self.weights.group or objective.label == "soft"))
        )
        self.named = {
            name: parameter for name, parameter in student.model.named_parameters() if parameter.requires_grad
        }
        if self.projection is not None:
            self.named |= {f"projection.{name}": p for name, p in self.projection.named_parameters()}
        self.optimizer = _optimizer(list(self.named.values()), config)

    @property
    def products(self) -> torch.dtype:
        """The number format of the vocabulary's products."""
        return FORMATS[self.precision]

    def prepare(self, batches: Sequence[Batch]) -> list[Prepared]:
        """Settle what each position is trained on, and move the batches to the device."""
        return [self._prepare(batch) for batch in batches]

    def step(self, prepared: Sequence[Prepared], totals: Counts, learning_rate: float) -> dict[str, Tensor]:
        """One optimizer step; `totals` counts the positions of all batches on all processes.

        Returns the loss and its parts (nats): this process's share of means over the whole step, to be summed
        over the processes.
        """
        sums = dict.fromkeys(PARTS, torch.zeros((), device=self.device))
        for batch in prepared:
            total, parts = self._loss(batch, totals)
            total.backward()
            sums["loss"] = sums["loss"] + total.detach()
            for name, value in parts.items():
                sums[name] = sums[name] + value
        self._sum_gradients()
        torch.nn.utils.clip_grad_norm_(list(self.named.values()), self.config.optimizer.max_gradient_norm)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return sums

    @cached_property
    def _teacher_weight(self) -> Tensor:
        """The teacher's vocabulary projection, in the products' format once and for all."""
        return projection_of(self.teacher).weight.detach().to(self.products)

    @cached_property
    def _student_weight(self) -> Tensor:
        """The student's vocabulary projection; where frozen, in the products' format once and for all."""
        weight = projection_of(self.student).weight
        return weight if weight.requires_grad else weight.to(self.products)

    def _prepare(self, batch: Batch) -> Prepared:
        inputs, labels = batch.ids.flatten()[batch.rows], batch.labels
        constrained = self.constraint.applies(inputs, self.mask_id)
        if self.constraint.active and self.weights.label != "keep":
            group_word = torch.isin(labels, self.constraint.columns)
            # A group word that was replaced out of the constraint's scope would still teach the bias.
            ignored = group_word & (labels != inputs) & ~constrained
            if self.weights.label == "drop":
                ignored |= group_word & constrained
            labels = labels.masked_fill(ignored, IGNORED)
        counts = Counts(len(labels), int((labels != IGNORED).sum()), int(constrained.sum()), batch.tokens)
        device = self.device
        return Prepared(on(device, batch), labels.to(device), constrained.to(device), counts)

    def _loss(self, prepared: Prepared, totals: Counts) -> tuple[Tensor, dict[str, Tensor]]:
        """This batch's part of the step's loss, and of its terms."""
        own, batch = prepared.counts, prepared.batch
        share = {
            "kd": own.kd / max(1, totals.kd),
            "mlm": own.mlm / max(1, totals.mlm),
            "group": own.group / max(1, totals.group),
        }
        weights = replace(
            self.weights,
            kd=self.weights.kd * share["kd"],
            mlm=self.weights.mlm * share["mlm"],
            group=self.weights.group * share["group"],
        )
        with autocast(self.device, self.precision):
            taught, transformed = self._teach(batch)
            states = rows_of(self.student, batch.ids, batch.real, batch.rows)
            own_states = _transformed(self.student, states)
        theirs, ours = projection_of(self.teacher), projection_of(self.student)
        targets = Targets(
            transformed.float(), self._teacher_weight, theirs.bias, prepared.labels, prepared.constrained
        )
        total, parts = fused_loss(
            own_states.float(),
            self._student_weight,
            ours.bias,
            targets,
            self.constraint,
            weights,
            chunk=self.config.objective.chunk,
            products=self.products,
        )
        parts = {name: part.detach() * share[name] for name, part in parts.items()}
        if not self.weights.kd:
            parts["kd"] = torch.zeros_like(parts["kd"])  # measured against no teacher
        if self.weights.hidden:
            compared = states if self.projection is None else self.projection(states.float())
            hidden = hidden_loss(compared.float(), taught.float()) * share["kd"]
            total = total + self.weights.hidden * hidden
            parts["hidden"] = hidden.detach()
        return total, parts

    @torch.no_grad()
    def _teach(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The teacher's last hidden states [M, width] at the batch's rows, and transformed for its head."""
        if not self.taught:
            weight = projection_of(self.teacher).weight
            nothing = weight.new_zeros(len(batch.rows), weight.shape[1])
            return nothing, nothing
        states = rows_of(self.teacher, batch.ids, batch.real, batch.rows)
        return states, _transformed(self.teacher, states)

    def _sum_gradients(self) -> None:
        """Sum the gradients over all processes, in one piece."""
        if self.accelerator.num_processes == 1:
            return
        parameters = list(self.named.values())
        flat = torch.cat(
            [(torch.zeros_like(p) if p.grad is None else p.grad).flatten().float() for p in parameters]
        )
        summed = self.accelerator.reduce(flat, reduction="sum")
        start = 0
        for parameter in parameters:
            part = summed[start : start + parameter.numel()]
            parameter.grad = part.view_as(parameter).to(parameter.dtype)
            start += parameter.numel()


def _transformed(model: PreTrainedModel, states: Tensor) -> Tensor:
    """Last hidden states [M, width] as the vocabulary projection takes them."""
    return transform_of(model)(whole_rows(states))[: len(states)]


def _projection(own: int, teachers: int, seed: int) -> nn.Linear:
    """From the student's width to the teacher's, learnt with the student."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Linear(own, teachers, bias=False)


def _optimizer(parameters: Sequence[nn.Parameter], config: Config) -> torch.optim.AdamW:
    """AdamW; matrices decay, norms and biases do not."""
    return torch.optim.AdamW(
        [
            {
                "params": [p for p in parameters if p.ndim >= 2],
                "weight_decay": config.optimizer.weight_decay,
            },
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        ],
        betas=(0.9, 0.98),
        eps=1e-6,
        fused=True,
    )


def as_numbers(sums: Mapping[str, Tensor], accelerator: Accelerator) -> dict[str, float]:
    """Sums of the loss parts over all processes, as plain numbers."""
    flat = torch.stack([sums[name].float() for name in PARTS])
    if accelerator.num_processes > 1:
        flat = accelerator.reduce(flat, reduction="sum")
    return dict(zip(PARTS, flat.tolist(), strict=True))
