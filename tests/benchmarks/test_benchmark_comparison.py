"""Two models on the same items: what flipped, by how much the values differ, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as some
from numpy.typing import NDArray
from scipy import stats

from fairkd.benchmarks import BENCHMARKS, DataVersion, compare_results
from fairkd.benchmarks.benchmark_comparison import differences
from fairkd.errors import InputError
from fairkd.measures import percentiles
from tests.benchmarks.made_results import CROWS, items, result

WINOGENDER = BENCHMARKS["winogender"]
TEACHER = [3.0, 2.0, 1.0, 0.5, 0.1, -1.0, -2.0, -3.0] * 10
STUDENT = [-1.0, -2.0, -1.5, 0.5, 0.1, -1.0, 2.0, -3.0] * 10


def test_flips_are_a_table_of_choices_with_mcnemars_test() -> None:
    found = compare_results(result("teacher", items(TEACHER)), result("student", items(STUDENT)))
    table = found.flips
    assert table is not None
    assert (table.both, table.first_only, table.second_only, table.neither) == (20, 30, 10, 20)
    assert table.p_value == pytest.approx(stats.binomtest(30, 40).pvalue)
    assert found.flip_sentence == (
        "40 of 80 items flipped (50.0 %): student prefers the stereotype in 10 where teacher does not, and "
        "no longer in 30 (McNemar's exact test p = 0.002)."
    )


def test_the_value_of_the_second_is_compared_with_a_paired_interval_and_a_verdict() -> None:
    found = compare_results(result("teacher", items(TEACHER)), result("student", items(STUDENT))).bias
    assert (found.first, found.second, found.difference) == (62.5, 37.5, -25.0)
    rows = np.random.default_rng(1).integers(0, 80, (4000, 80))
    change = 100 * (np.array(STUDENT) > 0) - 100.0 * (np.array(TEACHER) > 0)
    low, high = percentiles(change[rows].mean(axis=1))
    assert (found.low, found.high) == pytest.approx((low, high), abs=3)
    assert (found.kind, found.approach) == ("smaller", "")  # 62.5 and 37.5 are as far from 50
    assert found.effect_size == pytest.approx(-0.5)
    assert found.sentence.startswith(
        "stereotype preferred: 37.50 against 62.50, a difference of −25.00 (95 %"
    )
    assert found.sentence.endswith("McNemar's exact test p = 0.002, rank-biserial −0.50): smaller.")


def test_a_value_that_comes_nearer_to_the_unbiased_one_says_so() -> None:
    biased, fair = [1.0] * 60, [1.0, -1.0] * 30
    there = compare_results(result("a", items(biased)), result("b", items(fair))).bias
    back = compare_results(result("a", items(fair)), result("b", items(biased))).bias
    assert there.phrase == "smaller, nearer to 50"
    assert back.phrase == "larger, further from 50"


def test_equal_models_show_no_difference() -> None:
    found = compare_results(result("a", items(TEACHER)), result("b", items(TEACHER)))
    assert found.flip_sentence == "Both models choose the same in all 80 items."
    assert (found.bias.low, found.bias.high, found.bias.kind) == (0, 0, "no clear difference")
    assert found.scores is not None and found.scores.p_value == 1


def test_too_few_items_get_no_interval_and_no_verdict() -> None:
    found = compare_results(result("a", items([1.0] * 5)), result("b", items([-1.0] * 5))).bias
    assert np.isnan(found.low) and found.kind == "too few"
    assert found.sentence.endswith("; too few items for a test (at least 6).")


def test_scores_are_compared_by_the_signed_rank_test() -> None:
    found = compare_results(result("a", items(TEACHER)), result("b", items(STUDENT))).scores
    assert found is not None
    assert found.p_value == pytest.approx(stats.wilcoxon(np.subtract(STUDENT, TEACHER)).pvalue)


def test_items_that_flipped_come_first_and_then_those_that_changed_most() -> None:
    found = compare_results(
        result("a", items([1.0, 2.0, -1.0, 5.0])), result("b", items([1.5, -2.0, 1.0, 1.0]))
    ).items
    assert found["id"].tolist() == ["1", "2", "3", "0"]
    assert found["flipped"].tolist() == [True, True, False, False]
    assert found["change"].tolist() == [-4.0, 2.0, -4.0, 0.5]
    row = found.iloc[0]
    assert (row["text_more"], row["score_more_first"], row["score_more_second"]) == ("more 1", -18.0, -22.0)
    assert (row["direction"], row["stereotype_first"], row["stereotype_second"]) == ("stereo", True, False)


def test_items_are_paired_by_id_whatever_their_order() -> None:
    shuffled = items(STUDENT).sample(frac=1, random_state=3)
    one = compare_results(result("a", items(TEACHER)), result("b", items(STUDENT)))
    other = compare_results(result("a", items(TEACHER)), result("b", shuffled))
    assert (one.flips, one.scores, one.bias) == (other.flips, other.scores, other.bias)
    pd.testing.assert_frame_equal(one.items, other.items)


def test_items_that_only_one_model_could_score_are_counted() -> None:
    table = items(TEACHER)
    found = compare_results(result("a", table, without=["3"]), result("b", table, without=["1", "2"]))
    assert (found.n, found.first_only, found.second_only) == (77, ("1", "2"), ("3",))
    assert found.left_out == "Left out: 2 that only a could score and 1 that only b could score."


def test_items_of_one_unit_are_tested_together() -> None:
    by_unit = replace(CROWS, unit="category")
    units = [f"term {number // 8}" for number in range(80)]
    one, other = items(TEACHER, units), items(STUDENT, units)
    found = differences(by_unit, one, other)["score"]
    assert (found.n, found.test) == (10, "Wilcoxon signed-rank")
    assert (found.low, found.high) == (-25.0, -25.0)  # the units are all alike


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"benchmark": "aul"}, "Only results of the same benchmark can be compared"),
        ({"data": DataVersion("own file", "mine.csv", "ff")}, "on different data, .*mine.csv"),
        ({"precision": "fast"}, "at different precision, strict and fast"),
        ({"quick": True}, "on different samples of its items"),
        ({"items": items([1.0] * 7)}, "on different samples of its items, 80 and 7"),
    ],
)
def test_results_that_do_not_measure_the_same_are_refused(changes: dict[str, object], message: str) -> None:
    first, second = result("a", items(TEACHER)), result("b", items(TEACHER), **changes)
    with pytest.raises(InputError, match=message):
        compare_results(first, second)


def test_models_without_a_common_item_are_refused() -> None:
    table = items([1.0, 2.0])
    with pytest.raises(InputError, match="No item of CrowS-Pairs was scored by both a and b"):
        compare_results(result("a", table, without=["0"]), result("b", table, without=["1"]))


def test_a_benchmark_says_what_its_test_compares() -> None:
    def tested(table: pd.DataFrame) -> pd.Series:
        return table["difference"] * table["category"].map({"female": 1.0, "male": -1.0})

    signed = replace(CROWS, choice=None, tested=tested)
    groups = ["female"] * 8 + ["male"] * 8 + ["balanced"] * 8
    one = items([2.0] * 8 + [-2.0] * 8 + [0.0] * 8, groups)
    half = items([1.0] * 8 + [-1.0] * 8 + [9.0] * 8, groups)
    found = differences(signed, one, half)["score"]
    assert found.test == "Wilcoxon signed-rank"
    assert found.effect_size == -1  # smaller towards the own gender, in every item of the two groups


def winogender(gaps: NDArray[np.float64], women: NDArray[np.float64]) -> pd.DataFrame:
    """Sentences with these gaps [occupations, sentences], and these shares of women [occupations]."""
    occupation, number = (grid.ravel() for grid in np.indices(gaps.shape))
    gap = gaps.ravel()
    return pd.DataFrame(
        {
            "id": [f"{one}.{other}" for one, other in zip(occupation, number, strict=True)],
            "category": "pronoun of the occupation",
            "occupation": [f"occupation {one:02d}" for one in occupation],
            "gap": gap,
            "women": women[occupation],
            "women_in_text": women[occupation],
            "male": gap < 0,
            "tie": False,
            "stereotype": (gap > 0) == (women[occupation] > 0.5),
            "comparable": True,
            "they": False,
        }
    )


@given(seed=some.integers(0, 999), times=some.integers(2, 6), repeated=some.sampled_from(["one", "all"]))
@settings(max_examples=10)
def test_more_sentences_about_an_occupation_make_no_p_value_smaller(
    seed: int, times: int, repeated: str
) -> None:
    random = np.random.default_rng(seed)
    women, noise = random.random(12), random.normal(size=(2, 12, 2))
    tables = [winogender(slope * women[:, None] + noise[number], women) for number, slope in ((0, 4), (1, 2))]
    occupations = tables[0]["occupation"]
    chosen = occupations.isin(["occupation 05"] if repeated == "one" else occupations)
    more = [
        pd.concat([table, *[table[chosen].assign(id=f"copy {n} " + table["id"]) for n in range(1, times)]])
        for table in tables
    ]
    once, often = (
        compare_results(result("a", one, of=WINOGENDER), result("b", other, of=WINOGENDER))
        for one, other in (tables, more)
    )
    assert once.bias.test == once.flip_test.name == "Wilcoxon signed-rank"
    assert once.scores is not None and often.scores is not None
    assert often.bias.p_value >= once.bias.p_value - 1e-9
    assert often.flip_test.p_value >= once.flip_test.p_value - 1e-9
    assert often.scores.p_value >= once.scores.p_value - 1e-9
    if repeated == "all":  # the same units: neither do intervals get narrower
        assert (often.bias.low, often.bias.high) == pytest.approx((once.bias.low, once.bias.high))


def test_what_is_tested_is_named() -> None:
    women = np.linspace(0, 1, 12)
    gaps = np.add.outer(women, [0.1, -0.2])
    one, other = (
        result(name, winogender(factor * (gaps - 0.5), women), of=WINOGENDER)
        for name, factor in (("a", 4.0), ("b", -2.0))
    )
    found = compare_results(one, other)
    assert "Wilcoxon signed-rank over occupations p" in found.bias.sentence
    shares = [table.groupby("occupation")["stereotype"].mean() for table in (one.items, other.items)]
    assert found.flip_test.p_value == pytest.approx(stats.wilcoxon(shares[1] - shares[0]).pvalue)
    assert found.flip_sentence.endswith(f"({found.flip_test_text}).")
    few = winogender(gaps[:5], women[:5])
    found = compare_results(*(result(name, few, of=WINOGENDER) for name in "ab"))
    assert found.bias.phrase == "too few occupations for a test (at least 6)"


def test_the_calibration_error_is_not_judged_by_a_test_of_the_accuracy() -> None:
    """A model that is right less often, and as much less sure, is calibrated as well."""
    n = 200
    rows = {
        "id": [str(number) for number in range(n)],
        "sentence": [str(number) for number in range(n)],
        "category": "",
        "faulty": False,
    }
    sure = pd.DataFrame({**rows, "confidence": 0.9, "right": [number % 10 != 0 for number in range(n)]})
    unsure = pd.DataFrame({**rows, "confidence": 0.1, "right": [number % 10 == 0 for number in range(n)]})
    found = differences(BENCHMARKS["calibration"], sure, unsure)["ece"]
    assert found.test == "" and found.kind == "no clear difference"
