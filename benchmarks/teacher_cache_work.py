"""What `benchmarks.teacher_cache` measures: one training in this process, its figures as JSON on stdout.

It runs as a script with another checkout's `fairkd`, too, so it uses only what earlier builds have.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from typing import Any

import torch
from transformers import BertConfig, BertForMaskedLM

from fairkd import corpora
from fairkd.distill import PRESETS, read_config, train
from fairkd.models import MaskedLM, load

LAYERS = 12
SENTENCES = 20_000  # of the training text


@dataclass(frozen=True)
class Case:
    """One training. `cache` None leaves the setting out, for a build that does not know it.

    `deep` means a teacher of BERT-base's shape with random weights in place of the embedded one. `changes`
    are further settings, "key=value".
    """

    preset: str
    cache: bool | None
    deep: bool
    steps: int
    warm: int
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figures:
    """Tokens, seconds and processor seconds after the first `warm` steps, and the held-out KL at the end."""

    tokens: int
    seconds: float
    cpu: float
    kl: float


def bert_base() -> MaskedLM:
    """A BERT of the base model's shape with random weights, and the embedded teacher's tokenizer."""
    lm = load("embedded/teacher")
    torch.manual_seed(0)
    model = BertForMaskedLM(BertConfig(vocab_size=lm.vocabulary_size, num_hidden_layers=LAYERS))
    return MaskedLM(model.eval(), lm.tokenizer, "random-bert-base")


def run(case: Case) -> Figures:
    """Train, and take the time between the first point of the loss curve and the last one."""
    settings: dict[str, Any] = {
        **PRESETS[case.preset],
        "budget": {"steps": case.steps},
        "log_every": case.warm,
        "evaluation": {"every_steps": 10**6} | ({"sentences": 20, "professions": 2} if case.deep else {}),
        "checkpoint": {"every_steps": 10**6},
    }
    if case.cache is not None:
        settings["teacher_cache"] = case.cache
    points: list[tuple[int, float, float]] = []

    def emit(event: dict[str, Any]) -> None:
        if event["type"] == "train":
            points.append((event["tokens"], time.perf_counter(), time.process_time()))

    corpus = corpora.read("bug", most=SENTENCES)
    with tempfile.TemporaryDirectory() as folder:
        teacher = bert_base() if case.deep else None
        config = read_config(None, case.changes, start=settings)
        outcome = train(config, folder, emit=emit, teacher=teacher, corpus=corpus)
    tokens, seconds, cpu = (last - first for first, last in zip(points[0], points[-1], strict=True))
    return Figures(int(tokens), seconds, cpu, float(outcome.held_out["kl"] or 0))


if __name__ == "__main__":
    print(json.dumps(asdict(run(Case(**json.loads(sys.argv[1]))))))
