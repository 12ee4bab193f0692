"""The lesson on measuring: what draws, two measures, and the grid are said to show."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fairkd.errors import InputError
from fairkd.lessons import (
    ExperimentResult,
    best_alpha,
    check_own_professions,
    comparisons_note,
    draws_note,
    draws_told_apart,
    grid_finding,
    measures_agreement,
    rank_cells,
    repeated_draws,
    seeds_details,
    seeds_finding,
    share_of_contradictions,
    size_table,
    stored_experiment,
    two_measures,
)
from fairkd.lessons.measuring_tasks import _what_failed
from fairkd.measures import Verdict, compare
from fairkd.models import MaskedLM
from tests.lessons.results import made_result

PPL = "pseudo_perplexity_sampled"


def series(values: list[float]) -> pd.Series:
    return pd.Series(values, index=[f"profession {number}" for number in range(len(values))])


def test_draws_of_equal_models_show_nothing_and_of_distant_ones_all() -> None:
    random = np.random.default_rng(0)
    teacher = series((1 + random.random(30)).tolist())
    same = repeated_draws(teacher, teacher, count=10)
    assert len(same) == 20 and draws_told_apart(same, 10).right == 3
    apart = repeated_draws(teacher, teacher / 2, count=10)
    assert draws_told_apart(apart, 10).right == 0 and {one.n for one in apart} == {10}
    assert "20 show a smaller gap of the student" in draws_told_apart(apart, 10).message


def test_draws_are_repeated_by_their_seed_and_pair_professions_by_name() -> None:
    random = np.random.default_rng(1)
    teacher = series(random.random(30).tolist())
    student = (teacher - 0.1)[::-1]
    first, again, other = (repeated_draws(teacher, student, count=8, seed=seed) for seed in (0, 0, 1))
    assert first == again != other
    assert [one.difference for one in first] == pytest.approx([-0.1] * 20)
    with pytest.raises(InputError, match="There are 30 professions, so 40"):
        repeated_draws(teacher, student, count=40)


def test_contradictions_are_opposite_signs() -> None:
    frame = pd.DataFrame(
        {
            "template": "[MASK] is {a profession}.",
            "role": "subject",
            "profession": ["nurse", "pilot", "cook", "judge"],
            "gap": [1.0, -1.0, 2.0, 0.5],
            "corrected_gap": [-0.5, -1.0, 1.0, 0.0],
            "mass": 0.5,
            "share": 0.5,
        }
    )
    both = two_measures(frame)
    assert both.set_index("profession")["opposite"].to_dict() == {
        "nurse": True,
        "pilot": False,
        "cook": False,
        "judge": False,
    }
    answer = share_of_contradictions(both)
    assert answer.right == 1 and "For 1 of 4 professions" in answer.message


def grid(values: dict[tuple[float, float | None], float], seeds: int = 6) -> ExperimentResult:
    return made_result(
        {
            (("alpha", alpha), *([("temperature", heat)] if heat else [])): value
            for (alpha, heat), value in values.items()
        },
        seeds=seeds,
        name="grid",
    )


CELLS: dict[tuple[float, float | None], float] = {
    (0.0, None): 80.0,
    (0.5, 1.0): 60.0,
    (0.5, 4.0): 70.0,
    (1.0, 1.0): 50.0,
    (1.0, 4.0): 65.0,
}


def test_the_grid_names_a_best_cell_only_where_the_seeds_show_it() -> None:
    clear = grid(CELLS)
    assert rank_cells(clear, PPL).leader == "soft targets alone (T = 1)"
    assert grid_finding(clear, PPL).endswith("soft targets alone (T = 1) is better than every other cell")
    assert best_alpha(clear, PPL).right == 2
    tied = grid({**CELLS, (0.5, 1.0): 50.0})
    assert rank_cells(tied, PPL).leader is None
    assert "half of each (T = 1) and soft targets alone (T = 1) cannot be told apart" in grid_finding(
        tied, PPL
    ) or (
        "soft targets alone (T = 1) and half of each (T = 1) cannot be told apart" in grid_finding(tied, PPL)
    )
    assert best_alpha(tied, PPL).right == 3
    few = grid(CELLS, seeds=3)
    assert "too few seeds" in grid_finding(few, PPL) and best_alpha(few, PPL).right == 3


def test_higher_accuracy_is_better() -> None:
    assert rank_cells(grid(CELLS), "top1_accuracy").leader == "hard labels alone"


def test_leaving_seeds_out_leaves_no_verdict() -> None:
    result = grid(CELLS)
    first, last = result.cells[0].key, result.cells[3].key
    assert "is smaller with soft targets alone (T = 1) than with hard labels alone" in seeds_finding(
        result, first, last, PPL, range(6)
    )
    assert "too few seeds" in seeds_finding(result, first, last, PPL, [0, 1, 2, 3, 4])
    assert "two different" in seeds_finding(result, first, first, PPL, range(6))


def test_sizes_are_listed_for_teacher_and_students() -> None:
    table = size_table(grid(CELLS))
    assert table["model"].tolist()[:2] == ["teacher", "hard labels alone"] and len(table) == 6


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nurse, pilot", "You named 2: too few professions for a test (at least 6)"),
        (", ".join(f"profession {number}" for number in range(50)), "At most 40"),
    ],
)
def test_the_exercise_refuses_too_few_and_too_many(teacher: MaskedLM, text: str, said: str) -> None:
    found = check_own_professions(teacher, teacher, text)
    assert not found.solved and said in found.message


def test_the_exercise_needs_a_difference_that_is_shown(teacher: MaskedLM) -> None:
    found = check_own_professions(teacher, teacher, "nurse, pilot, poet, judge, cook, singer")
    assert not found.solved and "The interval holds 0, and p is not below 0.05" in found.message


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (compare([0.0] * 6, [-1.0, -2.0, -3.0, 1.5, 2.5, 3.5]), "The interval holds 0, and p is not"),
        (compare([0.0] * 6, [-9.0, -9.5, -8.0, -7.0, -8.5, 0.1]), "excludes 0, but p is not below 0.05"),
    ],
)
def test_the_reply_names_the_condition_that_fails(verdict: Verdict, said: str) -> None:
    assert not verdict.is_clear and said in _what_failed(verdict)


def test_holm_leaves_nothing_of_ten_comparisons_with_six_seeds() -> None:
    said = comparisons_note(grid(CELLS), PPL)
    assert said.startswith("10 of the 10 pairs of cells have p < .05, 0 after Holm's adjustment")
    assert said.endswith("with 6 seeds is 0.031.")


def test_details_of_seeds_name_effect_interval_and_the_smallest_p() -> None:
    result = grid(CELLS)
    first, last = result.cells[0].key, result.cells[3].key
    said = seeds_details(result, first, last, PPL, range(6))
    assert "over 6 seeds (second − first): −29.96" in said and "p = 0.031" in said
    assert "cannot come out below p = 0.062" in seeds_details(result, first, last, PPL, range(5))
    assert seeds_details(result, first, first, PPL, range(6)) == ""


def test_the_two_measures_are_said_to_order_alike_where_they_do() -> None:
    both = pd.DataFrame({"gap": [1.0, 2.0, 4.0], "corrected_gap": [0.0, 1.0, 3.0]})
    said = measures_agreement(both)
    assert "r = 1.000" in said and "−1.00 to −1.00 nats" in said


def test_intervals_that_miss_the_whole_are_counted() -> None:
    draws = [compare([0.0] * 6, [x + shift for x in (1.0, 1.1, 1.2, 0.9, 0.8, 1.0)]) for shift in (0, 5)]
    whole = compare([0.0] * 6, [1.0, 1.1, 1.2, 0.9, 0.8, 1.0])
    assert draws_note(draws, whole).startswith("1 of 2 intervals miss the dotted line")


@pytest.mark.parametrize("name", ["labels", "grid"])
def test_the_stored_experiments_are_the_declared_ones(name: str) -> None:
    from fairkd.lessons import check_budgets, command_of, experiment

    result, declared = stored_experiment(name), experiment(name)
    check_budgets(result)
    assert [(cell.key, cell.sentences, dict(cell.objective)) for cell in result.cells] == [
        (cell.key, cell.sentences, dict(cell.objective)) for cell in declared.cells
    ]
    assert result.settings == {**declared.base}
    assert len(result.runs) == len(result.cells) * result.seeds
    assert result.command.startswith(command_of(declared).rpartition(" ")[0])
