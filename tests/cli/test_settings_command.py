"""`fairkd settings`: every setting with its default, its allowed values and its meaning."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from fairkd.cli.commands import app
from fairkd.distill.config.settings_list import all_settings
from fairkd.errors import InputError


def fairkd(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["settings", *arguments])
    if result.exception is not None:
        raise result.exception
    return result.stdout


def test_all_settings_are_listed_by_section() -> None:
    text = fairkd()
    assert all(one.key in text for one in all_settings())
    assert text.index("seed (integer") < text.index("budget: How long") < text.index("budget.steps (")
    assert "optimizer.learning_rate (number, above 0; default: 0.0006)" in text
    assert "Peak learning rate, reached after warm-up." in text


def test_a_section_or_a_single_setting_can_be_chosen() -> None:
    assert "budget.minutes (number, above 0, or empty; default: 5)" in fairkd("budget")
    assert "corpus" not in fairkd("budget")
    assert (
        fairkd("student.kind").splitlines()[0]
        == "  student.kind (layers | fresh | existing; default: layers)"
    )


def test_a_wrong_name_is_refused_with_the_nearest_right_one() -> None:
    with pytest.raises(InputError, match="no setting budget.step. Did you mean budget.steps"):
        fairkd("budget.step")


def test_settings_as_json_are_complete() -> None:
    found = {one["key"]: one for one in json.loads(fairkd("--json"))}
    assert list(found) == [one.key for one in all_settings()]
    assert found["optimizer.warmup"] == {
        "key": "optimizer.warmup",
        "section": "optimizer",
        "type": "number",
        "optional": False,
        "choices": [],
        "minimum": 0,
        "maximum": 1,
        "above": False,
        "below": True,
        "default": 0.05,
        "description": found["optimizer.warmup"]["description"],
    }
