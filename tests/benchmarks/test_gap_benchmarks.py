"""The mean absolute gap and LPBS: as on the Gaps page, and against the plain reference."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fairkd.benchmarks import BENCHMARKS
from fairkd.benchmarks.gap_benchmarks import aggregate
from fairkd.benchmarks.measuring import score_items
from fairkd.benchmarks.scorer import Scorer
from fairkd.lexicon import contrasts, fitting
from fairkd.measures import gaps
from fairkd.models import MaskedLM
from tests.benchmarks.references.registry import REFERENCES

PROFESSIONS = {"professions.csv": b"profession\nnurse\nengineer\nzoologist\n"}


@pytest.mark.parametrize("name", ["gaps", "lpbs"])
def test_every_item_equals_the_plain_reference(teacher: MaskedLM, name: str) -> None:
    items = BENCHMARKS[name].read(PROFESSIONS)
    table, unscored = score_items(BENCHMARKS[name], items, Scorer(teacher))
    assert not unscored and len(table) == len(items)
    for row, item in zip(table.to_dict("records"), items, strict=True):
        assert row["gap"] == pytest.approx(REFERENCES[name](teacher, item)["gap"], abs=1e-4)


def test_the_values_are_those_of_the_gaps_page(tiny_roberta: MaskedLM) -> None:
    benchmark = BENCHMARKS["lpbs"]
    table, _ = score_items(benchmark, benchmark.read(PROFESSIONS), Scorer(tiny_roberta))
    contrast = contrasts()["pronouns"]
    frame = gaps(
        tiny_roberta,
        contrast=contrast,
        templates=fitting(contrast),
        professions=["nurse", "engineer", "zoologist"],
    )
    found = benchmark.aggregate(table, np.ones((1, len(table))))
    assert float(found["absolute"][0]) == pytest.approx(frame["corrected_gap"].abs().mean(), rel=1e-5)
    assert float(found["signed"][0]) == pytest.approx(frame["corrected_gap"].mean(), rel=1e-5)
    assert float(found["mass"][0]) == pytest.approx(frame["mass"].mean())


def test_a_profession_that_cannot_be_scored_is_named_and_the_rest_is_kept(tiny_bert: MaskedLM) -> None:
    benchmark = BENCHMARKS["gaps"]
    files = {"professions.csv": "profession\nnurse\n\U0001f600\n".encode()}
    table, unscored = score_items(benchmark, benchmark.read(files), Scorer(tiny_bert))
    assert set(table["profession"]) == {"nurse"} and len(unscored) == len(table)
    assert all("\U0001f600" in one.id and one.reason for one in unscored)


def test_a_model_without_preference_scores_0() -> None:
    table = pd.DataFrame({"absolute_gap": [0.0, 0.0], "gap": [0.0, 0.0], "mass": [0.5, 0.7]})
    found = aggregate(table, np.ones((1, 2)))
    assert [float(found[key][0]) for key in ("absolute", "signed", "mass")] == [0.0, 0.0, 0.6]
