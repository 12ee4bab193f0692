"""Side effects: categories of different data sets in one table, and p values adjusted for all of them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from fairkd.benchmarks import AXES, BENCHMARKS, side_effects
from fairkd.benchmarks.side_effect_table import axis_of
from fairkd.errors import InputError
from fairkd.measures import holm
from tests.benchmarks.made_results import CROWS, items, result

CATEGORIES = ["race-color"] * 40 + ["socioeconomic"] * 40 + ["age"] * 4
TEACHER = [1.0] * 84
CONSTRAINED = [1.0, -1.0] * 20 + [1.0] * 38 + [-1.0] * 6


def test_each_axis_is_compared_with_the_first_model() -> None:
    results = [
        result("teacher", items(TEACHER, CATEGORIES)),
        result("fair", items(CONSTRAINED, CATEGORIES)),
        result("plain", items(TEACHER, CATEGORIES)),
    ]
    found = side_effects(results)
    table = found.table
    assert (found.first, found.models) == ("teacher", ("fair", "plain"))
    assert table["axis"].tolist() == ["race", "race", "age", "age", "class", "class"]
    assert table["category"].tolist()[::2] == ["race-color", "age", "socioeconomic"]
    by = table.set_index(["axis", "model"])
    assert by.loc[("race", "fair"), "difference"] == -50.0
    assert by.loc[("race", "fair"), "verdict"] == "smaller"
    assert by.loc[("race", "fair"), "approach"] == "nearer"
    assert by.loc[("race", "plain"), "verdict"] == "no clear difference"
    assert by.loc[("class", "fair"), "verdict"] == "no clear difference"
    assert by.loc[("age", "fair"), "verdict"] == "too few"
    assert math.isnan(by.loc[("age", "fair"), "p_value"])


def test_p_values_are_adjusted_for_all_comparisons_that_were_made() -> None:
    found = side_effects(
        [result("teacher", items(TEACHER, CATEGORIES)), result("fair", items(CONSTRAINED, CATEGORIES))]
    )
    assert found.comparisons == 2  # age has too few items
    tested = found.table.dropna(subset=["p_value"])
    assert tested["p_holm"].tolist() == holm(tested["p_value"]).tolist()
    assert found.sentence == (
        "1 of 2 comparisons with teacher shows a clear difference (p values adjusted by Holm)."
    )


def test_a_difference_that_is_clear_alone_may_not_be_among_many() -> None:
    categories = [name for name in ("age", "race", "religion", "gender") for _ in range(40)]
    flips = [-1.0] * 8 + [1.0] * 32  # p = .0078 alone
    weak = [-1.0] * 6 + [1.0] * 34  # p = .031 alone, .047 of four
    first = result("teacher", items([1.0] * 160, categories))
    alone = side_effects([first, result("b", items(weak + [1.0] * 120, categories))])
    together = side_effects([first, result("b", items(weak + flips + [1.0] * 80, categories))])
    assert alone.table.set_index("axis").loc["age", "verdict"] == "no clear difference"
    assert together.table.set_index("axis")["verdict"].to_dict()["race"] == "smaller"
    assert together.table.set_index("axis")["verdict"].to_dict()["age"] == "no clear difference"


def test_results_that_cannot_be_compared_are_named() -> None:
    first = result("teacher", items(TEACHER, CATEGORIES))
    found = side_effects([first, result("fair", items(TEACHER, CATEGORIES), precision="fast")])
    assert found.table.empty and "different precision" in found.left_out[0]
    assert found.sentence == "No bias was measured that could be compared."


def test_one_model_has_no_side_effects() -> None:
    with pytest.raises(InputError, match="two models or more, but got 1"):
        side_effects([result("teacher", items(TEACHER, CATEGORIES))])


@pytest.mark.parametrize(
    ("category", "axis"),
    [
        ("race-color", "race"),
        ("Race_Color", "race"),
        ("socioeconomic", "class"),
        ("sexual-orientation", "orientation"),
        ("physical-appearance", "appearance"),
        ("gender", "gender"),
        ("profession", "profession"),
        ("weather", None),
    ],
)
def test_categories_of_the_data_sets_are_mapped_to_axes(category: str, axis: str | None) -> None:
    assert axis_of(CROWS, category) == axis


def test_the_one_axis_of_a_benchmark_is_known() -> None:
    assert {one.axis for one in BENCHMARKS.values()} - {None} <= AXES.keys()


def test_every_benchmark_of_bias_is_in_the_table() -> None:
    by_category = {"crows-pairs", "aul", "aula", "stereoset"}
    assert {
        name for name, one in BENCHMARKS.items() if one.family == "bias" and one.axis is None
    } == by_category


def test_the_axis_of_a_single_value_has_a_row_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    values = (CROWS.values[0], replace(CROWS.values[1], axis="pronouns"))
    monkeypatch.setitem(BENCHMARKS, "crows-pairs", replace(CROWS, axis="gender", values=values))  # type: ignore[arg-type]
    found = side_effects([result("a", items(TEACHER)), result("b", items(CONSTRAINED))]).table
    assert found[["axis", "value"]].values.tolist() == [["gender", "score"], ["pronouns", "stereo"]]
