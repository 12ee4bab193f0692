"""Both models' predictions at one column of the figure, as data."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.charts.text import percent
from app.components.columns import token_columns
from app.predictions.position import Position
from fairkd.models.loading import MaskedLM
from fairkd.predictions.model_comparison import compare
from fairkd.predictions.positions import predict
from tests import ROOT


def test_the_shown_words_include_the_other_models_top_words(
    tiny_bert: MaskedLM, tiny_roberta: MaskedLM
) -> None:
    teacher, student = predict(tiny_bert, "he is a [MASK]"), predict(tiny_roberta, "he is a [MASK]")
    comparison = compare(teacher, student)
    here = Position(token_columns(teacher, student, comparison)[3], teacher, student, comparison)
    assert len(here.frame(3)) > 3
    assert here.mass(here.frame(3))["teacher"] > teacher.shown_mass(here.column.teacher or 0, 3)


def test_a_single_model_has_the_probability_of_its_own_top_words(tiny_bert: MaskedLM) -> None:
    prediction = predict(tiny_bert, "he is a [MASK]")
    column = token_columns(None, prediction, None)[3]
    here = Position(column, None, prediction, None)
    mass = here.mass(here.frame(4))
    assert mass == {"student": pytest.approx(prediction.shown_mass(column.student or 0, 4))}


def test_the_page_shows_the_probability_of_the_words_in_its_table(tiny_folder: Callable[[str], Path]) -> None:
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=120)
    parameters = {"teacher": str(tiny_folder("bert")), "student": str(tiny_folder("roberta")), "k": "3"}
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    (mass,) = (metric.value for metric in app.metric if metric.label.startswith("Probability of the words"))
    table = app.dataframe[0].value
    sums = (percent(table[f"{model}_probability"].sum()) for model in ("teacher", "student"))
    assert len(table) > 3 and mass == " | ".join(sums)
