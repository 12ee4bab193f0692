"""Distil a student from a teacher: the training loop, read from top to bottom.

    from fairkd.distill import Config, distil, save
    from fairkd.models import load

    result = distil(load("embedded/teacher"), Config(budget={"minutes": 5}))
    save(result, "my-student")

Each step draws batches of one length, runs both encoders on the wanted positions only, then the fused
objective.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from fairkd import corpora
from fairkd.constraints import Constraint, resolve
from fairkd.contrasts import contrasts
from fairkd.distill.batches import IGNORED, Batch, Masker, Masking, Stream, encode
from fairkd.distill.config import Config
from fairkd.distill.encoder import projection_of, rows_of, transform_of
from fairkd.distill.objective import Targets, Weights, fused_loss, hidden_loss
from fairkd.distill.student import take_layers
from fairkd.errors import InputError
from fairkd.models import MaskedLM

Event = dict[str, float | int | str]
EVALUATED_SENTENCES = 1000


@dataclass(frozen=True, eq=False)
class Result:
    """A trained student, with what it took and what it reached."""

    student: MaskedLM
    config: Config
    corpus: str
    licence: str | None
    steps: int
    tokens: int
    seconds: float
    held_out: Mapping[str, float]


def distil(
    teacher: MaskedLM,
    config: Config,
    *,
    corpus: corpora.Corpus | None = None,
    log: Callable[[Event], None] | None = None,
    progress: corpora.Progress | None = None,
) -> Result:
    """Train the student that `config` describes on the teacher's predictions.

    Parameters
    ----------
    teacher
        The loaded teacher; its weights stay as they are.
    config
        All settings; `config.teacher` and `config.corpus` only say what they name when `teacher` and
        `corpus` are given.
    corpus
        Text instead of `config.corpus.source`.
    log
        Called every `config.log_every` steps with step, epoch, tokens, seconds, progress (0 to 1),
        learning_rate, loss and its parts kd, mlm, hidden and group (nats, means since the last call), and
        tokens_per_second.
    progress
        Called with a sentence while the text is fetched and read.

    Raises
    ------
    InputError
        For a corpus without a usable sentence, words that the tokenizer cuts, or layers that the teacher
        lacks.
    """
    text = corpus or corpora.read(config.corpus.source, progress=progress)
    most = min(config.corpus.max_tokens, teacher.max_tokens)
    constraint = constraint_of(teacher, config)
    torch.manual_seed(config.seed)
    student = take_layers(
        teacher.model, config.student.layers, freeze_embeddings=config.student.freeze_embeddings
    )
    trainer = Trainer(teacher, student, constraint, config)
    sentences = encode(teacher.tokenizer, text.training, max_tokens=most)
    steps, tokens, seconds = trainer.run(sentences, log)
    held_out = encode(teacher.tokenizer, text.held_out[:EVALUATED_SENTENCES], max_tokens=most)
    return Result(
        student=MaskedLM(student, teacher.tokenizer, f"student of {teacher.reference}"),
        config=config,
        corpus=text.name,
        licence=text.licence,
        steps=steps,
        tokens=tokens,
        seconds=seconds,
        held_out=trainer.evaluate(held_out) if held_out else {},
    )


def constraint_of(lm: MaskedLM, config: Config) -> Constraint:
    """The configured constraint for this model's tokenizer."""
    settings = config.constraint
    known = contrasts()
    if settings.contrast not in known:
        raise InputError(f"There is no contrast {settings.contrast!r}; choose one of {sorted(known)}.")
    return resolve(
        lm,
        known[settings.contrast],
        kind=settings.kind,
        strength=settings.strength,
        scope=settings.scope,
        shares=settings.shares,
        slots=settings.slots,
        skip_unspellable=settings.skip_unspellable,
    )


class Trainer:
    """Both models, the masks and the optimizer of one run."""

    def __init__(
        self, teacher: MaskedLM, student: PreTrainedModel, constraint: Constraint, config: Config
    ) -> None:
        self.teacher, self.student, self.constraint, self.config = teacher, student, constraint, config
        objective = config.objective
        self.weights = Weights(
            kd=objective.kd,
            mlm=objective.mlm,
            hidden=objective.hidden,
            group=objective.group if constraint.active else 0.0,
            temperature=objective.temperature,
            label=objective.label,
        )
        positions = {"all": 1.0, "masked": 0.0, "sample": objective.sample}[objective.positions]
        masking = config.masking
        self.masker = Masker(
            teacher.tokenizer,
            teacher.vocabulary_size,
            Masking(masking.rate, masking.masked, masking.random, masking.group_rate),
            seed=config.seed,
            group_words=constraint.columns.tolist() if constraint.active else (),
            sample=positions,
        )
        self.teacher_head = transform_of(teacher.model), projection_of(teacher.model)
        self.student_head = transform_of(student), projection_of(student)
        trained = [parameter for parameter in student.parameters() if parameter.requires_grad]
        self.trained = trained
        self.optimizer = torch.optim.AdamW(
            [
                {
                    "params": [p for p in trained if p.ndim >= 2],
                    "weight_decay": config.optimizer.weight_decay,
                },
                {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
            ],
            betas=(0.9, 0.98),
            eps=1e-6,
            fused=True,
        )

    def run(
        self, sentences: Sequence[np.ndarray], log: Callable[[Event], None] | None = None
    ) -> tuple[int, int, float]:
        """Train until the budget is spent: steps, tokens and seconds that it took."""
        config, budget, settings = self.config, self.config.budget, self.config.optimizer
        pad_id = self.teacher.tokenizer.pad_token_id
        stream = Stream(sentences, tokens=settings.micro_batch_tokens, seed=config.seed, pad_id=pad_id or 0)
        batches = stream.endless()
        begin, steps, tokens = time.monotonic(), 0, 0
        sums: dict[str, Tensor] = {}
        while True:
            seconds = time.monotonic() - begin
            progress = steps / budget.steps if budget.steps else seconds / 60 / (budget.minutes or 1)
            if progress >= 1:
                return steps, tokens, seconds
            rate = settings.learning_rate * schedule(progress, settings.warmup)
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            parts = []
            for _ in range(settings.accumulate):
                epoch, index = next(batches)
                parts.append(self.masker(*stream.pad(index), index, epoch))
            losses = self.step(parts)
            steps += 1
            tokens += sum(part.tokens for part in parts)
            for name, value in losses.items():
                sums[name] = sums[name] + value if name in sums else value
            if log and steps % config.log_every == 0:
                seconds = time.monotonic() - begin
                means = {name: float(value) / config.log_every for name, value in sums.items()}
                sums = {}
                log(
                    {
                        "step": steps,
                        "epoch": epoch,
                        "tokens": tokens,
                        "seconds": seconds,
                        "progress": steps / budget.steps if budget.steps else progress,
                        "learning_rate": rate,
                        "tokens_per_second": tokens / seconds,
                        **means,
                    }
                )

    def step(self, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """One optimizer step on some batches together; the loss and its parts."""
        student, targets = self.forward(batches)
        transform, projection = self.student_head
        total, parts = fused_loss(
            transform(student),
            projection.weight,
            projection.bias,
            targets[0],
            self.constraint,
            self.weights,
            chunk=self.config.objective.chunk,
        )
        if self.weights.hidden:
            parts["hidden"] = hidden_loss(student, targets[1])
            total = total + self.weights.hidden * parts["hidden"]
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.trained, self.config.optimizer.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return {"loss": total.detach(), **{name: part.detach() for name, part in parts.items()}}

    def forward(self, batches: Sequence[Batch]) -> tuple[Tensor, tuple[Targets, Tensor]]:
        """The student's last hidden states at the wanted positions of all batches, and its targets there."""
        with torch.no_grad():
            taught = torch.cat([rows_of(self.teacher.model, b.ids, b.real, b.rows) for b in batches])
        transform, projection = self.teacher_head
        inputs = torch.cat([b.ids.flatten()[b.rows] for b in batches])
        labels = torch.cat([b.labels for b in batches])
        constrained = self.constraint.applies(inputs, self.masker.mask_id)
        if self.constraint.active and self.weights.label != "keep":
            # A group word that was replaced out of the constraint's scope would still teach the bias.
            replaced = torch.isin(labels, self.constraint.columns) & (labels != inputs) & ~constrained
            labels = labels.masked_fill(replaced, IGNORED)
        with torch.no_grad():
            targets = Targets(transform(taught), projection.weight, projection.bias, labels, constrained)
        student = torch.cat([rows_of(self.student, b.ids, b.real, b.rows) for b in batches])
        return student, (targets, taught)

    @torch.no_grad()
    def evaluate(self, sentences: Sequence[np.ndarray]) -> dict[str, float]:
        """Fidelity and quality at masked positions of held-out sentences, the same for all of a seed.

        `kl` is KL(teacher || student) at temperature 1 against the teacher as it is, `kl_constrained`
        against the constrained one (both in nats), `perplexity` and `top1` are the student's on the hard
        labels, and `agreement` is the share of positions where both models' first words agree.
        """
        stream = Stream(sentences, tokens=2048, seed=0, pad_id=self.teacher.tokenizer.pad_token_id or 0)
        masker = Masker(
            self.teacher.tokenizer,
            self.teacher.vocabulary_size,
            Masking(0.2, 1.0, 0.0),
            seed=self.config.seed,
        )
        sums = {"kl": 0.0, "kl_constrained": 0.0, "loss": 0.0, "top1": 0.0, "agreement": 0.0}
        count = 0
        for index in stream.epoch(0):
            batch = masker(*stream.pad(index), index, 0)
            student, (targets, _) = self.forward([batch])
            transform, projection = self.student_head
            s = projection(transform(student)).log_softmax(1)
            p = self.teacher_head[1](targets.states).log_softmax(1)
            q = self.constraint(p)
            labels = batch.labels
            sums["kl"] += float((p.exp() * (p - s)).sum())
            sums["kl_constrained"] += float((q.exp() * (q - s)).sum())
            sums["loss"] -= float(s.gather(1, labels[:, None]).sum())
            sums["top1"] += float((s.argmax(1) == labels).sum())
            sums["agreement"] += float((s.argmax(1) == p.argmax(1)).sum())
            count += len(labels)
        means = {name: value / count for name, value in sums.items()}
        perplexity = math.exp(means.pop("loss"))
        return {**means, "perplexity": perplexity, "positions": count}


def schedule(progress: float, warmup: float) -> float:
    """Learning-rate factor at `progress` in [0, 1): linear warm-up, then linear decay to zero."""
    up = min(1.0, (progress + 1e-3) / warmup) if warmup else 1.0
    return up * min(1.0, (1 - progress) / (1 - warmup))
