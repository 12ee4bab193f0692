"""Bars of several models' probabilities, as data for the browser."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from app.components.bars import Bars, bars_data


def test_the_bars_have_every_models_probability_and_rank_of_each_word() -> None:
    rows = [
        Bars("liquid", {"teacher": 0.5, "student": 0.1}, {"teacher": 1, "student": 2}),
        Bars("2019", {"teacher": 0.25, "student": 0.05}, {"teacher": 2, "student": 1234}),
    ]
    data = bars_data(rows, log=False)
    liquid, year = data["words"]
    assert liquid == {
        "text": "liquid",
        "teacher": {"at": 1.0, "shown": "50 %", "rank": "1"},
        "student": {"at": 0.2, "shown": "10 %", "rank": "2"},
    }
    assert year["text"] == "2019" and year["student"] == {"at": 0.1, "shown": "5.0 %", "rank": "1,234"}
    json.dumps(data)


def ticks(probabilities: list[float], *, log: bool) -> dict[str, float]:
    """The axis of these probabilities: the text of each tick, and its place from 0 to 1."""
    axis = bars_data([Bars("x", {"teacher": value}) for value in probabilities], log=log)["axis"]
    return {tick["shown"]: tick["at"] for tick in axis["ticks"]}


def test_the_axis_of_the_bars_has_round_ticks_from_zero_on() -> None:
    assert ticks([0.5, 0.1], log=False) == pytest.approx(
        {"0 %": 0, "10 %": 0.2, "20 %": 0.4, "30 %": 0.6, "40 %": 0.8, "50 %": 1}
    )
    assert list(ticks([0.0123], log=False)) == ["0 %", "0.25 %", "0.5 %", "0.75 %", "1 %"]
    assert ticks([0.0], log=False)["0 %"] == 0, "nothing divides by zero"


def test_the_logarithmic_axis_has_whole_powers_of_ten_from_left_to_right() -> None:
    axis = ticks([0.5, 0.0002], log=True)
    assert list(axis) == ["100 %", "10 %", "1 %", "0.1 %", "0.01 %"]
    steps = [left - right for left, right in pairwise(axis.values())]
    assert steps == pytest.approx([steps[0]] * 4, abs=1e-4)
    assert 0 < axis["0.01 %"] < axis["100 %"] < 1
    assert list(ticks([1e-7], log=True)) == ["100 %", "1 %", "0.01 %", "0.0001 %"]


def test_what_is_missing_is_left_out() -> None:
    (word,) = bars_data([Bars("liquid", {"teacher": 0.5})], log=True)["words"]
    assert set(word) == {"text", "teacher"} and "rank" not in word["teacher"]


def test_a_logarithmic_axis_has_no_place_for_zero() -> None:
    (word,) = bars_data([Bars("liquid", {"teacher": 0.0, "student": 0.5})], log=True)["words"]
    assert word["teacher"] == {"shown": "0 %"} and "at" in word["student"]
