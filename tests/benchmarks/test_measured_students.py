"""Results of a run's student: in its folder and in its model card."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fairkd.benchmarks import MeasureConfig, Result, measure_models, stored_results
from fairkd.benchmarks.measured_students import card_section, keep, write_card
from fairkd.models import load
from tests.benchmarks.test_crows_pairs import FILES

CARD = "---\nlibrary_name: x\n---\n\n# A student\n\n## Evaluation\n\nx\n\n## Intended use and limits\n\ny\n"


@pytest.fixture
def run(tiny_folder: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a finished run."""
    monkeypatch.setenv("FAIRKD_HOME", str(tmp_path / "home"))
    folder = tmp_path / "home" / "runs" / "1a2b3c4d"
    shutil.copytree(tiny_folder("bert"), folder / "model")
    (folder / "model" / "README.md").write_text(CARD)
    return folder


@pytest.fixture
def result(run: Path, tmp_path: Path) -> Result:
    data = tmp_path / "pairs.csv"
    data.write_bytes(FILES["pairs.csv"])
    config = MeasureConfig(
        models=("run/1a2b3c4d",), benchmarks=("crows-pairs",), data={"crows-pairs": str(data)}
    )
    [[found], _] = measure_models(config, tmp_path / "measurement", emit=lambda _: None)
    return found


def test_a_measured_student_has_its_results_in_the_run_and_on_the_card(run: Path, result: Result) -> None:
    assert stored_results.read(run)[0] == [result]
    card = (run / "model" / "README.md").read_text()
    assert "| CrowS-Pairs | stereotype preferred | " in card and "| 50.00 | 6 items, pairs.csv |" in card
    assert card.index("## Evaluation") < card.index("## Benchmarks") < card.index("## Intended use")
    assert load("run/1a2b3c4d").reference == "run/1a2b3c4d"


def test_a_second_measurement_replaces_the_section(run: Path, result: Result) -> None:
    path = run / "model" / "README.md"
    before = path.read_text()
    write_card(path, [result])
    assert path.read_text() == before
    path.write_text("# No section\n")
    write_card(path, [result])
    assert path.read_text() == f"# No section\n{card_section([result])}"


def test_a_sample_does_not_replace_the_whole(run: Path, result: Result) -> None:
    keep(replace(result, quick=True, overall=replace(result.overall, n=result.overall.n - 1)))
    assert stored_results.read(run)[0] == [result]


def test_other_models_and_missing_runs_are_left_alone(run: Path, result: Result) -> None:
    shutil.rmtree(run)
    keep(result)
    keep(replace(result, model="embedded/teacher"))
    assert not run.exists()
