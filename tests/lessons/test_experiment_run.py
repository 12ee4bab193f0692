"""Experiments end to end on a tiny model: equal budgets, stopping, going on, what is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fairkd.errors import InputError
from fairkd.lessons import (
    EXPERIMENTS,
    Experiment,
    ExperimentResult,
    as_text,
    check_budgets,
    read_result,
    run_experiment,
)
from fairkd.models import MaskedLM
from tests.distill.parts import CORPUS

TWO = (*EXPERIMENTS["labels"].cells[:2],)


@pytest.fixture(scope="module")
def small() -> Experiment:
    """Hard labels and soft targets on all sentences of the tests' corpus."""
    return replace(EXPERIMENTS["labels"].quick(), cells=TWO, seeds=2)


@pytest.fixture(scope="module")
def result(
    small: Experiment, tiny_bert: MaskedLM, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ExperimentResult]:
    found = run_experiment(
        small, tmp_path_factory.mktemp("cells"), command="again", teacher=tiny_bert, corpus=CORPUS
    )
    assert found is not None
    return found


def test_every_cell_runs_with_every_seed_and_the_same_budget(result: ExperimentResult) -> None:
    assert [(run.cell, run.seed) for run in result.runs] == [
        (cell.key, seed) for seed in (0, 1) for cell in TWO
    ]
    assert {run.steps for run in result.runs} == {3}
    by_seed = [{run.tokens for run in result.runs if run.seed == seed} for seed in (0, 1)]
    assert [len(tokens) for tokens in by_seed] == [1, 1]  # the same sentences for both
    check_budgets(result)


def test_the_result_says_how_it_was_made_and_reads_back(
    result: ExperimentResult, tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    path = tmp_path / "result.json"
    path.write_text(as_text(result), encoding="utf-8")
    assert read_result(path) == result
    assert result.command == "again" and result.text.training == len(CORPUS.training)
    assert result.machine.threads == 1 and result.teacher.reference == tiny_bert.reference
    assert {cell.parameters for cell in result.cells} == {result.cells[0].parameters}
    assert all(cell.milliseconds > 0 for cell in result.cells)


def test_a_stopped_experiment_goes_on_and_ends_the_same(
    small: Experiment, result: ExperimentResult, tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    asked = iter([False] * 4 + [True] * 100)
    given = {"command": "again", "teacher": tiny_bert, "corpus": CORPUS}
    assert run_experiment(small, tmp_path, **given, stop=lambda: next(asked)) is None
    done = list(tmp_path.glob("*.json"))
    again = run_experiment(small, tmp_path, **given)
    assert again is not None and len(done) < 4
    assert [run.values for run in again.runs] == [run.values for run in result.runs]


def test_runs_that_are_done_are_not_made_again(
    small: Experiment, tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    given = {"command": "again", "teacher": tiny_bert, "corpus": CORPUS}
    one = replace(small, seeds=1)
    run_experiment(one, tmp_path, **given)
    path = next(tmp_path.glob("*.json"))
    document = json.loads(path.read_text())
    document["seconds"] = 77.0
    path.write_text(json.dumps(document))
    kept = run_experiment(one, tmp_path, **given)
    assert kept is not None and 77.0 in [run.seconds for run in kept.runs]
    more = replace(one, base={**one.base, "budget": {"steps": 2}})
    other = run_experiment(more, tmp_path, **given)
    assert other is not None and {run.steps for run in other.runs} == {2}


def test_unequal_budgets_are_refused(result: ExperimentResult) -> None:
    first, *others = result.runs
    longer = result.model_copy(update={"runs": (first.model_copy(update={"steps": 9}), *others)})
    with pytest.raises(InputError, match="100-soft made 3 steps, 100-hard 9"):
        check_budgets(longer)
    fewer = result.model_copy(update={"runs": (first.model_copy(update={"tokens": 1}), *others)})
    with pytest.raises(InputError, match="100-hard trained on 1 tokens"):
        check_budgets(fewer)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    with pytest.raises(InputError, match="cannot be read"):
        read_result(path)
    path.write_text("{}")
    with pytest.raises(InputError, match="is not the result of an experiment"):
        read_result(path)
