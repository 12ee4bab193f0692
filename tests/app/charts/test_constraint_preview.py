"""The chart of the constraint preview."""

from __future__ import annotations

import pandas as pd

from app.charts.constraint_preview import Part, edit_bars

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
    assert list(figure.data[0].text) == ["90 %", "1.0 %", "9.0 %"], "all have bars"


def test_every_bar_is_as_long_as_its_value() -> None:
    frame = pd.DataFrame(
        {
            "token": ["he", "she", "all other words"],
            "group": ["A", "B", ""],
            "before": [0.02, 0.03, 0.95],
            "label": [0.0, 1.0, 0.0],
            "before_rank": pd.array([2, 1, pd.NA], dtype="Int64"),
        }
    )
    names: dict[Part, str] = {"before": "teacher", "label": "label"}
    figure = edit_bars(frame, groups=["A", "B"], names=names, temperature=2, title="?", dark=False)
    teacher, label = figure.data
    assert list(teacher.x) == [0.02, 0.03, 0] and list(teacher.text) == ["2.0 %", "3.0 %", "95 % (no bar)"]
    assert figure.layout.xaxis.range[1] < 0.05, "the words' bars are not dwarfed"
    assert list(label.x) == [0, 1, 0] and list(label.text) == ["", "100 %", ""]
    assert label.xaxis == "x2" and figure.layout.xaxis2.range[1] > 1, "the label has a panel of its own"
    assert figure.layout.xaxis.domain[1] < figure.layout.xaxis2.domain[0]
    assert teacher.customdata[0][1] == "2.0 %, rank 2" and teacher.customdata[2][1] == "95 %"
    assert figure.layout.xaxis.title.text == "probability at T = 2"


def test_a_label_alone_has_the_whole_figure() -> None:
    frame = pd.DataFrame({"token": ["she"], "group": ["B"], "label": [1.0]})
    figure = edit_bars(frame, groups=["A", "B"], names={"label": "hard label"}, title="?", dark=True)
    (label,) = figure.data
    assert list(label.x) == [1] and label.xaxis is None and not figure.layout.shapes
    assert figure.layout.xaxis.title.text == "label"
