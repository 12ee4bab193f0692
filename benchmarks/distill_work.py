"""The work that `benchmarks.distill` measures: one case in this process, its figures as JSON on standard output."""

from __future__ import annotations

import argparse
import copy
import json
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel

from fairkd.constraints import Constraint
from fairkd.distill.batches import Batch, Masker, Masking, Stream, pad
from fairkd.distill.encoder import projection_of, rows_of, transform_of
from fairkd.distill.objective import Targets, Weights, fused_loss, hidden_loss
from fairkd.distill.student import take_layers
from fairkd.models import MaskedLM, load

SHORTEST, LONGEST = 12, 64
POOL = 4096
MEAN = (SHORTEST + LONGEST) // 2
Positions = Literal["all", "sample", "masked"]


@dataclass(frozen=True)
class Case:
    """One measurement: the textbook step, or ours with its settings, for some seconds."""

    reference: bool = False
    positions: Positions = "all"
    frozen: bool = False
    batch: int = 32
    teacher_depth: int = 1
    bf16: bool = False
    seconds: float = 20.0
    profile: bool = False


@dataclass(frozen=True)
class Figures:
    """What a case took. Tokens are real ones; `cpu` is user and system time, `memory` the peak in MiB above
    what the process held with both models loaded, `peak` the peak of the whole process."""

    tokens: int
    positions: int
    steps: int
    seconds: float
    cpu: float
    memory: float
    peak: float
    loss: float
    parts: dict[str, float]


def deeper(lm: MaskedLM, times: int) -> MaskedLM:
    """The model with its stack of layers repeated."""
    layers: Any = lm.model.base_model.encoder.layer
    for _ in range(times - 1):
        layers.extend(copy.deepcopy(list(layers)[: lm.model.config.num_hidden_layers]))
    lm.model.config.num_hidden_layers = len(layers)
    return lm


def random_sentences(lm: MaskedLM, count: int) -> list[np.ndarray]:
    """Ids of random words between the special tokens; lengths are uniform, specials included."""
    random = np.random.default_rng(0)
    tokenizer = lm.tokenizer
    words = np.setdiff1d(np.arange(lm.vocabulary_size), tokenizer.all_special_ids)
    return [
        np.concatenate(
            [[tokenizer.cls_token_id], random.choice(words, length - 2), [tokenizer.sep_token_id]]
        ).astype(np.int32)
        for length in random.integers(SHORTEST, LONGEST + 1, count)
    ]


def masker_of(lm: MaskedLM, positions: Positions, *, seed: int = 0) -> Masker:
    sample = {"all": 1.0, "sample": 0.3, "masked": 0.0}[positions]
    return Masker(lm.tokenizer, lm.vocabulary_size, Masking(), seed=seed, sample=sample)


def textbook_step(teacher: MaskedLM, student: PreTrainedModel) -> Callable[[Batch], dict[str, float]]:
    """A step as one would first write it: everything dense, everywhere, then selected."""
    optimizer = torch.optim.AdamW(student.parameters(), lr=3e-4)
    heat, vocabulary = 2.0, teacher.vocabulary_size

    def step(batch: Batch) -> dict[str, float]:
        attention = torch.ones_like(batch.ids) if batch.real is None else batch.real.long()
        labels = torch.full_like(batch.ids, -100)
        labels.view(-1)[batch.rows] = batch.labels
        with torch.no_grad():
            taught = teacher.model(batch.ids, attention_mask=attention, output_hidden_states=True)
        learnt = student(batch.ids, attention_mask=attention, output_hidden_states=True)
        keep = attention.bool().unsqueeze(-1)
        wanted = torch.masked_select(taught.logits, keep).view(-1, vocabulary)
        given = torch.masked_select(learnt.logits, keep).view(-1, vocabulary)
        divergence = torch.nn.KLDivLoss(reduction="batchmean")
        kd = divergence(F.log_softmax(given / heat, -1), F.softmax(wanted / heat, -1)) * heat**2
        mlm = F.cross_entropy(learnt.logits.view(-1, vocabulary), labels.view(-1))
        width = student.config.hidden_size
        states = [
            torch.masked_select(out.hidden_states[-1], keep).view(-1, width) for out in (learnt, taught)
        ]
        hidden = torch.nn.CosineEmbeddingLoss()(*states, torch.ones(len(states[0])))
        loss = 5 * kd + 2 * mlm + hidden
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        return {"loss": loss.item(), "kd": kd.item(), "mlm": mlm.item(), "hidden": hidden.item()}

    return step


def our_step(
    teacher: MaskedLM, student: PreTrainedModel, *, bf16: bool = False, rate: float = 3e-4
) -> Callable[[Batch], dict[str, float]]:
    """The step of a run: both encoders at the wanted positions, the fused objective, AdamW."""
    trained = [parameter for parameter in student.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=rate, fused=True)
    transforms = transform_of(teacher.model), transform_of(student)
    projections = projection_of(teacher.model), projection_of(student)
    weights, constraint = Weights(), Constraint("none")

    def step(batch: Batch) -> dict[str, float]:
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            with torch.no_grad():
                taught = rows_of(teacher.model, batch.ids, batch.real, batch.rows)
                wanted = transforms[0](taught)
            constrained = torch.zeros_like(batch.rows, dtype=torch.bool)
            targets = Targets(wanted, projections[0].weight, projections[0].bias, batch.labels, constrained)
            learnt = rows_of(student, batch.ids, batch.real, batch.rows)
            given = transforms[1](learnt)
            total, parts = fused_loss(
                given, projections[1].weight, projections[1].bias, targets, constraint, weights
            )
            hidden = hidden_loss(learnt, taught)
            total = total + weights.hidden * hidden
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        return {"loss": total.item(), "hidden": hidden.item(), **{k: v.item() for k, v in parts.items()}}

    return step


def textbook_batches(lm: MaskedLM, case: Case) -> Iterator[Batch]:
    """Sentences in a random order, so many a batch, padded to the longest."""
    sentences, masker = random_sentences(lm, POOL), masker_of(lm, "masked")
    for start in range(0, POOL, case.batch):
        index = np.arange(start, start + case.batch)
        yield masker(*pad([sentences[i] for i in index], lm.tokenizer.pad_token_id or 0), index, 0)


def our_batches(lm: MaskedLM, case: Case) -> Iterator[Batch]:
    """The same sentences, those of one length together, and as many tokens a batch."""
    masker = masker_of(lm, case.positions)
    stream = Stream(
        random_sentences(lm, POOL), tokens=case.batch * MEAN, seed=0, pad_id=lm.tokenizer.pad_token_id or 0
    )
    for index in stream.epoch(0):
        yield masker(*stream.pad(index), index, 0)


def resident() -> float:
    """Memory that the process holds now, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def measure(case: Case) -> Figures:
    """Steps for about `case.seconds`, after two that do not count."""
    teacher = deeper(load("embedded/teacher"), case.teacher_depth)
    student = take_layers(teacher.model, (0, 2, 5), freeze_embeddings=case.frozen)
    before = resident()
    if case.reference:
        step, batches = textbook_step(teacher, student), textbook_batches(teacher, case)
    else:
        step = our_step(teacher, student, bf16=case.bf16)
        batches = our_batches(teacher, case)
    for _ in range(2):
        step(next(batches))
    tokens = positions = steps = 0
    losses = 0.0
    begin, cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() - begin < case.seconds or steps < 2:
        batch = next(batches)
        losses += step(batch)["loss"]
        tokens, positions, steps = tokens + batch.tokens, positions + len(batch.rows), steps + 1
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    parts = profile(step, batches) if case.profile else {}
    return Figures(tokens, positions, steps, seconds, cpu, peak - before, peak, losses / steps, parts)


def profile(step: Callable[[Batch], dict[str, float]], batches: Iterator[Batch]) -> dict[str, float]:
    """Share of the processor's time by kind of operation, over three steps."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as recorded:
        for _ in range(3):
            step(next(batches))
    shares: dict[str, float] = {}
    for event in recorded.key_averages():
        shares[event.key] = event.self_cpu_time_total
    total = sum(shares.values())
    return {name: time / total for name, time in sorted(shares.items(), key=lambda x: -x[1])}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("case", help="a Case as JSON")
    case = Case(**json.loads(parser.parse_args().case))
    print(json.dumps(asdict(measure(case))))


if __name__ == "__main__":
    main()
