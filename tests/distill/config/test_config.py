"""The configuration: one form for page, command line and file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fairkd.distill.config.config import Config, make_config, read_config
from fairkd.distill.config.flat_settings import flat
from fairkd.distill.config.presets import DESCRIPTIONS, LABELS, PRESETS, preset
from fairkd.distill.config.renamed import RENAMED
from fairkd.distill.config.settings_list import all_settings, find_settings, section_descriptions
from fairkd.errors import InputError


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"budgets": {}}, "no setting budgets. Did you mean budget[?]"),
        ({"objective": {"temperatur": 2}}, "objective.temperatur"),
        ({"objective": {"temperature": 0}}, "objective.temperature"),
        ({"objective": {"temperature": 0.1}}, "greater than or equal to 0.25, but got 0.1"),
        ({"objective": {"temperature": 1000}}, "less than or equal to 100"),
        ({"budget": {"minutes": float("inf")}}, "budget.minutes is invalid: expected a finite"),
        ({"budget": {"steps": 9, "stop_gap": 0.5}}, "do not fit together: .* evaluation.every_steps"),
        (
            {"constraint": {"kind": "logit_mean", "roles": ["subject"], "shares": [0.5, 0.5]}},
            "shares are for",
        ),
        ({"budget": {"steps": 5, "minutes": 5}}, "either steps or minutes"),
        ({"budget": 5}, "section budget is invalid: expected settings by name, but got 5"),
        ({"budget": {"steps": True}}, "budget.steps is invalid: true and false are not"),
        ({"seed": False}, "seed is invalid: true and false"),
        ({"student": {"layers": [True, 2]}}, "student.layers is invalid: true and false"),
        ({"constraint": {"words": {"a": [True], "b": ["x"]}}}, "constraint.words .*quote words"),
        ({"objective": {"kd": 0, "mlm": 0, "hidden": 0}}, "nothing to learn"),
        ({"objective": {"kd": 0, "mlm": 0, "hidden": 0, "group": 3}}, "nothing to learn"),
        ({"student": {"kind": "fresh", "hidden_layers": 10**6}}, "less than or equal to 500"),
        ({"student": {"kind": "fresh", "width": 6 * 10**11}}, "less than or equal to 65536"),
        ({"masking": {"masked": 0.9, "random": 0.2}}, "add up to"),
        ({"constraint": {"kind": "logit_mean"}}, "'her' would be in two pairs"),
        ({"constraint": {"contrast": "royals"}}, "no word groups 'royals'"),
        ({"constraint": {"roles": ["noun"]}}, "not 'noun'"),
        ({"constraint": {"kind": "group", "shares": [0.2, 0.3, 0.5]}}, "2 groups, but got 3 shares"),
        ({"constraint": {"kind": "group", "shares": [0.9, 0.9]}}, "add up to 1"),
        ({"student": {"kind": "existing"}}, "needs student.reference"),
        ({"student": {"kind": "fresh", "width": 100, "heads": 3}}, "not a multiple"),
        ({"evaluation": {"contrast": "royals"}}, "no word groups 'royals'"),
        ({"optimizer": {"schedule": "step"}}, "optimizer.schedule"),
        ({"threads": 10**6}, "less than or equal to 1024"),
        ({"optimizer": {"micro_batch_tokens": 10**9}}, "less than or equal to 1048576"),
        ({"seed": 10**400}, "seed is invalid: expected a number up to 1e"),
        ({"optimizer": {"weight_decay": 10**400}}, "weight_decay is invalid: expected a number up to 1e"),
        ({"corpus": {"source": "a" * 10**5}}, "corpus.source is invalid: expected at most 5,000 characters"),
        ({"student": {"layers": [0] * 10**5}}, "student.layers is invalid: expected at most 10,000 entries"),
        ({"constraint": {"token_pairs": []}}, "constraint is invalid: token_pairs needs at least one pair"),
        ({"constraint": {"token_pairs": [[5, 6], [7]]}}, r"pairs of two token ids, but got \[7\]"),
        ({"constraint": {"token_pairs": [["he", 6]]}}, "expected a valid integer, but got 'he'"),
        (
            {"constraint": {"token_pairs": [[5, 6]], "contrast": "kinship"}},
            "set token_pairs or contrast, not",
        ),
        (
            {"constraint": {"token_pairs": [[5, 6]], "words": {"a": ["x"], "b": ["y"]}}},
            "set token_pairs or words, not both",
        ),
        ({"corpus": {"held_out_split": "validation"}}, "held_out_split belongs to a held-out text"),
        ({"constraint": {"words": {"a": ["x"] * 3000, "b": ["y"]}}}, "at most 2,000 words"),
        ({"teacher": ["x" * 10**5]}, "characters, but got 100,000"),
        ({"q" * 10**5: 1}, "There is no setting qqq"),
    ],
)
def test_wrong_settings_are_named_in_one_line(values: dict, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        make_config(values)
    assert str(caught.value).count("\n") == 0 and str(caught.value).endswith((".", "?"))
    assert len(str(caught.value)) < 600


def test_a_configuration_file_and_changes_make_one_configuration(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("budget: {minutes: 7, stop_gap: 0.5}\nconstraint: {kind: group}\n")
    read = read_config(path, ["budget.steps=30", "student.layers=[1, 4]", "evaluation.every_steps=5"])
    assert (read.budget.steps, read.budget.minutes, read.budget.stop_gap) == (30, None, 0.5)
    assert read.student.layers == (1, 4) and read.constraint.kind == "group"


@pytest.mark.parametrize("name", PRESETS)
def test_a_stored_configuration_is_read_back_unchanged(name: str) -> None:
    config = make_config(PRESETS[name])
    assert make_config(json.loads(json.dumps(config.model_dump(mode="json")))) == config
    assert DESCRIPTIONS[name].endswith(".")


def test_a_stored_configuration_can_be_given_another_kind_of_budget(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(Config().model_dump(mode="json")))
    assert read_config(path, ["budget.steps=3"]).budget.minutes is None


def test_the_default_budget_is_five_minutes() -> None:
    for section in ({}, {"stop_gap": 0.3}, {"steps": None, "minutes": None}):
        assert make_config({"budget": section}).budget.minutes == 5
    assert make_config({"budget": {"steps": 3}}).budget.minutes is None
    assert read_config(None, ["budget.stop_gap=0.3"], start=PRESETS["fair"]).budget.minutes == 5


def test_removing_one_kind_of_budget_keeps_the_other(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("budget: {minutes: 7}\n")
    assert read_config(path, ["budget.steps=null"]).budget.minutes == 7


def test_a_file_of_another_kind_of_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("kind: distill\nbudget: {minutes: 7}\n")
    assert read_config(path).budget.minutes == 7
    path.write_text("kind: measure\nmodels: [embedded/teacher]\n")
    with pytest.raises(
        InputError, match="of the kind 'measure', not for a distillation: `fairkd runs submit"
    ):
        read_config(path)


def test_with_a_constraint_the_group_loss_alone_is_enough() -> None:
    terms = {"kd": 0, "mlm": 0, "hidden": 0, "group": 3}
    assert make_config({"objective": terms, "constraint": {"kind": "group"}}).objective.group == 3


def test_switches_take_true_and_false() -> None:
    assert make_config({"student": {"freeze_embeddings": False}}).student.freeze_embeddings is False


@pytest.mark.parametrize(
    "content",
    [
        "- a\n- b\n",
        "[]",
        "false",
        "0",
        "a: [1",
        "[" * 5000,
        "1: 2\n",
        "\udcff",
        "a: 2023-02-31",
        "seed: 1\nseed: 2",
    ],
)
def test_a_configuration_that_is_not_a_yaml_mapping_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "run.yaml"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match="run.yaml"):
        read_config(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("budget", "key=value"),
        ("seed.x=1", "seed is a setting, not a section"),
        ("student.layers=[1", "cannot be read as YAML"),
        ("corpus.column=2023-02-31", "cannot be read as YAML"),
        ("budget={steps: 5, steps: 6}", "the key 'steps' is repeated"),
        ("a" + ".a" * 5000 + "=1", "There is no setting a.a.a"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(change: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_config(None, [change], start={"seed": 3})


def test_a_later_change_of_a_section_replaces_an_earlier_one_of_its_setting() -> None:
    config = read_config(None, ["budget.steps=5", "budget={minutes: 1}"])
    assert (config.budget.steps, config.budget.minutes) == (None, 1)


def test_a_huge_configuration_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_bytes(b"#" * 2_000_000)
    with pytest.raises(InputError, match="run.yaml has more than 1,000,000 bytes"):
        read_config(path)


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("budget.step", "budget.steps"),
        ("optimiser.warmup", "optimizer.warmup"),
        ("temperature", "objective.temperature"),
        ("constraint.temperature", "objective.temperature"),
        ("temprature", "objective.temperature"),
        ("kind", "student.kind or constraint.kind or correction.kind"),
        ("evaluation.probe", None),
    ],
)
def test_a_wrong_key_names_the_nearest_right_ones(key: str, near: str | None) -> None:
    section = key.partition(".")[0]
    hint = f"Did you mean {near}?" if near else f"`fairkd settings {section}` lists them all."
    with pytest.raises(InputError) as caught:
        read_config(None, [f"{key}=1"])
    assert str(caught.value) == f"There is no setting {key}. {hint}"


def test_a_wrong_preset_names_the_nearest_right_one() -> None:
    with pytest.raises(InputError, match="no preset 'fairr'. Did you mean fair[?] Presets: plain, paper"):
        preset("fairr")
    assert preset("fair") == PRESETS["fair"]


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_a_setting_can_still_be_changed_by_its_old_name(old: str, new: str) -> None:
    section = old.partition(".")[0]
    default = getattr(getattr(Config(), section), new)
    value = {bool: "true", int: "7", float: "7.5"}.get(type(default), "[possessive]")
    config = read_config(None, [f"{old}={value}"], start=PRESETS["fair"])
    assert getattr(getattr(config, section), new) != default
    assert config == read_config(None, [f"{section}.{new}={value}"], start=PRESETS["fair"])


def test_every_setting_is_described_for_people() -> None:
    """In the tooltip of a widget and in a table: short sentences, and not many of them."""
    texts = {one.key: one.description for one in all_settings()} | section_descriptions()
    assert len(texts) > 60
    for key, text in texts.items():
        assert text.endswith(".") and "\n" not in text and 20 < len(text) <= 140, key
        assert all(len(sentence.split()) <= 25 for sentence in text.split(". ")), key


def test_settings_have_the_defaults_and_limits_of_the_configuration() -> None:
    assert {one.key: one.default for one in all_settings()} == flat(Config().model_dump(mode="json"))
    (rate,), (strength,), (seed,) = map(find_settings, ("masking.rate", "constraint.strength", "seed"))
    assert (rate.limits, rate.section, rate.type) == ("above 0, below 1", "masking", "number")
    assert strength.limits == "at least 0, at most 1"
    assert seed.section == "" and seed.limits == "at least 0, below 2147483648"
    (schedule,), (contrast,) = map(find_settings, ("optimizer.schedule", "evaluation.contrast"))
    assert schedule.choices == ("linear", "cosine", "constant") and "pronouns" in contrast.choices
    (layers,) = find_settings("student.layers")
    assert layers.optional and layers.type == "list of integers"
    for one in all_settings():
        for limit, excluded in ((one.minimum, one.above), (one.maximum, one.below)):
            if limit is not None and one.type in ("number", "integer"):
                section, _, name = one.key.rpartition(".")
                values = {section: {name: limit}} if section else {name: limit}
                if excluded:
                    with pytest.raises(InputError, match=f"{one.key} is invalid"):
                        make_config(values)


def test_the_settings_of_a_section_can_be_found() -> None:
    assert {one.key for one in find_settings("checkpoint")} == {
        "checkpoint.every_steps",
        "checkpoint.every_seconds",
        "checkpoint.keep",
    }
    for wrong in ("checkpoints", "", "checkpoint."):
        with pytest.raises(InputError, match="no setting"):
            find_settings(wrong)


def test_presets_have_labels_and_descriptions() -> None:
    assert PRESETS.keys() == LABELS.keys() == DESCRIPTIONS.keys()
    assert len(set(LABELS.values())) == len(LABELS)


def test_configurations_need_no_torch() -> None:
    modules = "fairkd.cli, fairkd.distill.config, fairkd.distill.config.presets"
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
