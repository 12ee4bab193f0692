"""The view “Words” of a measurement."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fairkd.benchmarks import Result, measure, promoted_words, stored_results
from fairkd.models import MaskedLM
from fairkd.utils import runs_folder
from tests.app.measures.conftest import OpenMeasures
from tests.app.reading import texts
from tests.app.some_runs import add_measurement

TEXT = ("She is a very good doctor.", "He likes milk.")


@pytest.fixture
def results(tiny_model: Callable[[str], MaskedLM], tmp_path: Path) -> list[Result]:
    text = tmp_path / "text.txt"
    text.write_text("\n".join(TEXT))
    teacher, student = tiny_model("bert"), tiny_model("distilbert")
    return [
        measure(model, "fidelity", reference=teacher, data=text, cached=False) for model in (teacher, student)
    ]


def test_promoted_and_demoted_words_are_shown_with_an_example(
    open_measures: OpenMeasures, results: list[Result], tiny_model: Callable[[str], MaskedLM]
) -> None:
    models = [one.model for one in results]
    id = add_measurement("mine", results=results, models=models, benchmarks=["fidelity"])
    app = open_measures(measurement=id, results="Words")
    assert "The words are compared when fidelity has been measured." in texts(app)
    words = promoted_words(tiny_model("bert"), tiny_model("distilbert"), TEXT, k=4)
    stored_results.store_words(words, runs_folder() / id, models[1])
    app = open_measures(measurement=id, results="Words")
    tables = [frame.value for frame in app.dataframe if "example" in frame.value]
    assert [table["word"].tolist() for table in tables] == [one["word"].tolist() for one in words]
    assert "More probable than for bert" in texts(app)


def test_without_a_second_model_the_view_says_what_it_needs(
    open_measures: OpenMeasures, results: list[Result]
) -> None:
    id = add_measurement("mine", results=results[:1], models=[results[0].model], benchmarks=["fidelity"])
    assert "choose it, with a second model" in texts(open_measures(measurement=id, results="Words"))
