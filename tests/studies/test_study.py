"""What a study may be: its grid, equal budgets, and one sentence for each that it may not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fairkd import studies
from fairkd.distill.config import preset
from fairkd.errors import InputError

PLAIN: Mapping[str, Any] = {"plain": {}}


def test_a_variant_is_the_base_with_its_preset_and_its_changes_on_top() -> None:
    study = studies.make_study(
        {
            "base": {"budget": {"steps": 9}, "objective.temperature": 4, "student.freeze_embeddings": False},
            "variants": {"plain": None, "hot": {"preset": "paper", "set": {"objective.temperature": 8}}},
            "seeds": "3-4",
        }
    )
    configs = studies.variant_configs(study)
    assert study.baseline == "plain"
    assert study.seeds == (3, 4)
    assert [configs[name].objective.temperature for name in ("plain", "hot")] == [4, 8]
    assert configs["hot"].objective.positions == preset("paper")["objective"]["positions"]
    assert configs["hot"].constraint.kind == "logit_mean"
    assert all(one.budget.steps == 9 and not one.student.freeze_embeddings for one in configs.values())


def test_a_file_says_the_same_study_again(tmp_path: Path) -> None:
    study = studies.make_study(
        {
            "name": "Möglich",
            "base": {"budget.minutes": 2, "student.layers": [0, 5]},
            "variants": {"fair": {}, "strong": {"preset": "fair", "set": {"objective.group": 16.0}}},
            "seeds": [7, 8, 9, 2],
            "baseline": "strong",
        }
    )
    file = tmp_path / "study.yaml"
    file.write_text(studies.study_yaml(study), encoding="utf-8")
    assert studies.read_study(file) == study
    other = studies.read_study(file, changes={"budget.steps": 5}, fields={"seeds": "0-1"})
    assert other.base["budget"] == {"steps": 5}, "one kind of budget replaces the other"
    assert other.seeds == (0, 1)


def test_seeds_are_written_in_short() -> None:
    assert studies.parse_seeds("0-2, 7") == (0, 1, 2, 7)
    assert studies.seeds_text((0, 1, 2, 7, 9, 8)) == "0-2,7,9,8"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "A study needs variants"),
        ({"variants": {}}, "A study has 1 to 30 variants, got 0"),
        ({"variants": ["plain"]}, "The study's variants is invalid: expected values by name"),
        ({"variants": PLAIN, "seeds": []}, "A study needs at least one seed"),
        ({"variants": PLAIN, "seeds": [1, 1]}, "The seed 1 is there twice"),
        (
            {"variants": PLAIN, "seeds": [2**31]},
            "A seed is a whole number from 0 to 2147483647, got 2147483648",
        ),
        ({"variants": PLAIN, "seeds": "4-0"}, "Seeds are whole numbers or ranges .* got '4-0'"),
        ({"variants": PLAIN, "seeds": "0-499"} | {"variants": {"plain": {}, "fair": {}}}, "are 1,000 runs"),
        ({"variants": PLAIN, "baseline": "fair"}, "The baseline 'fair' is none of the variants: plain"),
        ({"variants": {"hot": {}}}, "The variant 'hot' needs a preset"),
        (
            {"variants": {"hot": {"preset": "pla"}}},
            "In the variant 'hot': There is no preset 'pla'. Did you mean",
        ),
        ({"variants": {"plain": {"steps": 3}}}, "A study has no variants.plain.steps: expected preset, set"),
        ({"variants": PLAIN, "steps": 3}, "A study has no steps: expected name, base, variants"),
        ({"variants": PLAIN, "base": {"seed": 3}}, "The base of a study has no seed"),
        ({"variants": PLAIN, "base": {"budget": 3}}, "In the variant 'plain': The section budget is invalid"),
        (
            {"variants": {"hot": {"preset": "plain", "set": {"objective.temprature": 3}}}},
            "In the variant 'hot': There is no setting objective.temprature. Did you mean objective.temp",
        ),
        (
            {"variants": {"plain": {}, "same": {"preset": "plain"}}},
            "'plain' and 'same' have the same settings",
        ),
    ],
)
def test_one_sentence_says_what_a_study_may_not_be(values: Mapping[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        studies.make_study(values)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"budget.steps": 9},
            "The variant 'hot' changes budget.steps: a study gives all variants the same budget",
        ),
        ({"budget": {"stop_gap": 0.2}}, "The variant 'hot' changes budget.stop_gap: .* same early stopping"),
        ({"evaluation.sentences": 9}, "The variant 'hot' changes evaluation.sentences: .* measures all"),
        ({"seed": 9}, "The variant 'hot' changes seed: every variant runs at the study's `seeds`"),
        ({"corpus.source": "small"}, "The variant 'hot' differs from 'plain' in corpus.source"),
        ({"optimizer.micro_batch_tokens": 64}, "The variant 'hot' reads other tokens a step than 'plain'"),
    ],
)
def test_budgets_and_measurements_are_equal(change: Mapping[str, Any], sentence: str) -> None:
    variants = {"plain": {}, "hot": {"preset": "plain", "set": {"objective.temperature": 4, **change}}}
    with pytest.raises(InputError, match=sentence):
        studies.make_study({"base": {"budget.steps": 20}, "variants": variants})


def test_equal_minutes_allow_other_steps_and_a_note_says_what_is_unequal() -> None:
    hot = {"preset": "plain", "set": {"optimizer.micro_batch_tokens": 64}}
    timed = studies.make_study({"base": {"budget.minutes": 2}, "variants": {"plain": {}, "hot": hot}})
    counted = studies.make_study(
        {
            "base": {"budget": {"steps": 9, "stop_gap": 0.1, "stop_plain": 9.0}, "evaluation.every_steps": 3},
            "variants": PLAIN,
        }
    )
    assert "equal time, but not equal tokens" in studies.budget_notes(timed)[0]
    # Kept states of the teacher would give later variants more steps.
    assert not studies.variant_configs(timed)["hot"].teacher_cache
    assert studies.variant_configs(counted)["plain"].teacher_cache
    assert "equal tokens up to padding, but not equal time" in studies.budget_notes(counted)[0]
    assert "stop early" in studies.budget_notes(counted)[1]


def test_a_file_of_something_else_is_named(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("budget: {steps: 3}\n")
    with pytest.raises(InputError, match="describes no study: expected `variants` and `seeds`, got budget"):
        studies.read_study(file)
