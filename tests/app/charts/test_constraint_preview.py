"""The chart of the constraint preview."""

from __future__ import annotations

import pandas as pd
import pytest

from app.charts.constraint_preview import CUT, Part, edit_bars

NAMES: dict[Part, str] = {"before": "teacher", "after": "target"}


def test_the_playground_draws_any_number_of_groups() -> None:
    words = ["milk", "tea", "water", "iron"]
    numbers = {name: [1, 2, 3, 4] for name in ("before", "after", "before_rank", "after_rank")}
    figure = edit_bars(
        pd.DataFrame({"token": words, "group": words, **numbers}),
        groups=words,
        names=NAMES,
        title="?",
        dark=False,
    )
    ticks = figure.layout.yaxis.ticktext
    assert len({tick.replace(word, "") for tick, word in zip(ticks, words, strict=True)}) == 3


def test_the_playground_draws_before_and_after_with_the_groups_in_their_hues() -> None:
    frame = pd.DataFrame(
        {
            "token": ["he", "she", "<i>"],
            "group": ["A", "B", ""],
            "before": [0.9, 0.01, 0.09],
            "after": [0.455, 0.455, 0.09],
            "before_rank": [1, 3, 2],
            "after_rank": [1, 2, 3],
        }
    )
    figure = edit_bars(frame, groups=["A", "B"], names=NAMES, title="?", dark=False)
    assert [trace.name for trace in figure.data] == ["teacher", "target"]
    assert list(figure.data[1].x) == [0.455, 0.455, 0.09]
    ticks = figure.layout.yaxis.ticktext
    assert "color" in ticks[0] and ticks[0] != ticks[1] and ticks[2] == "&lt;i&gt;"
    assert len(figure.layout.shapes) == 1, "a line between the groups and the other words"


def test_a_bar_that_would_dwarf_the_words_is_cut_and_says_so() -> None:
    frame = pd.DataFrame(
        {
            "token": ["he", "she", "all other words"],
            "group": ["A", "B", ""],
            "before": [0.02, 0.03, 0.95],
            "label": [0.5, 0.5, 0.0],
            "before_rank": pd.array([2, 1, pd.NA], dtype="Int64"),
        }
    )
    names: dict[Part, str] = {"before": "teacher", "label": "label"}
    figure = edit_bars(frame, groups=["A", "B"], names=names, temperature=2, title="?", dark=False)
    teacher, label = figure.data
    assert list(teacher.x) == [0.02, 0.03, pytest.approx(0.045)] and teacher.text[2] == f"95 % {CUT}"
    assert teacher.text[0] == "2.0 %" and label.text[2] == ""
    assert teacher.customdata[0][1] == "2.0 %, rank 2" and teacher.customdata[2][1] == "95 %"
    assert figure.layout.xaxis.title.text == "probability at T = 2"
