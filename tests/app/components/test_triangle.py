"""The data of the triangle; that it is dragged is tested in a browser."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from app.components import triangle
from app.components.triangle import CONSTRAINTS, Mark, Point, constraints_view, marks_view
from fairkd.constraints import edit_simplex, simplex_grid, strength_path

P: Point = (0.90, 0.01, 0.09)


def view(p: Point = P, **more: Any) -> dict[str, Any]:
    return constraints_view(p, words=("he", "she"), name="p", **more)


def column(data: dict[str, Any], number: int) -> list[str]:
    return [text.replace("\u00a0", " ") for text in data["columns"][number]]


def test_the_table_has_what_each_constraint_makes_of_p() -> None:
    data = view()
    assert data["rows"] == ["he", "she", "all other words", "leaked", "KL(p ‖ q)", "KL(q ‖ p)"]
    assert column(data, 0) == ["90 %", "1.0 %", "9.0 %"]
    assert column(data, 1) == ["34 %", "34 %", "32 %", "23 %", "0.729", "1.274"]
    assert column(data, 2) == column(data, 3) == ["45 %", "45 %", "9.0 %", "none", "0.576", "1.427"]
    assert data["smallest"] == [[4, 2], [4, 3], [5, 1]]
    assert data["title"].replace("\u00a0", " ") == (
        "Both words equal: the mean of the logits leaks 23 %, the mean of the probabilities none"
    )
    assert view((0.4, 0.4, 0.2))["title"] == "Both words equal: nothing leaks to other words"


def test_balanced_groups_alone_follow_the_share() -> None:
    data = view(share=0.7)
    assert column(data, 3)[:3] == ["64 %", "27 %", "9.0 %"] and column(data, 2)[:2] == ["45 %", "45 %"]
    assert data["smallest"] == [[4, 2], [5, 1]], "the others have both words equal"


def test_every_constraint_leaks_below_full_strength_and_none_changes_p_at_strength_0() -> None:
    data = view(strength=0.5)
    assert "none" not in (column(data, 1)[3], column(data, 2)[3])
    assert data["title"].startswith("At strength 0.5: the mean of the logits leaks")
    assert data["smallest"] == []
    still = view(strength=0)
    assert all(mark["at"] == list(P) for mark in still["marks"])
    assert still["title"] == "At strength 0, every constraint leaves the answer as it is"


def test_the_largest_ring_goes_through_the_closest_point() -> None:
    assert view()["rings"] == []
    for rings, number in (("reverse_kl", 0), ("kl", 1)):
        data = view((0.6, 0.1, 0.3), rings=rings, strength=0.2)
        closest = data["marks"][number]["path"][-1]
        assert len(data["rings"]) == 4
        assert min(math.dist(point, closest) for point in data["rings"][-1]) < 0.02
    assert view((0.4, 0.4, 0.2), rings="kl")["rings"] == [], "p is on the line"


def test_the_grid_holds_the_values_of_its_points() -> None:
    grid = view(strength=0.6, share=0.3)["grid"]
    points = simplex_grid(grid["count"], margin=grid["margin"])
    for kind, values in zip(CONSTRAINTS, grid["values"], strict=True):
        shares = (0.3, 0.7) if kind == "group" else None
        edit = edit_simplex(points, kind=kind, strength=0.6, shares=shares)
        found = torch.tensor(values) / grid["unit"]
        expected = torch.cat([edit.after, torch.stack([edit.leaked_mass, edit.kl, edit.reverse_kl], 1)], 1)
        assert torch.allclose(found[:, :6].double(), expected, atol=1e-4)
        end = strength_path(points, [1.0], kind=kind, shares=shares)[0]
        assert torch.allclose(found[:, -2:].double(), end[:, :2], atol=1e-4)


def test_marks_of_other_kinds_stand_beside_a_p_that_stays() -> None:
    marks = [Mark("hard label", "square", (0.0, 1.0, 0.0), [P, (0.0, 1.0, 0.0)])]
    data = marks_view(P, words=("he", "she"), name="soft target", marks=marks, title="The label pulls")
    assert data["grid"] is None and column(data, 1) == ["0 %", "100 %", "0 %"]


@pytest.mark.parametrize("found", [None, "x", [0.5], [0.9, 0.3, 1], [0.0, 0.5, 1], [math.nan, 0.2, 1]])
def test_what_is_no_point_does_not_move_p(found: object) -> None:
    assert triangle.moved_point(found) is None


def test_a_moved_point_has_the_rest_on_all_other_words() -> None:
    assert triangle.moved_point([0.5, 0.25, 3]) == (3, (0.5, 0.25, 0.25))
