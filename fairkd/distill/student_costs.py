"""What the use of a finished student costs: its size, and its latency on a CPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fairkd.distill.evaluation import Evaluator, spread
from fairkd.distill.model_card import CARD, CardData, save, write_card
from fairkd.models import THREADS, MaskedLM, forward_milliseconds, load

SENTENCES = 20
ROUNDS = 3
SECONDS = 1.0  # about; a large model is timed on fewer sentences


def save_with_costs(evaluator: Evaluator, data: CardData, folder: Path) -> dict[str, Any]:
    """Save the evaluated student, measure what it costs, and say so in its model card.

    Of the held-out sentences of the evaluation, `SENTENCES` are timed, evenly spread.

    Returns
    -------
    dict
        The costs by the keys of `fairkd.measures.COSTS`; with `milliseconds`, also the number of `sentences`
        that were timed and the CPU `threads`.
    """
    student = evaluator.student
    save(student, data, folder)
    costs = {
        "parameters": sum(parameter.numel() for parameter in student.model.parameters()),
        "bytes": sum(path.stat().st_size for path in folder.iterdir() if path.name != CARD),
        "tokens": data.tokens,
        "minutes": data.seconds / 60,
        **_latency(student, folder, spread(evaluator.tokens_of(student), SENTENCES)),
    }
    write_card(replace(data, costs=costs), folder)
    return costs


def _latency(student: MaskedLM, folder: Path, sentences: Sequence[np.ndarray]) -> dict[str, Any]:
    """`milliseconds`, `sentences` and `threads`; nothing without held-out text."""
    if not sentences:
        return {}
    on_cpu = student if student.model.device.type == "cpu" else load(str(folder))
    times = forward_milliseconds({"": on_cpu}, sentences, rounds=ROUNDS, seconds=SECONDS)[""]
    return {
        "milliseconds": round(float(np.median(times)), 4),
        "sentences": min(len(times), len(sentences)),
        "threads": THREADS,
    }
