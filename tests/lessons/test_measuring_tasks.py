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
    draws_told_apart,
    grid_finding,
    rank_cells,
    repeated_draws,
    seeds_finding,
    share_of_contradictions,
    size_table,
    stored_experiment,
    two_measures,
)
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
    assert rank_cells(clear, PPL).leader == "α = 1 (T = 1)"
    assert grid_finding(clear, PPL).endswith("α = 1 (T = 1) is better than every other cell")
    assert best_alpha(clear, PPL).right == 2
    tied = grid({**CELLS, (0.5, 1.0): 50.0})
    assert rank_cells(tied, PPL).leader is None
    assert "α = 0.5 (T = 1) and α = 1 (T = 1) cannot be told apart" in grid_finding(tied, PPL) or (
        "α = 1 (T = 1) and α = 0.5 (T = 1) cannot be told apart" in grid_finding(tied, PPL)
    )
    assert best_alpha(tied, PPL).right == 3
    few = grid(CELLS, seeds=3)
    assert "too few seeds" in grid_finding(few, PPL) and best_alpha(few, PPL).right == 3


def test_higher_accuracy_is_better() -> None:
    assert rank_cells(grid(CELLS), "top1_accuracy").leader == "α = 0"


def test_leaving_seeds_out_leaves_no_verdict() -> None:
    result = grid(CELLS)
    first, last = result.cells[0].key, result.cells[3].key
    assert "is smaller with α = 1 (T = 1) than with α = 0" in seeds_finding(
        result, first, last, PPL, range(6)
    )
    assert "too few seeds" in seeds_finding(result, first, last, PPL, [0, 1, 2, 3, 4])
    assert "two different" in seeds_finding(result, first, first, PPL, range(6))


def test_sizes_are_listed_for_teacher_and_students() -> None:
    table = size_table(grid(CELLS))
    assert table["model"].tolist()[:2] == ["teacher", "α = 0"] and len(table) == 6


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
    assert not found.solved and "no clear difference" in found.message


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
