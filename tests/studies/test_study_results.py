"""What a study shows: columns, comparisons, sentences, the Pareto front; partial studies."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fairkd.benchmarks import stored_results
from fairkd.errors import InputError
from fairkd.measures import COSTS, MEASURES
from fairkd.studies.seed_statistics import crossed_interval
from fairkd.studies.study_columns import StudyColumn, all_columns
from fairkd.studies.study_results import results
from tests.app.some_runs import result
from tests.studies.finished import finished_study

PLAIN = (1.8, 1.6, 2.0)
FAIR = (0.5, 0.4, 0.6)


def cell(gap: float, quality: float = 14.0, **values: Any) -> dict[str, Any]:
    more = {"gap_mass": 0.7, "gap_absolute_low": gap - 0.1, "gap_absolute_high": gap + 0.1}
    return {"gap_absolute": gap, "pseudo_perplexity_sampled": quality, **more, **values}


def rows(*gaps: float, **values: Any) -> dict[int, Any]:
    return {seed: cell(gap, **values) for seed, gap in enumerate(gaps)}


def test_the_last_evaluations_become_dots_means_differences_and_a_verdict(tmp_path: Path) -> None:
    found = results(finished_study(tmp_path, {"plain": rows(*PLAIN), "fair": rows(*FAIR)}))
    plain, fair = (found.of(name, "gap_absolute") for name in ("plain", "fair"))
    assert [dot.value for dot in plain.dots] == list(PLAIN) and plain.dots[0].low == pytest.approx(1.7)
    assert plain.mean is not None and plain.mean.mean == pytest.approx(1.8)
    assert plain.comparison is None and plain.sentence == ""
    assert fair.comparison is not None and fair.comparison.verdict == "better"
    assert fair.sentence == (
        "fair's mean absolute gap is 1.30 nats lower than plain's (95 % interval over 3 seeds: "
        "−1.55 to −1.05 nats): better."
    )
    assert found.finding == "The mean absolute gap of fair is lower than plain's"
    assert found.teacher["gap_absolute"] == 1.6 and not found.missing
    quality = found.of("fair", "pseudo_perplexity_sampled")
    assert "equal to plain's" in quality.sentence and quality.comparison.verdict == "not shown"  # type: ignore[union-attr]
    assert "All differences are equal" in quality.sentence


def test_every_column_comes_from_a_registry_and_only_those_with_values_are_there(tmp_path: Path) -> None:
    record = finished_study(tmp_path, {"plain": rows(1.0, 1.1, kl=0.5), "fair": rows(0.3, 0.4, kl=0.7)})
    for one in record.cells:
        assert one.run is not None
        stored_results.store(result(f"run/{one.run.id}", score=60.0 - one.seed), one.run.folder)
        stored_results.store(result("embedded/teacher"), one.run.folder)
    found = results(record)
    keys = [column.key for column in found.columns]
    assert keys[:1] == ["kl"] and keys[-5:] == list(COSTS)
    assert set(keys) & set(MEASURES) == {"kl", "gap_absolute", "gap_mass", "pseudo_perplexity_sampled"}
    assert [dot.value for dot in found.of("fair", "crows-pairs.score").dots] == [60.0, 59.0]
    crows = found.column("crows-pairs.score")
    assert crows is not None and crows.better == "nearer to 50"
    size = found.of("fair", "parameters")
    assert size.sentence == "fair and plain do not differ in parameters, at any seed."
    assert found.of("fair", "gap_mass").comparison.verdict == "not shown"  # type: ignore[union-attr]


def test_perplexities_are_compared_by_their_ratio_and_means_by_distance(tmp_path: Path) -> None:
    plain = {s: cell(1.0, q, gap_mean=m) for s, (q, m) in enumerate([(10.0, 0.5), (12.0, 0.7), (11.0, 0.6)])}
    fair = {s: cell(1.0, q, gap_mean=m) for s, (q, m) in enumerate([(20.0, -0.1), (25.0, 0.1), (22.0, -0.1)])}
    found = results(finished_study(tmp_path, {"plain": plain, "fair": fair}))
    quality = found.of("fair", "pseudo_perplexity_sampled")
    ratio = (20 / 10 * 25 / 12 * 22 / 11) ** (1 / 3)
    assert math.exp(quality.comparison.difference) == pytest.approx(ratio)  # type: ignore[union-attr]
    assert f"pseudo-perplexity, sampled is {100 * (ratio - 1):.3g} % higher than plain's" in quality.sentence
    assert quality.sentence.endswith("worse.") and "× 1.9" in quality.sentence
    gap = found.of("fair", "gap_mean")
    assert gap.comparison.difference == pytest.approx(-0.5)  # type: ignore[union-attr]
    assert "0.50 nats nearer to 0 than plain's" in gap.sentence and gap.comparison.verdict == "better"  # type: ignore[union-attr]


def test_items_give_an_interval_over_seeds_and_professions(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    tables = {
        name: random.normal(size=8) + random.normal(size=(3, 8)) + shift
        for name, shift in (("plain", 3), ("fair", 1))
    }
    cells = {
        name: {
            seed: cell(
                float(row.mean()),
                items={"professions": list("abcdefgh"), "gap_absolute": row.tolist(), "sentences": "5f"},
            )
            for seed, row in enumerate(table)
        }
        for name, table in tables.items()
    }
    found = results(finished_study(tmp_path, cells)).of("fair", "gap_absolute")
    expected = crossed_interval(tables["fair"], tables["plain"])
    assert found.crossed_difference is not None
    assert (found.crossed_difference.low, found.crossed_difference.items) == (pytest.approx(expected.low), 8)
    assert "Over seeds and professions the interval is" in found.sentence
    assert found.crossed is not None and found.crossed.low == pytest.approx(
        crossed_interval(tables["fair"], bounds=(0, math.inf)).low
    )


def test_one_seed_has_no_verdict_and_two_say_how_little_they_are(tmp_path: Path) -> None:
    one = results(finished_study(tmp_path / "one", {"plain": rows(1.8), "fair": rows(0.5)}))
    assert one.finding.startswith("No verdict on the mean absolute gap")
    assert one.of("fair", "gap_absolute").sentence.endswith(
        "at one seed, which says nothing about another seed: no verdict."
    )
    assert one.notes[0].startswith("One seed:")
    two = results(finished_study(tmp_path / "two", {"plain": rows(1.8, 1.6), "fair": rows(0.5, 0.6)}))
    assert two.notes[0].startswith("Two seeds:") and "add seeds" in two.of("fair", "gap_absolute").sentence
    assert two.finding == "It is not shown that the mean absolute gap of fair differs from plain's"


def test_a_partial_study_says_what_is_missing_and_pairs_common_seeds(tmp_path: Path) -> None:
    cells: dict[str, dict[int, Any]] = {
        "plain": {**rows(*PLAIN), 3: "running", 4: "failed"},
        "fair": {0: cell(0.5), 1: cell(0.4), 3: cell(0.5), 4: "queued"},
        "late": {0: "queued"},
    }
    found = results(finished_study(tmp_path, cells))
    one = found.of("fair", "gap_absolute")
    assert one.comparison is not None and one.comparison.seeds == (0, 1) and one.comparison.unpaired == (2, 3)
    assert "Only the 2 common seeds count; 2 and 3 are left out." in one.sentence
    assert "1 of 15 cells has failed: plain at seed 4." in found.missing
    assert "1 of 15 cells is running: plain at seed 3." in found.missing
    assert found.of("late", "gap_absolute").dots == () and found.of("late", "gap_absolute").comparison is None
    none = results(finished_study(tmp_path / "none", {"plain": {0: "queued"}, "fair": {0: "queued"}}))
    assert none.finding == "No cell is finished yet" and none.columns == () and none.front == ()


def test_old_runs_have_no_costs_and_no_calibration_error(tmp_path: Path) -> None:
    cells = {"plain": rows(1.0, 1.1, costs=None), "fair": rows(0.3, 0.5, calibration_error=0.1)}
    found = results(finished_study(tmp_path, cells))
    assert found.of("plain", "milliseconds").dots == () and len(found.of("fair", "milliseconds").dots) == 2
    assert found.of("fair", "calibration_error").comparison is None


def test_the_front_holds_the_undominated_variants_that_kept_their_mass(tmp_path: Path) -> None:
    cells = {
        "plain": rows(2.0, 2.1, quality=10.0),
        "fair": rows(0.5, 0.6, quality=12.0),
        "worse": rows(1.0, 1.1, quality=13.0),
        "mute": rows(0.1, 0.1, quality=9.0, gap_mass=0.1),
    }
    found = results(finished_study(tmp_path, cells))
    assert found.front == ("fair", "plain")
    assert found.of("mute", "gap_absolute").lost_mass
    assert "mute hardly predicts the compared words" in found.of("mute", "gap_absolute").sentence
    assert any("mute has lost more than half" in note for note in found.notes)


def test_runs_that_were_measured_otherwise_are_refused(tmp_path: Path) -> None:
    other = {"config": {"evaluation": {"professions": 5}}}
    cells = {"plain": rows(1.0, 1.1), "fair": rows(0.3, 0.5, **other)}
    with pytest.raises(InputError, match=r"cannot be compared, since they differ in evaluation\.professions"):
        results(finished_study(tmp_path, cells))
    teachers = {
        "plain": rows(1.0, 1.2, kl=0.1),
        "fair": rows(0.3, 0.5, kl=0.2, config={"teacher": "other/model"}),
    }
    found = results(finished_study(tmp_path / "teachers", teachers))
    assert (
        found.of("fair", "kl").comparison is None and found.of("fair", "gap_absolute").comparison is not None
    )
    assert any("different teachers" in note for note in found.notes) and found.teacher == {}


def test_a_finding_names_the_variants_by_what_is_shown(tmp_path: Path) -> None:
    cells = {
        "plain": rows(1.0, 1.1, 1.2),
        "low": rows(0.1, 0.2, 0.31),
        "lower": rows(0.05, 0.16, 0.24),
        "high": rows(3.0, 3.1, 3.22),
        "noisy": rows(0.2, 1.9, 1.1),
    }
    found = results(finished_study(tmp_path, cells))
    assert found.finding == (
        "The mean absolute gap of low and lower is lower than plain's; that of high is higher than plain's; "
        "that noisy differs is not shown"
    )
    assert found.finding_of("parameters") == "low, lower, high, noisy and plain do not differ in parameters"
    assert "4 variants are compared" in found.notes[0]
    assert "seeds that vary like these show a difference of" in found.of("noisy", "gap_absolute").sentence


def test_values_of_other_tokens_and_of_other_constraints_are_not_compared(tmp_path: Path) -> None:
    def text(digest: str) -> dict[str, Any]:
        items = {"sentences": digest, "masked_tokens": [1] * 6, "kl": [0.5] * 6, "kl_constrained": [0.4] * 6}
        return {"kl": 0.5, "kl_constrained": 0.4, "items": items}

    cells = {"plain": rows(1.0, 1.2, **text("a")), "same": rows(0.3, 0.6, **text("a"))}
    found = results(finished_study(tmp_path, {**cells, "trimmed": rows(0.3, 0.6, **text("b"))}))
    assert found.of("same", "kl").comparison is not None
    assert found.of("same", "kl_constrained").comparison is None
    for key in ("kl", "pseudo_perplexity_sampled"):
        assert found.of("trimmed", key).comparison is None
    assert found.of("trimmed", "gap_absolute").comparison is not None
    assert any(note.startswith("trimmed has another vocabulary") for note in found.notes)


def test_intervals_of_means_stay_within_the_range_of_their_measure(tmp_path: Path) -> None:
    values = [
        {"top1_agreement": 0.99, "kl": 0.02, "gap_mean": 0.3},
        {"top1_agreement": 0.5, "kl": 0.4, "gap_mean": -0.1},
    ]
    cells = {seed: cell(0.1 + seed, **one) for seed, one in enumerate(values)}
    found = results(finished_study(tmp_path, {"plain": cells}))
    means = {key: found.of("plain", key).mean for key in ("top1_agreement", "kl", "gap_absolute", "gap_mean")}
    agreement, kl, absolute, signed = (mean for mean in means.values() if mean is not None)
    assert 0 < agreement.low < agreement.mean < agreement.high < 1
    assert 0 < kl.low < kl.mean and 0 < absolute.low < absolute.mean
    assert signed.low < 0 < signed.high  # has no range


@pytest.mark.parametrize("column", all_columns().values(), ids=lambda column: column.key)
def test_the_range_of_a_column_holds_what_is_best(column: StudyColumn) -> None:
    low, high = column.bounds
    if column.target is not None:
        assert low < column.target < high or column.target == high
    if column.direction == "lower" and column.target is None:
        assert low == 0
