"""Which runs compare, and whose gaps count."""

from __future__ import annotations

import math
from typing import Any

import pytest

from fairkd.distill.config.config import make_config
from fairkd.runs.comparison import MASS_KEPT, fairness_front, has_lost_mass, measured_apart


def config(**settings: Any) -> dict[str, Any]:
    return make_config(settings).model_dump(mode="json")


def test_variants_of_one_experiment_are_measured_alike() -> None:
    variants = [config(), config(seed=3), config(constraint={"kind": "group"}), config(corpus={"cda": True})]
    assert measured_apart(variants) == ()


@pytest.mark.parametrize(
    ("settings", "apart"),
    [
        ({"teacher": "embedded/other"}, "teacher"),
        ({"corpus": {"source": "mine.txt"}}, "corpus.source"),
        ({"corpus": {"max_tokens": 64}}, "corpus.max_tokens"),
        ({"evaluation": {"contrast": "kinship"}}, "evaluation.contrast"),
        ({"evaluation": {"professions": 5}}, "evaluation.professions"),
        ({"evaluation": {"sentences": 20}}, "evaluation.sentences"),
    ],
)
def test_what_decides_the_measurement_keeps_runs_apart(settings: dict[str, Any], apart: str) -> None:
    assert measured_apart([config(), config(**settings)]) == (apart,)


def test_own_words_are_measured_alike_whatever_contrast_they_stand_for() -> None:
    words = {"a": ["milk"], "b": ["tea"]}
    both = [config(evaluation={"words": words, "contrast": name}) for name in ("kinship", "pronouns")]
    assert measured_apart(both) == ()
    assert measured_apart([both[0], config()]) == ("evaluation.contrast", "evaluation.words")


def test_a_setting_that_an_older_run_lacks_is_at_its_default() -> None:
    old = config()
    del old["evaluation"]["professions"]
    assert measured_apart([old, config()]) == ()


def test_mass_is_lost_below_a_part_of_the_teachers() -> None:
    assert has_lost_mass(0.6 * MASS_KEPT - 0.01, 0.6) and not has_lost_mass(0.6 * MASS_KEPT, 0.6)
    assert not has_lost_mass(math.nan, 0.6) and not has_lost_mass(0.01, math.nan)
    assert not has_lost_mass(None, 0.6) and not has_lost_mass(0.01, None)


def test_a_run_without_mass_neither_stands_on_the_front_nor_keeps_another_off_it() -> None:
    costs = [(14.0, 1.4), (15.0, 0.4), (13.0, 0.1)]
    assert fairness_front(costs, [False, False, True]) == (0, 1)
    assert fairness_front(costs, [False, False, False]) == (2,)
