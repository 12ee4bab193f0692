"""Which runs are comparable, and whose gaps count."""

from __future__ import annotations

from typing import Any

import pytest

from fairkd.distill.config.config import make_config
from fairkd.measures.registry import MEASURES
from fairkd.runs.comparison import (
    evaluation_differences,
    fairness_front,
    paired_verdicts,
    rank_runs,
    rests_on_one_seed,
)


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
        ({"corpus": {"held_out": "valid.txt"}}, "corpus.held_out"),
        ({"evaluation": {"contrast": "kinship"}}, "evaluation.contrast"),
        ({"evaluation": {"professions": 5}}, "evaluation.professions"),
        ({"evaluation": {"sentences": 20}}, "evaluation.sentences"),
    ],
)
def test_runs_with_different_evaluation_settings_are_not_comparable(
    settings: dict[str, Any], different: str
) -> None:
    assert evaluation_differences([config(), config(**settings)]) == (different,)


def test_runs_on_one_held_out_text_are_comparable_whatever_they_train_on() -> None:
    texts = [config(corpus={"source": name, "held_out": "valid.txt"}) for name in ("bug", "small")]
    assert evaluation_differences(texts) == ()
    other = config(corpus={"held_out": "valid.csv", "held_out_column": "body"})
    assert evaluation_differences([texts[0], other]) == ("corpus.held_out", "corpus.held_out_column")


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


def evaluation(gap: float, *, items: bool = True) -> dict[str, Any]:
    """A last evaluation: 20 professions whose absolute gaps spread widely around `gap`."""
    gaps = [gap + 0.1 * number for number in range(20)]
    values = {"gap_absolute": sum(gaps) / 20, "gap_absolute_low": gap, "gap_absolute_high": gap + 2}
    found = {"professions": [f"job {number}" for number in range(20)], "gap_absolute": gaps}
    return {**values, "professions": 20, **({"items": found} if items else {})}


def test_runs_are_compared_profession_by_profession() -> None:
    gap = MEASURES["gap_absolute"]
    close = {"plain": evaluation(1.0), "fair": evaluation(0.95)}
    assert rank_runs(gap, close).leader == "fair", "smaller for every profession"
    stored = {"plain": evaluation(1.0), "fair": evaluation(0.95, items=False)}
    assert rank_runs(gap, stored).leader is None, "an earlier version stored no items: the intervals overlap"


def test_a_perplexity_is_compared_sentence_by_sentence() -> None:
    quality = MEASURES["pseudo_perplexity_sampled"]
    losses = [0.1 * number for number in range(40)]
    runs = {
        name: {
            quality.key: value,
            "items": {"sentences": "a text", quality.key: [loss + more for loss in losses]},
        }
        for name, value, more in (("plain", 9.0, 0.0), ("fair", 9.5, 0.05))
    }
    assert rank_runs(quality, runs).leader == "plain"
    runs["fair"]["items"]["sentences"] = "another"  # type: ignore[index]
    assert rank_runs(quality, runs).leader is None


def test_a_run_without_the_measure_is_left_out() -> None:
    found = rank_runs(MEASURES["gap_absolute"], {"a": evaluation(1.0), "b": {"gap_absolute": None}, "c": {}})
    assert found.order == ("a",) and found.leader is None


def test_variants_rest_on_one_seed_unless_one_of_them_ran_at_several() -> None:
    fair = {"constraint": {"kind": "group"}}
    assert rests_on_one_seed([config(), config(**fair), config(**fair)]), "a run that was repeated"
    assert not rests_on_one_seed([config(), config(**fair), config(**fair, seed=1)])


def test_runs_are_compared_with_a_baseline_item_by_item() -> None:
    gap = MEASURES["gap_absolute"]
    found = paired_verdicts(gap, {"plain": evaluation(1.4), "fair": evaluation(0.4)}, "plain")
    verdict = found["fair"]
    assert list(found) == ["fair"] and verdict is not None
    assert verdict.difference == pytest.approx(-1.0) and verdict.n == 20 and verdict.kind == "smaller"
    back = paired_verdicts(gap, {"plain": evaluation(1.4), "fair": evaluation(0.4)}, "fair")["plain"]
    assert back is not None and back.difference == pytest.approx(1.0) and back.kind == "larger"


def test_runs_without_common_items_have_no_paired_difference() -> None:
    gap = MEASURES["gap_absolute"]
    other = evaluation(0.4)
    other["items"] = {**other["items"], "professions": [f"{name}s" for name in other["items"]["professions"]]}
    without = evaluation(0.4, items=False)
    found = paired_verdicts(gap, {"plain": evaluation(1.4), "other": other, "without": without}, "plain")
    assert found == {"other": None, "without": None}
