"""The data of the dumbbell chart; its drawing is tested in a browser."""

import dataclasses
import math
from typing import Any

import pandas as pd
import pytest

from app.charts.gap_text import LOST_TITLE
from app.components import dumbbells
from fairkd.measures import PairedTest

GROUPS = ("he", "she")


def by_profession(**means: float) -> pd.DataFrame:
    rows = [
        {"profession": name, "mean": mean, "low": mean - 0.2, "high": mean + 0.3, "mass": 0.5, "n": 6}
        for name, mean in means.items()
    ]
    return pd.DataFrame(rows)


def verdict(kind: str) -> PairedTest:
    counts = {"smaller": 7, "larger": 1}
    return PairedTest(-0.5, -0.6, -0.4, 0.0, 0.001, -1.0, 8, kind, 1.0, 0.5, **counts, sentence="")  # type: ignore[arg-type]


SMALLER = verdict("smaller")


def gaps_data(teacher: pd.DataFrame, student: pd.DataFrame, **more: Any) -> dict:
    return dumbbells.gaps_data(teacher, student, **{"test": SMALLER, **more})


def ticks(data: dict, number: int = 0) -> list[str]:
    """The texts of a choice of ticks, the first for a wide screen."""
    return [tick["shown"] for tick in data["axis"]["ticks"][number]]


TEACHER = by_profession(nurse=-1.5, carpenter=1.2, clerk=0.1)
STUDENT = by_profession(clerk=0.3, nurse=-0.4, carpenter=0.5)


def test_professions_are_in_the_order_of_the_teachers_gap() -> None:
    rows = gaps_data(TEACHER, STUDENT, groups=GROUPS)["rows"]
    assert [row["name"] for row in rows] == ["carpenter", "clerk", "nurse"]
    assert [row["teacher"]["mean"] for row in rows] == [1.2, 0.1, -1.5]
    assert [row["student"]["mean"] for row in rows] == [0.5, 0.3, -0.4], "the student's follow the name"


def test_each_marker_has_an_interval_and_the_tooltip_has_all_numbers() -> None:
    (row,) = gaps_data(by_profession(nurse=-1.5), by_profession(nurse=0.4), groups=GROUPS)["rows"]
    assert (row["teacher"]["low"], row["teacher"]["high"]) == pytest.approx((-1.7, -1.2))
    assert row["details"].splitlines() == [
        "teacher: she 4.5 times as likely (−1.50 nats, 95 % interval −1.70 to −1.20), P(he) + P(she) = 50 %",
        "student: he 1.5 times as likely (+0.40 nats, 95 % interval +0.20 to +0.70), P(he) + P(she) = 50 %",
    ]


def test_a_missing_interval_is_named_and_has_no_length() -> None:
    one = by_profession(nurse=-1.5).assign(low=float("nan"), high=float("nan"), n=5)
    (row,) = gaps_data(one, one, groups=GROUPS, mass="P(he …) + P(she …)")["rows"]
    assert row["teacher"]["low"] == row["teacher"]["high"] == -1.5
    assert row["details"].startswith(
        "teacher: she 4.5 times as likely (−1.50 nats, no interval: 5 templates, at least 6 needed), "
        "P(he …) + P(she …) = 50 %"
    )


def test_the_title_names_the_smaller_gaps_only_where_the_verdict_does() -> None:
    def title(**more: Any) -> str:
        return str(gaps_data(TEACHER, STUDENT, groups=GROUPS, **more)["title"])

    every = dataclasses.replace(verdict("smaller"), smaller=8, larger=0)
    gap = "The student's mean absolute gap is"
    assert title(test=every) == f"{gap} smaller than the teacher's for all 8 professions"
    assert title() == f"{gap} smaller than the teacher's for 7 of 8 professions"
    assert title(test=verdict("larger")) == f"{gap} larger than the teacher's for 1 of 8 professions"
    assert title(test=verdict("no clear difference")).startswith("No clear difference")
    assert title(test=verdict("too few")).startswith("Too few professions for a test (at least 6): ")
    assert title(lost=True) == LOST_TITLE
    assert title(value="corrected_gap").startswith(
        "The student's mean absolute prior-corrected gap is smaller"
    )


def test_the_axis_and_its_directions_are_those_of_the_shown_value() -> None:
    data = gaps_data(TEACHER, STUDENT, groups=GROUPS)
    assert data["axis"]["title"] == "times as likely as the other group"
    assert ticks(data)[-2:] == ["2× he", "5× he"]
    assert data["sides"] == [["more he", "more she"]] * 2
    corrected = gaps_data(TEACHER, STUDENT, groups=GROUPS, value="corrected_gap")
    assert corrected["axis"]["title"] == "times the ratio without the profession"
    assert "no change" in ticks(corrected)
    assert corrected["sides"] == [
        ["more he than without the profession", "more she than without the profession"],
        ["towards he", "towards she"],
    ]


def test_a_gap_of_two_improbable_groups_is_hollow_and_the_legend_explains_it() -> None:
    thin = TEACHER.assign(mass=[0.0004, 0.5, 0.5])
    data = gaps_data(thin, STUDENT, groups=GROUPS)
    by_name = {row["name"]: row for row in data["rows"]}
    assert by_name["nurse"]["teacher"]["hollow"] and not by_name["nurse"]["student"]["hollow"]
    assert not by_name["clerk"]["teacher"]["hollow"]
    assert data["hollow"] == "probability below 1 %" and "0.040 %" in by_name["nurse"]["details"]
    assert gaps_data(TEACHER, STUDENT, groups=GROUPS)["hollow"] is None


def test_the_axis_holds_zero_and_all_intervals_and_has_round_ratios_for_any_width() -> None:
    data = gaps_data(TEACHER, STUDENT, groups=GROUPS)
    axis = data["axis"]
    assert axis["low"] < -1.7 and axis["high"] > 1.5
    assert ticks(data, 0) == ["5× she", "2× she", "equal", "2× he", "5× he"]
    assert [tick["at"] for tick in axis["ticks"][0]] == pytest.approx(
        [-math.log(5), -math.log(2), 0, math.log(2), math.log(5)]
    )
    assert ticks(data, 3) == ["3×", "equal", "3×"], "on the narrowest screen"
    positive = gaps_data(by_profession(pilot=2.0), by_profession(pilot=1.0), groups=GROUPS)
    assert positive["axis"]["low"] < 0 and ticks(positive, 0)[0] == "equal"
    long = gaps_data(TEACHER, STUDENT, groups=("grandfather", "grandmother"))
    assert ticks(long, 0) == ["5×", "2×", "equal", "2×", "5×"], "long names stand above the plot alone"


@pytest.mark.parametrize("reach", [0.003, 0.2, 0.9, 1.2, 4.0, 11.0, 45.0])
def test_gaps_of_any_size_have_some_ticks_in_order(reach: float) -> None:
    data = gaps_data(by_profession(a=reach), by_profession(a=-reach), groups=GROUPS)
    for number, most in enumerate((9, 5, 5, 3)):
        places = [tick["at"] for tick in data["axis"]["ticks"][number]]
        assert 2 <= len(places) <= most and places == sorted(places) and 0.0 in places


def test_with_ends_only_both_ends_are_drawn_and_a_note_counts_the_others() -> None:
    many = by_profession(**{f"p{index:02d}": index / 10 for index in range(30)})
    data = gaps_data(many, many, groups=GROUPS, ends=3)
    assert [row.get("name") for row in data["rows"]] == ["p29", "p28", "p27", None, "p02", "p01", "p00"]
    assert data["rows"][3] == {"note": ["24 professions with gaps in between are not shown", "24 not shown"]}
    assert data["folded"] and data["count"] == 30
    assert "of 8" in data["title"], "the finding is about all that were tested"
    assert len(gaps_data(many, many, groups=GROUPS)["rows"]) == 30


def test_a_marked_profession_is_shown_wherever_it_is() -> None:
    many = by_profession(**{f"p{index:02d}": index / 10 for index in range(30)})

    def names(marked: str) -> list[str]:
        rows = gaps_data(many, many, groups=GROUPS, ends=2, marked=marked)["rows"]
        assert [row["name"] for row in rows if row.get("marked")] == [marked]
        return [row.get("name") or row["note"][1] for row in rows]

    assert names("p20") == ["p29", "p28", "7 not shown", "p20", "18 not shown", "p01", "p00"]
    assert names("p29") == ["p29", "p28", "26 not shown", "p01", "p00"]
    assert names("p26") == ["p29", "p28", "p27", "p26", "24 not shown", "p01", "p00"], "a note is no shorter"


@pytest.mark.parametrize("count", [5, 6])
def test_no_profession_is_omitted_if_all_fit(count: int) -> None:
    few = by_profession(**{f"p{index}": float(index) for index in range(count)})
    rows = gaps_data(few, few, groups=GROUPS, ends=3)["rows"]
    assert len(rows) == count and not any("note" in row for row in rows)


def test_without_professions_there_are_no_rows() -> None:
    empty = by_profession(nurse=0.0).head(0)
    data = gaps_data(empty, empty, groups=GROUPS)
    assert data["rows"] == []
