"""The tables of models and of grammatical roles, and the command below them."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from fairkd.lexicon.professions import shipped_professions
from fairkd.utils import agreeing_digits
from tests.app.gaps.conftest import Page

Folder = Callable[[str], Path]


def test_any_number_of_models_are_compared_with_the_teacher_in_one_table(
    gaps_page: Page, tiny_folder: Folder
) -> None:
    other = str(tiny_folder("distilbert"))
    several = shipped_professions()[["profession", "women_share"]].head(8)
    at = gaps_page(view="Models", professions=several)
    at.multiselect(key="gap_models").set_value([other]).run()
    assert not at.error and not at.exception and not at.metric
    table = at.dataframe[-1]
    assert table.value["model"].tolist() == [str(tiny_folder("bert")), other]
    assert table.value["verdict"].tolist()[0] == "reference"
    assert table.value["professions"].tolist() == [8, 8]
    assert list(table.proto.column_order)[:2] == ["model", "verdict"], "seen without scrolling"
    at.session_state["gaps_reproduce"] = True
    at.session_state["gaps_table_models_csv_copy"] = True
    at.run()
    markdown, line, bibtex = (code.value for code in at.code)
    heading, _, first, second, _, source = markdown.splitlines()
    assert heading.startswith(
        "| model | verdict | mean absolute gap (nats) | 95 % interval of the mean absolute"
    )
    assert "| p (Wilcoxon) | rank-biserial r |" in heading and second.count("|") == heading.count("|")
    assert source.startswith("models: ") and source.count("SHA-256") == 2 and "; date: 20" in source
    assert "| 95 % interval of the difference |" in heading and "| 95 % interval of the mean gap |" in heading
    assert heading.endswith("| mean probability of both groups | professions | templates |")
    assert first.endswith("% | 8 | 10 |"), "counts have neither a sign nor decimals"
    assert line.startswith("fairkd gaps --model ") and line.count("--model") == 2
    assert "professions.csv" in line and "FairDistillation" in bibtex


def test_any_of_the_models_can_be_the_reference(gaps_page: Page, tiny_folder: Folder) -> None:
    teacher, other = str(tiny_folder("bert")), str(tiny_folder("distilbert"))
    at = gaps_page(view="Models")
    at.multiselect(key="gap_models").set_value([other]).run()
    at.selectbox(key="gap_reference").set_value(other).run()
    at.session_state["gaps_reproduce"] = True
    at.run()
    table = at.dataframe[-1].value
    assert table["model"].tolist() == [other, teacher] and table["verdict"].tolist()[0] == "reference"
    assert at.code[-2].value.startswith(f"fairkd gaps --model {other} --model {teacher}")
    at.multiselect(key="gap_models").set_value([]).run()
    assert not at.exception and at.selectbox(key="gap_reference").value == teacher, "the reference is gone"


def test_a_renamed_model_has_its_new_name_in_the_table(
    gaps_page: Page, tiny_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = gaps_page(view="Models")
    at.multiselect(key="gap_models").set_value([str(tiny_folder("distilbert"))]).run()
    monkeypatch.setattr("app.gaps.results.model_label", lambda reference: f"renamed {reference}")
    at.run()
    assert at.dataframe[-1].value["model"].str.startswith("renamed ").all()


def test_a_shown_difference_is_that_of_the_shown_gaps() -> None:
    assert agreeing_digits((0.864, 0.4361, -0.4279)) == 3, "0.44 − 0.86 is not −0.43"
    assert agreeing_digits((1.8004, 0.1596, -1.6408)) == agreeing_digits((0.864, 0.4361, -0.424)) == 2
    assert agreeing_digits((0.864, 0.4361, math.nan)) == 2, "no difference, nothing to contradict"


def test_the_gaps_of_each_grammatical_role_are_a_table(gaps_page: Page) -> None:
    at = gaps_page()
    at.session_state["gaps_table_role_fold"] = True
    at.run()
    table = at.dataframe[-1]
    assert table.value["role"].tolist() == ["subject"] * 2 + ["object"] * 2 + ["possessive"] * 2
    assert table.value["templates"].tolist() == [4, 4, 3, 3, 3, 3]
