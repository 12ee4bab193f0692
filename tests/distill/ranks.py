"""What each of two processes does in `test_processes`: `accelerate launch ... ranks.py TEACHER FOLDER`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from fairkd.distill import train
from fairkd.distill.precision import make_accelerator
from fairkd.models.loading import load
from tests.distill.parts import CORPUS, config

STEPS = 6
CANCELLED_AT = 3


def settings(accumulate: int) -> dict:
    return {
        "budget": {"steps": STEPS},
        "optimizer": {"gradient_accumulation": accumulate, "precision": "fp32"},
        "student": {"layers": [0], "freeze_embeddings": False},
        "constraint": {"kind": "group"},
        "objective": {"label": "soft", "group": 2.0, "positions": "sample"},
        "checkpoint": {"every_steps": 2},
        "log_every": 1,
    }


def main(teacher: str, target: Path) -> None:
    process = make_accelerator()
    lm = load(teacher)
    # The second process is as on a machine of its own, which has nothing of the run.
    folder = target if process.is_main_process else target / "elsewhere"
    shared = config(**settings(1))
    events: list[dict] = []
    whole = train(shared, folder / "whole", emit=events.append, teacher=lm, corpus=CORPUS)
    assert bool(events) == process.is_main_process, "the first process alone emits"

    asked = 0

    def stop() -> bool:
        """The second process alone wants to stop."""
        nonlocal asked
        asked += 1
        return process.process_index == 1 and asked > CANCELLED_AT  # asked once a step

    cancelled = train(shared, folder / "cancelled", stop=stop, teacher=lm, corpus=CORPUS)
    resumed = train(shared, folder / "cancelled", teacher=lm, corpus=CORPUS)
    report = {
        "states": [whole.state, cancelled.state, resumed.state],
        "steps": [whole.steps, cancelled.steps, resumed.steps],
        "tokens": whole.tokens,
        "events": events,
    }
    (target / f"rank-{process.process_index}.json").write_text(json.dumps(report))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
