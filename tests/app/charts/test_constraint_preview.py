"""The chart of the constraint preview."""

from __future__ import annotations

import pandas as pd

from app.charts.constraint_preview import edit_bars


def test_the_playground_draws_any_number_of_groups() -> None:
    words = ["milk", "tea", "water", "iron"]
    numbers = {name: [1, 2, 3, 4] for name in ("before", "after", "before_rank", "after_rank")}
    figure = edit_bars(
        pd.DataFrame({"token": words, "group": words, **numbers}), groups=words, title="?", dark=False
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
    figure = edit_bars(frame, groups=["A", "B"], title="?", dark=False)
    assert [trace.name for trace in figure.data] == ["the teacher as it is", "after the edit"]
    assert list(figure.data[1].x) == [0.455, 0.455, 0.09]
    ticks = figure.layout.yaxis.ticktext
    assert "color" in ticks[0] and ticks[0] != ticks[1] and ticks[2] == "&lt;i&gt;"
    assert len(figure.layout.shapes) == 1, "a line between the groups and the other words"
