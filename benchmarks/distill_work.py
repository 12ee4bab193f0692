"""What `benchmarks.distill` measures: one case in this process, with its figures as JSON on stdout."""

from __future__ import annotations

import argparse
import copy
import json
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel

from fairkd.constraints import Constraint
from fairkd.distill import Trainer, make_masker, take_layers
from fairkd.distill.config import Config, Positions, Precision, make_config
from fairkd.distill.data import Batch, BatchSampler, pad
from fairkd.distill.losses import keep_freed_memory, padded
from fairkd.models import MaskedLM, layers_of, load

SHORTEST, LONGEST = 12, 64
POOL = 4096
MEAN = (SHORTEST + LONGEST) // 2
LAYERS = (0, 2, 5)
MASKING = {"rate": 0.2, "masked": 0.8, "random": 0.1}  # whatever a run's defaults are
WARM_STEPS, WARM_SECONDS = 3, 15.0


@dataclass(frozen=True)
class Case:
    """One measurement: the textbook step, or that of `Trainer` with these settings."""

    reference: bool = False
    positions: Positions = "all"
    frozen: bool = False
    batch: int = 32
    teacher_depth: int = 1
    precision: Precision = "auto"
    seconds: float = 20.0
    profile: bool = False


@dataclass(frozen=True)
class Figures:
    """The result of a case.

    `tokens` are without padding, `cpu` is user and system time in seconds. `memory` is the peak in MiB above
    what the process used with both models loaded, `peak` that of the whole process.
    """

    precision: Precision
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
    """The model with its layers repeated `times` times."""
    layers = layers_of(lm.model)
    for _ in range(times - 1):
        layers.extend(copy.deepcopy(list(layers)[: lm.model.config.num_hidden_layers]))
    lm.model.config.num_hidden_layers = len(layers)
    return lm


def random_sentences(lm: MaskedLM, count: int) -> list[np.ndarray]:
    """Random tokens between the special ones. The lengths, special tokens included, are uniform."""
    random = np.random.default_rng(0)
    tokenizer = lm.tokenizer
    words = np.setdiff1d(np.arange(lm.vocabulary_size), tokenizer.all_special_ids)
    return [
        np.concatenate(
            [[tokenizer.cls_token_id], random.choice(words, length - 2), [tokenizer.sep_token_id]]
        ).astype(np.int32)
        for length in random.integers(SHORTEST, LONGEST + 1, count)
    ]


def textbook_step(teacher: MaskedLM, student: PreTrainedModel) -> Callable[[Batch], dict[str, float]]:
    """A straightforward step: dense logits at every position, from which the positions are selected."""
    optimizer = torch.optim.AdamW(student.parameters(), lr=3e-4)
    temperature, vocabulary = 2.0, teacher.vocabulary_size

    def step(batch: Batch) -> dict[str, float]:
        attention = (
            torch.ones_like(batch.ids) if batch.attention_mask is None else batch.attention_mask.long()
        )
        labels = torch.full_like(batch.ids, -100)
        labels.view(-1)[batch.rows] = batch.labels
        with torch.no_grad():
            teacher_out = teacher.model(batch.ids, attention_mask=attention, output_hidden_states=True)
        student_out = student(batch.ids, attention_mask=attention, output_hidden_states=True)
        keep = attention.bool().unsqueeze(-1)
        teacher_logits = torch.masked_select(teacher_out.logits, keep).view(-1, vocabulary)
        student_logits = torch.masked_select(student_out.logits, keep).view(-1, vocabulary)
        divergence = torch.nn.KLDivLoss(reduction="batchmean")
        kd = (
            divergence(
                F.log_softmax(student_logits / temperature, -1), F.softmax(teacher_logits / temperature, -1)
            )
            * temperature**2
        )
        mlm = F.cross_entropy(student_out.logits.view(-1, vocabulary), labels.view(-1))
        width = student.config.hidden_size
        states = [
            torch.masked_select(out.hidden_states[-1], keep).view(-1, width)
            for out in (student_out, teacher_out)
        ]
        hidden = torch.nn.CosineEmbeddingLoss()(*states, states[0].new_ones(len(states[0])))
        loss = 5 * kd + 2 * mlm + hidden
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        return {"loss": loss.item(), "kd": kd.item(), "mlm": mlm.item(), "hidden": hidden.item()}

    return step


def trainer_step(trainer: Trainer) -> Callable[[Batch], dict[str, float]]:
    """The step of every run."""

    def step(batch: Batch) -> dict[str, float]:
        prepared = trainer.prepare([batch])
        sums = trainer.step(prepared, prepared[0].counts, 3e-4)
        return {name: value.item() for name, value in sums.items()}

    return step


def config_of(case: Case) -> Config:
    return make_config(
        {
            "student": {"layers": LAYERS, "freeze_embeddings": case.frozen},
            "masking": MASKING,
            "objective": {"positions": case.positions},
            "optimizer": {"precision": case.precision},
        }
    )


def textbook_batches(lm: MaskedLM, case: Case) -> Iterator[Batch]:
    """Endless batches of `case.batch` sentences in random order, padded to the longest."""
    sentences = random_sentences(lm, POOL)
    masker = make_masker(lm, make_config({"masking": MASKING}))
    for epoch in count():
        for start in range(0, POOL, case.batch):
            index = np.arange(start, min(start + case.batch, POOL))
            ids, mask = pad([sentences[i] for i in index], lm.tokenizer.pad_token_id or 0)
            yield masker(ids, mask, index, epoch)


def trainer_batches(lm: MaskedLM, case: Case) -> Iterator[Batch]:
    """Endless batches of the same sentences, by length, with as many tokens a batch."""
    masker = make_masker(lm, config_of(case))
    sampler = BatchSampler(
        random_sentences(lm, POOL), tokens=case.batch * MEAN, seed=0, pad_id=lm.tokenizer.pad_token_id or 0
    )
    for epoch in count():
        for index in sampler.epoch(epoch):
            yield masker(*sampler.pad(index), index, epoch)


def resident() -> float:
    """Resident memory of the process, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def measure(case: Case) -> Figures:
    """Run steps for about `case.seconds`, after warm-up steps that do not count.

    Warm-up creates kernels and grows the heap: until it fits batches of every length, a step spends up to a
    tenth of its time on page faults.
    """
    teacher = deeper(load("embedded/teacher"), case.teacher_depth)
    student = take_layers(teacher.model, LAYERS, freeze_embeddings=case.frozen)
    before = resident()
    precision: Precision = "fp32"
    if case.reference:
        step, batches = textbook_step(teacher, student), textbook_batches(teacher, case)
    else:
        keep_freed_memory()
        lm = MaskedLM(student, teacher.tokenizer, "student")
        trainer = Trainer(teacher, lm, Constraint("none"), config_of(case))
        step, batches, precision = trainer_step(trainer), trainer_batches(teacher, case), trainer.precision
    begin = time.perf_counter()
    for number in count():
        if number >= WARM_STEPS and time.perf_counter() - begin > WARM_SECONDS:
            break
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
    return Figures(
        precision, tokens, positions, steps, seconds, cpu, peak - before, peak, losses / steps, parts
    )


# Names of operations, or their prefixes, by what they do in a step.
KINDS = {
    "matrix products": ("mm", "addmm", "addmm_", "bmm", "baddbmm"),
    "attention": ("_scaled_dot_product",),
    "softmax over the vocabulary": ("_softmax", "_log_softmax"),
    "other passes over arrays": (
        "sub", "mul", "add", "sum", "amax", "addcmul", "div", "pow", "fill_", "zero_", "copy_", "index",
        "masked_", "exp", "log", "xlogy", "neg", "where", "kl_div", "gather", "scatter",
    ),
    "activations and norms": ("gelu", "native_layer_norm"),
    "optimizer and clipping": ("_fused_adamw", "_foreach", "linalg_vector_norm", "sqrt", "lerp"),
}  # fmt: skip


def profile(step: Callable[[Batch], dict[str, float]], batches: Iterator[Batch]) -> dict[str, float]:
    """Share of the time by kind of operation, over three steps."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as recorded:
        for _ in range(3):
            step(next(batches))
    times = dict.fromkeys([*KINDS, "the rest"], 0.0)
    for event in recorded.key_averages():
        name = event.key.removeprefix("aten::")
        own = event.key.startswith("aten::")
        kind = next((k for k, starts in KINDS.items() if own and _is_one(name, k, starts)), "the rest")
        times[kind] += event.self_cpu_time_total
    total = sum(times.values())
    return {kind: value / total for kind, value in times.items()}


def _is_one(name: str, kind: str, starts: tuple[str, ...]) -> bool:
    return name in starts if kind == "matrix products" else name.startswith(starts)


def products(case: Case, lm: MaskedLM, figures: Figures) -> dict[str, float]:
    """FLOP per token of a step's matrix products by shape, without those inside attention.

    The last layer attends to all positions, but its queries and what follows are computed at used ones only.
    """
    config = lm.model.config
    width, inner, vocabulary = config.hidden_size, config.intermediate_size, lm.vocabulary_size
    used = figures.positions / figures.tokens
    layer, keys_values = 2 * (4 * width**2 + 2 * width * inner), 2 * 2 * width**2

    def forward(layers: int) -> float:
        return (layers - 1) * layer + keys_values + used * (layer - keys_values)

    head = 2 * used * width**2
    backward = 2 * (forward(len(LAYERS)) + head) - (3 * 2 * width**2 if case.frozen else 0)
    encoders = forward(config.num_hidden_layers * case.teacher_depth) + forward(len(LAYERS)) + 2 * head
    projection = 2 * used * width * vocabulary
    return {
        "encoder": encoders + backward,
        "projection": 2 * projection,
        "to the states": projection,
        "to the weights": 0.0 if case.frozen else projection,
    }


def product_rates(lm: MaskedLM, dtype: torch.dtype, rows: int = 400) -> dict[str, float]:
    """The speed of each kind of `products` on this machine, FLOP/s; the best of some repetitions."""
    config = lm.model.config
    width, inner, vocabulary = config.hidden_size, config.intermediate_size, lm.vocabulary_size

    def random(*shape: int) -> Tensor:
        return torch.randn(shape).to(dtype)

    states, weight = random(rows, width), random(vocabulary, width)
    logits = random(rows, padded(vocabulary))[:, :vocabulary]
    tokens, dense, hidden = random(3 * rows, width), random(inner, width), random(3 * rows, inner)
    one = 2 * rows * width * vocabulary
    shapes: dict[str, tuple[float, Callable[[], object]]] = {
        "encoder": (2 * 3 * rows * width * inner, lambda: torch.mm(tokens, dense.t(), out=hidden)),
        "projection": (one, lambda: torch.mm(states, weight.t(), out=logits)),
        "to the states": (one, lambda: torch.mm(logits, weight, out=states)),
        "to the weights": (one, lambda: weight.addmm_(logits.t(), states, beta=0)),
    }
    rates = {}
    for name, (size, work) in shapes.items():
        times = []
        for _ in range(8):
            begin = time.perf_counter()
            work()
            times.append(time.perf_counter() - begin)
        rates[name] = size / min(times)
    return rates


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("case", help="a Case as JSON")
    case = Case(**json.loads(parser.parse_args().case))
    print(json.dumps(asdict(measure(case))))


if __name__ == "__main__":
    main()
