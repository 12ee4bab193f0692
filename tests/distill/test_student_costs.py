"""What a finished student costs: in the event at the end of a run, and in its model card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fairkd.corpora.corpus import Corpus
from fairkd.distill import train
from fairkd.measures import COSTS, cost_sentence
from fairkd.models.loading import MaskedLM, load
from fairkd.runs import event_schema
from tests.distill.parts import config
from tests.tiny import SENTENCES


@pytest.mark.parametrize("held_out", [40, 0])
def test_a_run_ends_with_what_its_student_costs(tiny_bert: MaskedLM, tmp_path: Path, held_out: int) -> None:
    events: list[dict[str, Any]] = []
    outcome = train(
        config(budget={"steps": 2}, student={"layers": [0]}),
        tmp_path / "run",
        emit=events.append,
        teacher=tiny_bert,
        corpus=Corpus("toy", None, SENTENCES[:100], SENTENCES[100 : 100 + held_out]),
    )
    assert outcome.model is not None
    (costs,) = (event for event in events if event["type"] == "costs")
    assert event_schema.problem(costs) is None and events[-1]["type"] == "end"
    parameters = sum(one.numel() for one in load(str(outcome.model)).model.parameters())
    files = [path for path in outcome.model.iterdir() if path.name != "README.md"]
    assert costs["parameters"] == parameters
    assert costs["bytes"] == sum(path.stat().st_size for path in files) > 4 * parameters
    assert (costs["tokens"], costs["minutes"]) == (outcome.tokens, outcome.seconds / 60)
    if held_out:
        assert costs.keys() >= set(COSTS) and costs["sentences"] == 20 and costs["threads"] == 1
    else:
        assert "milliseconds" not in costs
    card = (outcome.model / "README.md").read_text(encoding="utf-8")
    assert f"- Size and speed: {cost_sentence(costs)}\n" in card
