"""The view of the Predictions page: everything its figure shows, as JSON."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys

import pytest

from app.charts.text import percent
from app.predictions.view import MOST_POSITIONS, predictions_view
from fairkd.models.loading import MaskedLM
from fairkd.predictions.positions import predict
from tests import ROOT


def test_importing_the_view_imports_no_torch() -> None:
    code = "import sys, app.predictions.view; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_the_figure_has_a_column_for_every_token_and_a_panel_for_each_model(tiny_bert: MaskedLM) -> None:
    prediction = predict(tiny_bert, "he is a [MASK]")
    data = predictions_view({"teacher": prediction, "student": prediction}, k=3)
    assert json.loads(json.dumps(data)) == json.loads(json.dumps(data)) and data["selected"] == 4
    assert [column["text"] for column in data["columns"]][-1] == "[MASK]"
    assert [column["masked"] for column in data["columns"]] == [False, False, False, True]
    assert [panel["role"] for panel in data["panels"]] == ["teacher", "student"]
    cells = data["panels"][0]["columns"][3]
    top = prediction.top(prediction.positions[3], 3)
    assert [word for word, *_ in cells] == top["token"].tolist()
    assert [shown for *_, shown in cells] == [percent(value) for value in top["probability"]]
    shades = [shade for _, shade, _ in cells]
    assert shades == pytest.approx([value**0.45 for value in top["probability"]], abs=1e-3)


def test_the_words_of_a_position_are_rounded_alike_in_cells_bars_and_table(tiny_bert: MaskedLM) -> None:
    prediction = predict(tiny_bert, "he is a [MASK]")
    data = predictions_view({"teacher": prediction}, k=5)
    words = {word["text"]: word["teacher"]["shown"] for word in data["positions"][3]["words"]}
    assert words == {word: shown for word, _, shown in data["panels"][0]["columns"][3]}


def test_on_a_logarithmic_scale_rare_words_are_darker_and_the_rarest_pale(tiny_bert: MaskedLM) -> None:
    prediction = predict(tiny_bert, "he is a [MASK]")
    data = predictions_view({"teacher": prediction}, k=1000, log=True)
    word, shade, _ = data["panels"][0]["columns"][3][0]
    top = prediction.top(prediction.positions[3], 1).iloc[0]
    assert word == top["token"]
    assert shade == pytest.approx(1 + math.log10(top["probability"]) / 4, abs=1e-3)
    assert all(0 <= shade <= 1 for cells in data["panels"][0]["columns"] for _, shade, _ in cells)


def test_a_second_student_has_its_own_panel_and_bars(tiny_bert: MaskedLM) -> None:
    one = predict(tiny_bert, "he is a [MASK]")
    data = predictions_view({"teacher": one, "student": one, "student2": one}, k=3)
    assert [panel["role"] for panel in data["panels"]] == ["teacher", "student", "student2"]
    here = data["positions"][3]
    assert all({"teacher", "student", "student2"} <= set(word) for word in here["words"])
    assert here["finding"].endswith("times for the student, " + here["finding"].split(", ")[-1])
    assert here["finding"].endswith("times for the second student"), "all expect the same word"
    assert [line["role"] for line in here["odds"]["lines"]] == ["teacher", "student", "student2"]


@pytest.mark.parametrize("role", ["teacher", "student"])
def test_one_model_alone_is_shown_alone(tiny_bert: MaskedLM, role: str) -> None:
    data = predictions_view({role: predict(tiny_bert, "he is a [MASK]")}, k=2)  # type: ignore[dict-item]
    assert [panel["role"] for panel in data["panels"]] == [role]
    here = data["positions"][3]
    assert re.fullmatch(rf"At “\[MASK\]”: “.+” is .+ times as likely as “.+” for the {role}", here["finding"])
    assert data["positions"][0]["finding"].startswith(f"At “he”: {role} says “"), "a word that it can read"
    assert [measure["name"] for measure in here["measures"]] == [
        "As unsure as a choice between",
        "Probability of the words shown",
    ]


def test_tokens_of_one_model_alone_have_their_own_columns(
    tiny_bert: MaskedLM, tiny_roberta: MaskedLM
) -> None:
    text = "he is unbelievable"
    data = predictions_view(
        {"teacher": predict(tiny_bert, text), "student": predict(tiny_roberta, text)}, k=2
    )
    for number, column in enumerate(data["columns"]):
        cells = [panel["columns"][number] for panel in data["panels"]]
        assert any(cells), column
    assert any(None in panel["columns"] for panel in data["panels"])
    (reason,) = data["reasons"]
    assert "different vocabularies" in reason


def test_a_long_sentence_has_only_the_chosen_position_in_full(tiny_bert: MaskedLM) -> None:
    prediction = predict(tiny_bert, "he is " * MOST_POSITIONS)
    data = predictions_view({"teacher": prediction}, k=2, number=3)
    assert [number for number, here in enumerate(data["positions"], start=1) if here] == [3]


def test_a_number_out_of_range_is_the_default(tiny_bert: MaskedLM) -> None:
    prediction = predict(tiny_bert, "he is a [MASK]")
    for number in (None, 0, -1, 99):
        assert predictions_view({"teacher": prediction}, k=2, number=number)["selected"] == 4
