"""Which runs are comparable, and whose gaps count."""

from __future__ import annotations

from typing import Any

import pytest

from fairkd.distill.config.config import make_config
from fairkd.runs.comparison import evaluation_differences, fairness_front


def config(**settings: Any) -> dict[str, Any]:
    return make_config(settings).model_dump(mode="json")


def test_variants_of_one_experiment_are_comparable() -> None:
    variants = [config(), config(seed=3), config(constraint={"kind": "group"}), config(corpus={"cda": True})]
    assert evaluation_differences(variants) == ()


@pytest.mark.parametrize(
    ("settings", "different"),
    [
        ({"teacher": "embedded/other"}, "teacher"),
        ({"corpus": {"source": "mine.txt"}}, "corpus.source"),
        ({"corpus": {"max_tokens": 64}}, "corpus.max_tokens"),
        ({"evaluation": {"contrast": "kinship"}}, "evaluation.contrast"),
        ({"evaluation": {"professions": 5}}, "evaluation.professions"),
        ({"evaluation": {"sentences": 20}}, "evaluation.sentences"),
    ],
)
def test_runs_with_different_evaluation_settings_are_not_comparable(
    settings: dict[str, Any], different: str
) -> None:
    assert evaluation_differences([config(), config(**settings)]) == (different,)


def test_own_words_are_comparable_under_any_contrast() -> None:
    words = {"a": ["milk"], "b": ["tea"]}
    both = [config(evaluation={"words": words, "contrast": name}) for name in ("kinship", "pronouns")]
    assert evaluation_differences(both) == ()
    assert evaluation_differences([both[0], config()]) == ("evaluation.contrast", "evaluation.words")


def test_a_setting_that_an_older_run_does_not_have_is_at_its_default() -> None:
    old = config()
    del old["evaluation"]["professions"]
    assert evaluation_differences([old, config()]) == ()


def test_a_run_without_mass_is_not_on_the_front_and_dominates_no_other_run() -> None:
    costs = [(14.0, 1.4), (15.0, 0.4), (13.0, 0.1)]
    assert fairness_front(costs, [False, False, True]) == (0, 1)
    assert fairness_front(costs, [False, False, False]) == (2,)
