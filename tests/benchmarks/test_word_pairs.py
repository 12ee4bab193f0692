"""BEC-Pro's test of one model in each group of professions: against plain loops and scipy."""

from __future__ import annotations

import json

import pytest
from scipy import stats

from fairkd.benchmarks import html_report, word_pair_rows, word_pair_table, word_pair_tests
from fairkd.cli.measure_tables import document
from tests.benchmarks.made_results import associations, items, result


def plain_holm(p_values: list[float]) -> list[float]:
    """Each p times the number of those that are not smaller, and no smaller than the one before."""
    order = sorted(range(len(p_values)), key=lambda number: p_values[number])
    adjusted, least = [0.0] * len(p_values), 0.0
    for rank, number in enumerate(order):
        least = max(least, min(1.0, p_values[number] * (len(p_values) - rank)))
        adjusted[number] = least
    return adjusted


def plain_rank_biserial(differences: list[float]) -> float:
    """(W+ - W-) / (W+ + W-) by counting, for differences without ties."""
    up = down = 0
    for one in differences:
        rank = sum(abs(other) <= abs(one) for other in differences)
        up, down = (up + rank, down) if one > 0 else (up, down + rank)
    return (up - down) / (up + down)


def test_every_number_equals_scipy_and_a_plain_loop() -> None:
    found = associations("teacher")
    pairs: dict[str, list[float]] = {}
    by_profession: dict[str, dict[str, list[float]]] = {}
    sums: dict[str, list[float]] = {}
    for row in found.items.to_dict("records"):
        difference = row["association_female"] - row["association_male"]
        pairs.setdefault(row["category"], []).append(difference)
        by_profession.setdefault(row["category"], {}).setdefault(row["profession"], []).append(difference)
        total = sums.setdefault(row["category"], [0.0, 0.0])
        total[0] += row["association_female"]
        total[1] += row["association_male"]
    means = {
        group: [sum(values) / len(values) for values in professions.values()]
        for group, professions in by_profession.items()
    }
    table = word_pair_tests(found).set_index("category")
    assert list(table.index) == ["balanced", "female", "male"]
    tested = {
        "items": ["balanced", "female", "male"],
        "units": ["female", "male"],
    }  # not of 3 professions
    for of, numbers in (("items", pairs), ("units", means)):
        p_values = [float(stats.wilcoxon(numbers[group]).pvalue) for group in tested[of]]
        for group, p, p_holm in zip(tested[of], p_values, plain_holm(p_values), strict=True):
            row = table.loc[group]
            assert row[f"n_{of}"] == len(numbers[group])
            assert row[f"p_value_{of}"] == pytest.approx(p)
            assert row[f"p_holm_{of}"] == pytest.approx(p_holm)
            assert row[f"effect_size_{of}"] == pytest.approx(plain_rank_biserial(numbers[group]))
    for group, (female, male) in sums.items():
        n, row = len(pairs[group]), table.loc[group]
        assert [row["female"], row["male"]] == pytest.approx([female / n, male / n])
        assert row["difference"] == pytest.approx((female - male) / n)
    assert table.loc["balanced", ["p_value_units", "p_holm_units", "effect_size_units"]].isna().all()


def test_copies_of_sentences_change_the_test_over_sentences_alone() -> None:
    once, often = (
        word_pair_tests(associations("teacher", copies=copies)).set_index("category").loc["male"]
        for copies in (1, 4)
    )
    assert often["p_value_units"] == pytest.approx(once["p_value_units"])
    assert often["p_value_items"] < once["p_value_items"]


def test_page_report_and_json_have_the_table() -> None:
    found = associations("teacher")
    row = word_pair_table([found], {"teacher": "the teacher"}).iloc[0]
    assert list(row.index) == [
        *("category", "model", "female words", "male words", "difference", "over professions"),
        "over sentence pairs",
    ]
    assert (row["model"], row["over professions"]) == ("the teacher", "too few (3)")
    assert row["category"] == "balanced (3 professions)" and row["over sentence pairs"].startswith("p ")
    [told] = document([found], [])["results"]
    assert told["word_pairs"] == word_pair_rows(found)
    assert json.loads(json.dumps(told["word_pairs"], allow_nan=False))[0]["p_holm_units"] is None
    assert "Both words by category" in html_report([found])


def test_other_benchmarks_have_no_such_table() -> None:
    other = result("teacher", items([1.0] * 8))
    assert word_pair_tests(other).empty and word_pair_table([other]).empty and word_pair_rows(other) == []
    assert "Both words by category" not in html_report([other])
