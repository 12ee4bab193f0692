"""Early stopping: a small gap while neither quality nor the words' probability suffers, or no progress."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch

from fairkd.distill import train
from fairkd.distill.config import BudgetConfig
from fairkd.distill.early_stopping import count_progress, stopping_reason
from fairkd.distill.run_state import RunState
from fairkd.models.loading import MaskedLM
from tests.distill.parts import CORPUS, config, trained


def test_a_run_stops_early_once_the_gap_is_small_and_says_why(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    settings = config(budget={"steps": 25, "stop_gap": 50.0}, evaluation={"every_steps": 3})
    outcome = train(settings, tmp_path, emit=events.append, teacher=tiny_bert, corpus=CORPUS)
    assert outcome.steps == 3 and outcome.model is not None
    assert events[-1]["state"] == "finished" and "below 50" in events[-1]["sentence"]


@pytest.mark.parametrize(
    ("guard", "steps"),
    [
        ({"stop_quality": 0.0}, 6),  # at this rate the student gets worse than it was
        ({"stop_quality": 1e6}, 3),
        ({"stop_quality": 1e6, "stop_plain": 1e-6}, 6),
        ({"stop_quality": 0.0, "stop_plain": 1e9}, 3),
    ],
)
def test_a_small_gap_is_not_enough_if_quality_suffers(
    tiny_bert: MaskedLM, tmp_path: Path, guard: dict[str, float], steps: int
) -> None:
    outcome, _ = trained(
        tiny_bert,
        tmp_path,
        budget={"steps": 6, "stop_gap": 50.0, "stop_mass": 0.0, **guard},
        evaluation={"every_steps": 3},
        optimizer={"learning_rate": 3.0},
    )
    assert outcome.steps == steps


def test_a_small_gap_is_not_enough_if_the_words_lose_their_probability(
    tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    """The bias of the head takes all probability from the pronouns, and keeps it away."""
    model = copy.deepcopy(tiny_bert.model)
    ids = tiny_bert.tokenizer.convert_tokens_to_ids(["he", "him", "his", "she", "her"])
    with torch.no_grad():
        model.get_output_embeddings().bias[ids] -= 20
    model.save_pretrained(tmp_path / "shy")
    tiny_bert.tokenizer.save_pretrained(tmp_path / "shy")
    student = {"kind": "existing", "reference": str(tmp_path / "shy"), "layers": None}
    for mass, steps in ((0.5, 6), (0.0, 3)):
        outcome, _ = trained(
            tiny_bert,
            tmp_path / str(mass),
            student=student,
            budget={"steps": 6, "stop_gap": 50.0, "stop_mass": mass},
            evaluation={"every_steps": 3},
            optimizer={"learning_rate": 1e-6},
        )
        assert outcome.steps == steps


def test_a_run_stops_after_evaluations_without_progress_also_if_it_was_resumed(
    tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    """With such a learning rate the student only gets worse."""
    settings = config(
        budget={"steps": 25, "patience": 3},
        evaluation={"every_steps": 2},
        checkpoint={"every_steps": 1},
        optimizer={"learning_rate": 3.0},
    )
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 7

    first = train(settings, tmp_path, teacher=tiny_bert, corpus=CORPUS, stop=stop)
    assert first.state == "cancelled" and 0 < first.steps < 6
    events: list[dict[str, Any]] = []
    outcome = train(settings, tmp_path, emit=events.append, teacher=tiny_bert, corpus=CORPUS)
    assert outcome.steps == 6 and outcome.model is not None
    assert events[-1]["sentence"].startswith(
        "Stopped early at step 6: in the last 3 evaluations, the pseudo-perplexity on held-out text has not"
    )


def test_a_lower_pseudo_perplexity_starts_the_count_again() -> None:
    budget, state = BudgetConfig(steps=9, patience=2), RunState()
    found = []
    for quality in (9.0, 9.0, 8.0, None, 8.5, 8.0):
        count_progress(state, quality)
        found.append(stopping_reason(budget, state) is not None)
    assert found == [False, False, False, False, False, True]
    assert stopping_reason(BudgetConfig(steps=9), state) is None
