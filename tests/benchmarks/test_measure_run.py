"""Several models by several benchmarks in a folder: events, stopping, continuing, and damaged files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fairkd.benchmarks import MeasureConfig, measure_models, measure_run, promoted_words, stored_results
from fairkd.errors import InputError
from fairkd.models import load
from fairkd.utils import Throttle
from tests.benchmarks.test_crows_pairs import FILES

Event = Mapping[str, Any]


@pytest.fixture
def config(
    tiny_folder: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> MeasureConfig:
    monkeypatch.setenv("FAIRKD_HOME", str(tmp_path / "home"))
    path = tmp_path / "pairs.csv"
    path.write_bytes(FILES["pairs.csv"])
    models = (str(tiny_folder("bert")), str(tiny_folder("roberta")))
    return MeasureConfig(models=models, benchmarks=("crows-pairs",), data={"crows-pairs": str(path)})


def test_every_model_is_measured_and_told(config: MeasureConfig, tmp_path: Path) -> None:
    events: list[Event] = []
    results, refusals = measure_models(config, tmp_path, emit=events.append)
    assert {result.model for result in results} == set(config.models) and not refusals
    assert [event["type"] for event in events if event["type"] not in ("progress", "message")] == [
        *("start", "result", "result", "end")
    ]
    assert events[-1]["state"] == "finished"
    [stored] = [one for one in stored_results.read(tmp_path)[0] if one.model == config.models[0]]
    [made] = [one for one in results if one.model == config.models[0]]
    assert stored == made and stored.items.equals(made.items)


def test_a_stopped_measurement_continues_where_it_was(config: MeasureConfig, tmp_path: Path) -> None:
    events: list[Event] = []
    done: list[Event] = []

    def stop() -> bool:
        return any(event["type"] == "result" for event in events)

    results, _ = measure_models(config, tmp_path, emit=events.append, stop=stop)
    assert len(results) == 1 and events[-1]["state"] == "cancelled"
    before = results[0].date
    results, _ = measure_models(config, tmp_path, emit=done.append)
    assert len(results) == 2 and before in {result.date for result in results}
    assert done[-1]["state"] == "finished"


def test_a_damaged_result_is_measured_again(config: MeasureConfig, tmp_path: Path) -> None:
    measure_models(config, tmp_path, emit=lambda _: None)
    path = stored_results.path_of(tmp_path, config.models[0], "crows-pairs")
    path.write_text(path.read_text()[:100])
    assert len(stored_results.read(tmp_path)[0]) == 1
    assert len(measure_models(config, tmp_path, emit=lambda _: None)[0]) == 2


def test_what_cannot_be_measured_is_told_and_the_rest_is_kept(config: MeasureConfig, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    wrong = config.model_copy(update={"data": {"crows-pairs": str(other)}})
    with pytest.raises(InputError, match=r"Nothing could be measured\. .*lacks the column"):
        measure_models(wrong, tmp_path, emit=lambda _: None)
    _, refusals = stored_results.read(tmp_path)
    assert len(refusals) == 2
    # Once the file is right, what was refused is measured.
    assert len(measure_models(config, tmp_path, emit=lambda _: None)[0]) == 2


def test_scores_are_computed_once(
    config: MeasureConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = measure_models(config, tmp_path / "one", emit=lambda _: None)

    def fails(*_: object) -> None:
        raise AssertionError("no pass of the model is needed")

    monkeypatch.setattr("fairkd.predictions.token_scores.log_probabilities_at", fails)
    second, _ = measure_models(config, tmp_path / "two", emit=lambda _: None)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.items["difference"], other.items["difference"])


def test_a_chosen_data_set_is_the_one_that_is_measured(config: MeasureConfig, tmp_path: Path) -> None:
    dutch = config.model_copy(update={"data": {}, "data_sets": {"crows-pairs": "crows-pairs-nl"}})
    with pytest.raises(InputError, match="Dutch CrowS-Pairs does not come with FairKD: get it from"):
        measure_models(dutch, tmp_path, emit=lambda _: None)


def test_fidelity_brings_the_words_that_the_student_promotes(
    tiny_folder: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRKD_HOME", str(tmp_path / "home"))
    text = tmp_path / "text.txt"
    text.write_text("She is a very good doctor.\nHe likes milk.\n")
    teacher, student = str(tiny_folder("bert")), str(tiny_folder("distilbert"))
    asked = MeasureConfig(models=(teacher, student), benchmarks=("fidelity",), data={"fidelity": str(text)})
    measure_models(asked, tmp_path, emit=lambda _: None)
    assert stored_results.read_words(tmp_path, teacher) is None
    stored = stored_results.read_words(tmp_path, student)
    assert stored is not None
    expected = promoted_words(load(teacher), load(student), text.read_text().splitlines())
    for found, table in zip(stored, expected, strict=True):
        assert found["word"].tolist() == table["word"].tolist()
        np.testing.assert_allclose(found["shift"], table["shift"])
    [path] = (tmp_path / "words").glob("*.json")
    path.write_text("[[]")
    assert stored_results.read_words(tmp_path, student) is None
    measure_models(asked, tmp_path, emit=lambda _: None)
    assert stored_results.read_words(tmp_path, student) is not None


@pytest.mark.parametrize("column", ["id", "stereotype", "difference"])
def test_a_result_whose_items_lack_a_column_counts_as_not_measured(
    config: MeasureConfig, tmp_path: Path, column: str
) -> None:
    measure_models(config, tmp_path, emit=lambda _: None)
    path = stored_results.path_of(tmp_path, config.models[0], "crows-pairs")
    document = json.loads(path.read_text(encoding="utf-8"))
    place = document["items"]["columns"].index(column)
    document["items"]["columns"].pop(place)
    for row in document["items"]["rows"]:
        row.pop(place)
    path.write_text(json.dumps(document), encoding="utf-8")
    assert stored_results.read_one(path) is None


def test_what_was_measured_before_says_nothing_about_the_time_left(
    config: MeasureConfig, tmp_path: Path
) -> None:
    events: list[Event] = []
    reporter = measure_run._Reporter(events.append, lambda: False, total=10)
    for done in range(8):
        reporter.enter(done, "model", "crows-pairs")
        reporter.keep()
    reporter._throttle = Throttle(0)
    reporter._began -= 100.0  # seconds, in which half of one of two pairs was measured
    reporter.enter(8, "model", "aul")
    reporter.report(0.5)
    assert events[-1]["seconds_left"] == pytest.approx(300, rel=0.01)
