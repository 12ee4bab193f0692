"""A distillation step on a GPU against the textbook one: `python -m benchmarks.gpu_step`, under 10 minutes.

For BERT-base's shape and for the same with XLM-R's vocabulary (250,002 tokens), with random weights: tokens
without padding per second, and peak memory, of the textbook step (fp32, dense logits) and of FairKD's at all
positions and at masked ones. The target: five times the textbook's speed and a third of its memory.
`--tiny` tries all of it on small models, on the CPU if there is no GPU; its figures mean nothing.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import torch
from transformers import BertConfig, BertForMaskedLM

from benchmarks.distill_work import (
    Case,
    config_of,
    textbook_batches,
    textbook_step,
    trainer_batches,
    trainer_step,
)
from fairkd.constraints import Constraint
from fairkd.distill import Trainer, take_layers
from fairkd.distill.data import Batch
from fairkd.models import MaskedLM, load

WARM_STEPS = 5
LAYERS = (0, 2, 5)  # what `config_of` says; the teacher has twelve
SHAPES: dict[str, dict[str, int]] = {
    "BERT-base": {"vocab_size": 30_522},
    "BERT-base with XLM-R's vocabulary": {"vocab_size": 250_002},
}
TINY = {"hidden_size": 64, "num_hidden_layers": 6, "num_attention_heads": 4, "intermediate_size": 128}
CASES = {
    "textbook, fp32": Case(reference=True),
    "all positions": Case(positions="all"),
    "masked positions": Case(positions="masked"),
    "masked positions, embeddings frozen": Case(positions="masked", frozen=True),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30, help="seconds per measurement")
    parser.add_argument("--batch", type=int, default=128, help="sentences a step, of 38 tokens on average")
    parser.add_argument("--tiny", action="store_true", help="small models, two seconds each")
    options = parser.parse_args()
    if not (options.tiny or torch.cuda.is_available()):
        parser.error("there is no GPU here; --tiny tries the script without one")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    seconds, batch = (2.0, 8) if options.tiny else (options.seconds, options.batch)
    print("| shape | step | tokens/s | times the textbook's | peak memory, GB | part of the textbook's |")
    print("|---|---|---|---|---|---|")
    for shape, sizes in SHAPES.items():
        reference = None
        for name, case in CASES.items():
            found = measure({**sizes, **(TINY if options.tiny else {})}, case, batch, seconds, device)
            reference = reference or found
            faster, lighter = found[0] / reference[0], found[1] / (reference[1] or float("nan"))
            memory = f"{found[1]:.2f} | {lighter:.2f}"
            print(f"| {shape} | {name} | {found[0]:,.0f} | {faster:.1f} | {memory} |", flush=True)


def measure(
    sizes: dict[str, Any], case: Case, batch: int, seconds: float, device: torch.device
) -> tuple[float, float]:
    """Tokens per second, and peak memory in GB (0 on a CPU)."""
    torch.manual_seed(0)
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    model = BertForMaskedLM(BertConfig(**sizes)).eval()
    teacher = MaskedLM(model.to(device), load("embedded/teacher").tokenizer, "random weights")
    student = take_layers(teacher.model, LAYERS, freeze_embeddings=case.frozen)
    case = Case(**{**vars(case), "batch": batch})
    step: Callable[[Batch], Any]
    batches: Iterator[Batch]
    if case.reference:
        step, batches = textbook_step(teacher, student), textbook_batches(teacher, case)
    else:
        lm = MaskedLM(student, teacher.tokenizer, "student")
        step = trainer_step(Trainer(teacher, lm, Constraint("none"), config_of(case)))
        batches = trainer_batches(teacher, case)
    for _ in range(WARM_STEPS):
        step(next(batches).to(device))
    tokens, begin = 0, time.perf_counter()
    for number in count():
        if number and time.perf_counter() - begin > seconds:
            break
        one = next(batches)
        step(one.to(device))  # it reads the losses, so it waits for the device
        tokens += one.tokens
    peak = torch.cuda.max_memory_allocated() / 1e9 if device.type == "cuda" else 0.0
    return tokens / (time.perf_counter() - begin), peak


if __name__ == "__main__":
    main()
