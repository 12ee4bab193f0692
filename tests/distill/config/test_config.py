"""The configuration: one form for page, command line and file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

from fairkd.distill import DESCRIPTIONS, PRESETS, Config, make_config, read_config
from fairkd.errors import InputError


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"budgets": {}}, "budgets cannot be used: there is no setting of that name"),
        ({"objective": {"temperatur": 2}}, "objective.temperatur"),
        ({"objective": {"temperature": 0}}, "objective.temperature"),
        ({"objective": {"temperature": 0.1}}, "greater than or equal to 0.25"),
        ({"objective": {"temperature": 1000}}, "less than or equal to 100"),
        ({"budget": {"minutes": float("inf")}}, "budget.minutes cannot be used: Input should be a finite"),
        ({"budget": {"steps": 9, "stop_gap": 0.5}}, "settings cannot be used: .* evaluation.every_steps"),
        (
            {"constraint": {"kind": "logit_mean", "roles": ["subject"], "shares": [0.5, 0.5]}},
            "shares are for",
        ),
        ({"budget": {"steps": 5, "minutes": 5}}, "either steps or minutes"),
        ({"budget": {"steps": True}}, "budget.steps cannot be used: expected no true or false"),
        ({"seed": False}, "seed cannot be used: expected no true"),
        ({"student": {"layers": [True, 2]}}, "student.layers cannot be used: expected no true"),
        ({"constraint": {"words": {"a": [True], "b": ["x"]}}}, "constraint.words .* needs quotes"),
        ({"objective": {"kd": 0, "mlm": 0, "hidden": 0}}, "nothing to learn"),
        ({"objective": {"kd": 0, "mlm": 0, "hidden": 0, "group": 3}}, "nothing to learn"),
        ({"student": {"kind": "fresh", "hidden_layers": 10**6}}, "less than or equal to 500"),
        ({"student": {"kind": "fresh", "width": 6 * 10**11}}, "less than or equal to 65536"),
        ({"masking": {"masked": 0.9, "random": 0.2}}, "add up to"),
        ({"constraint": {"kind": "logit_mean"}}, "'her' would be in two pairs"),
        ({"constraint": {"contrast": "royals"}}, "no contrast 'royals'"),
        ({"constraint": {"roles": ["noun"]}}, "not 'noun'"),
        ({"constraint": {"kind": "group", "shares": [0.2, 0.3, 0.5]}}, "2 groups, not 3"),
        ({"constraint": {"kind": "group", "shares": [0.9, 0.9]}}, "add up to 1"),
        ({"student": {"kind": "existing"}}, "needs a reference"),
        ({"student": {"kind": "fresh", "width": 100, "heads": 3}}, "not a multiple"),
        ({"evaluation": {"contrast": "royals"}}, "no contrast 'royals'"),
        ({"optimizer": {"schedule": "step"}}, "optimizer.schedule"),
    ],
)
def test_wrong_settings_are_named_in_one_sentence(values: dict, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        make_config(values)
    assert str(caught.value).count("\n") == 0 and str(caught.value).endswith(".")


def test_a_configuration_file_and_changes_make_one_configuration(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("budget: {minutes: 7, stop_gap: 0.5}\nconstraint: {kind: group}\n")
    read = read_config(path, ["budget.steps=30", "student.layers=[1, 4]", "evaluation.every_steps=5"])
    assert (read.budget.steps, read.budget.minutes, read.budget.stop_gap) == (30, None, 0.5)
    assert read.student.layers == (1, 4) and read.constraint.kind == "group"


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_written_into_a_runs_folder_reproduces_it(name: str) -> None:
    config = make_config(PRESETS[name])
    assert make_config(json.loads(json.dumps(config.model_dump(mode="json")))) == config
    assert DESCRIPTIONS[name].endswith(".")


def test_a_stored_configuration_can_be_given_another_kind_of_budget(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(Config().model_dump(mode="json")))
    assert read_config(path, ["budget.steps=3"]).budget.minutes is None


def test_a_run_has_five_minutes_where_nobody_says_how_long() -> None:
    for section in ({}, {"stop_gap": 0.3}, {"steps": None, "minutes": None}):
        assert make_config({"budget": section}).budget.minutes == 5
    assert make_config({"budget": {"steps": 3}}).budget.minutes is None
    assert read_config(None, ["budget.stop_gap=0.3"], start=PRESETS["fair"]).budget.minutes == 5


def test_a_budget_that_is_taken_away_leaves_the_other(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("budget: {minutes: 7}\n")
    assert read_config(path, ["budget.steps=null"]).budget.minutes == 7


def test_a_group_term_alone_is_something_to_learn_under_a_constraint() -> None:
    terms = {"kd": 0, "mlm": 0, "hidden": 0, "group": 3}
    assert make_config({"objective": terms, "constraint": {"kind": "group"}}).objective.group == 3


def test_true_and_false_are_for_switches() -> None:
    assert make_config({"student": {"freeze_embeddings": False}}).student.freeze_embeddings is False


@pytest.mark.parametrize(
    "content",
    ["- a\n- b\n", "[]", "false", "0", "a: [1", "[" * 5000, "1: 2\n", "\udcff", "a: 2023-02-31"],
)
def test_a_configuration_that_is_no_yaml_mapping_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "run.yaml"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match="run.yaml"):
        read_config(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("budget", "key=value"),
        ("seed.x=1", "no group"),
        ("student.layers=[1", "cannot be read as YAML"),
        ("corpus.column=2023-02-31", "cannot be read as YAML"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(change: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_config(None, [change], start={"seed": 3})


def test_every_setting_is_described_in_one_line() -> None:
    def lines(section: type[BaseModel]) -> list[str | None]:
        own: list[str | None] = []
        for field in section.model_fields.values():
            own.append(field.description)
            if isinstance(field.default, BaseModel):
                own += lines(type(field.default))
        return own

    found = lines(Config)
    assert len(found) > 50
    assert all(line and line.endswith(".") and "\n" not in line and len(line) <= 110 for line in found)


def test_configurations_need_no_torch() -> None:
    modules = "fairkd.cli, fairkd.distill.config, fairkd.distill.config.presets"
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
