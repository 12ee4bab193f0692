"""What the browser is given to draw gaps by profession from; the drawing itself is tested in a browser."""

import pandas as pd
import pytest

from app.components.dumbbells import gaps_data

GROUPS = ("he", "she")


def by_profession(**means: float) -> pd.DataFrame:
    rows = [
        {"profession": name, "mean": mean, "low": mean - 0.2, "high": mean + 0.3, "mass": 0.5}
        for name, mean in means.items()
    ]
    return pd.DataFrame(rows)


TEACHER = by_profession(nurse=-1.5, carpenter=1.2, clerk=0.1)
STUDENT = by_profession(clerk=0.3, nurse=-0.4, carpenter=0.5)


def test_professions_stand_in_the_order_of_the_teachers_gap() -> None:
    rows = gaps_data(TEACHER, STUDENT, groups=GROUPS)["rows"]
    assert [row["name"] for row in rows] == ["carpenter", "clerk", "nurse"]
    assert [row["teacher"]["mean"] for row in rows] == [1.2, 0.1, -1.5]
    assert [row["student"]["mean"] for row in rows] == [0.5, 0.3, -0.4], "the student's follow the name"


def test_each_mark_has_its_interval_and_all_of_it_in_words() -> None:
    (row,) = gaps_data(by_profession(nurse=-1.5), by_profession(nurse=0.4), groups=GROUPS)["rows"]
    assert (row["teacher"]["low"], row["teacher"]["high"]) == pytest.approx((-1.7, -1.2))
    assert row["told"].splitlines() == [
        "teacher −1.50 nats (−1.70 to −1.20), P(he) + P(she) = 50 %",
        "student +0.40 nats (+0.20 to +0.70), P(he) + P(she) = 50 %",
    ]


def test_where_there_is_no_interval_none_is_told_and_nothing_breaks_the_drawing() -> None:
    one = by_profession(nurse=-1.5).assign(low=float("nan"), high=float("nan"))
    (row,) = gaps_data(one, one, groups=GROUPS, mass="P(he …) + P(she …)")["rows"]
    assert row["teacher"]["low"] == row["teacher"]["high"] == -1.5
    assert row["told"].startswith("teacher −1.50 nats (no interval: one template), P(he …) + P(she …) = 50 %")


def test_the_title_counts_the_smaller_gaps_of_the_student_and_the_axis_has_its_unit() -> None:
    data = gaps_data(TEACHER, STUDENT, groups=GROUPS)
    assert data["title"] == "The student's gap is smaller than the teacher's for 2 of 3 professions"
    assert data["axis"] == "gap in nats" and data["groups"] == ["he", "she"]
    corrected = gaps_data(TEACHER, STUDENT, groups=GROUPS, value="corrected_gap")
    assert corrected["axis"] == "prior-corrected gap in nats"
    assert corrected["title"].startswith("The student's prior-corrected gap")


def test_a_gap_with_almost_no_mass_behind_it_is_marked_and_explained() -> None:
    thin = TEACHER.assign(mass=[0.0004, 0.5, 0.5])
    data = gaps_data(thin, STUDENT, groups=GROUPS)
    by_name = {row["name"]: row for row in data["rows"]}
    assert by_name["nurse"]["teacher"]["thin"] and not by_name["nurse"]["student"]["thin"]
    assert not by_name["clerk"]["teacher"]["thin"]
    assert data["thin"] == "mass below 1.0 %" and "0.040 %" in by_name["nurse"]["told"]
    assert gaps_data(TEACHER, STUDENT, groups=GROUPS)["thin"] is None


def test_only_the_ends_are_drawn_when_asked_and_the_rest_is_said() -> None:
    many = by_profession(**{f"p{index:02d}": index / 10 for index in range(30)})
    data = gaps_data(many, many, groups=GROUPS, ends=3)
    assert [row.get("name") for row in data["rows"]] == ["p29", "p28", "p27", None, "p02", "p01", "p00"]
    assert data["rows"][3] == {"note": "24 more between"}
    assert "of 30" in data["title"], "the finding is still about all of them"
    assert len(gaps_data(many, many, groups=GROUPS)["rows"]) == 30


@pytest.mark.parametrize("count", [5, 6])
def test_nothing_is_left_out_where_everything_fits(count: int) -> None:
    few = by_profession(**{f"p{index}": float(index) for index in range(count)})
    rows = gaps_data(few, few, groups=GROUPS, ends=3)["rows"]
    assert len(rows) == count and not any("note" in row for row in rows)


def test_no_profession_gives_no_row() -> None:
    empty = by_profession(nurse=0.0).head(0)
    data = gaps_data(empty, empty, groups=GROUPS)
    assert data["rows"] == [] and data["title"].endswith("0 of 0 professions")
