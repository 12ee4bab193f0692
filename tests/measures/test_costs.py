"""The registry of costs: what a student's use and training take."""

from __future__ import annotations

import math

import pytest

from fairkd.measures.costs import COSTS, Cost, cost_sentence
from fairkd.runs import event_schema


@pytest.mark.parametrize("cost", COSTS.values(), ids=list(COSTS))
def test_every_cost_can_be_stored_and_shown(cost: Cost) -> None:
    event = {"type": "costs", "time": 5.0, "step": 1, cost.key: 12.5}
    assert event_schema.problem(event) is None
    assert event_schema.problem({**event, cost.key: "many"}) is not None
    assert cost.format(None) == cost.format(math.nan) == "–"
    assert cost.description.endswith(".")


def test_costs_are_shown_in_their_units() -> None:
    shown = {
        "parameters": 17421114,
        "bytes": 70403670,
        "milliseconds": 33.9694,
        "tokens": 4043,
        "minutes": 0.05,
    }
    assert [COSTS[key].format(value) for key, value in shown.items()] == [
        *("17,421,114", "70.4 MB", "34.0 ms", "4,043", "0.05 min")
    ]
    assert COSTS["bytes"].format(4200) == "4.2 kB" and COSTS["milliseconds"].format(240.4) == "240 ms"


def test_the_sentence_says_how_the_latency_was_measured_and_leaves_out_what_is_unknown() -> None:
    whole = {"parameters": 1000, "bytes": 2e6, "milliseconds": 2.0, "threads": 1, "sentences": 20}
    assert cost_sentence(whole) == (
        "1,000 parameters, 2.0 MB on disk, 2.00 ms a sentence on a CPU (median over 20 sentences, 1 thread)"
    )
    assert cost_sentence({"milliseconds": 2.0}) == "2.00 ms a sentence on a CPU (median)"
    assert cost_sentence({"parameters": 1000, "bytes": None}) == "1,000 parameters"
    assert cost_sentence({}) == ""
