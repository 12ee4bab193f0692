"""The figures of the Predictions page, as data for the browser."""

from __future__ import annotations

import json
import math
import tomllib
from itertools import pairwise

import pandas as pd
import pytest

from app.charts.predictions import exactly, target_bars
from app.charts.text import escape, percent, shorten
from app.components.bars import bars_data
from app.components.columns import figure_data, token_columns
from app.predictions.position import Position
from app.shared import theme
from app.shared.widgets import literal
from fairkd.models.loading import MaskedLM
from fairkd.predictions.model_comparison import compare
from fairkd.predictions.positions import predict
from tests import ROOT

NASTY = "<b>x</b> & $y$"


def frame(tokens: list[str], student: bool = True) -> pd.DataFrame:
    n = len(tokens)
    return pd.DataFrame(
        {
            "token": tokens,
            "teacher_probability": [0.5 / (i + 1) for i in range(n)],
            "student_probability": [0.1 / (i + 1) if student else float("nan") for i in range(n)],
            "teacher_rank": pd.array(range(1, n + 1), dtype="Int64"),
            "student_rank": pd.array([i + 2 if student else pd.NA for i in range(n)], dtype="Int64"),
        }
    )


def test_the_bars_have_both_models_probability_and_rank_of_each_word() -> None:
    data = bars_data(frame(["liquid", "2019"]), title="t", log=False)
    liquid, year = data["words"]
    assert liquid == {
        "text": "liquid",
        "teacher": {"at": 1.0, "shown": "50 %", "details": "Teacher: 50 %, rank 1"},
        "student": {"at": 0.2, "shown": "10 %", "details": "Student: 10 %, rank 2"},
    }
    assert year["text"] == "2019" and year["student"]["details"] == "Student: 5.0 %, rank 3"
    json.dumps(data)


def ticks(probabilities: list[float], *, log: bool) -> dict[str, float]:
    """The axis of these probabilities: the text of each tick, and its place from 0 to 1."""
    words = pd.DataFrame({"token": "x", "teacher_probability": probabilities, "teacher_rank": 1})
    words = words.assign(student_probability=float("nan"), student_rank=pd.NA)
    axis = bars_data(words, title="t", log=log)["axis"]
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


def test_a_missing_model_and_a_missing_rank_are_omitted() -> None:
    (word,) = bars_data(frame(["liquid"], student=False), title="t", log=True)["words"]
    assert set(word) == {"text", "teacher"}
    unranked = frame(["liquid"]).assign(student_rank=pd.array([pd.NA], dtype="Int64"))
    assert bars_data(unranked, title="t", log=True)["words"][0]["student"]["details"] == "Student: 10 %"


def test_words_and_titles_of_a_plotly_figure_are_literal() -> None:
    asked = pd.DataFrame({"token": [NASTY], "soft": [0.5], "hard": [1.0]})
    figure = target_bars(asked, title=NASTY, dark=False)
    assert figure.layout.meta["title"] == NASTY, "the page shows it as text"
    shown = [figure.layout.yaxis.ticktext[0], figure.data[0].customdata[0][0]]
    assert shown == [escape(NASTY)] * 2
    assert escape(NASTY) == "&lt;b&gt;x&lt;/b&gt; &amp; &#36;y&#36;"


def test_words_that_look_like_numbers_or_dates_remain_words() -> None:
    asked = pd.DataFrame({"token": ["2019", "2020-01-01"], "soft": [0.5, 0.1], "hard": [1.0, 0.0]})
    figure = target_bars(asked, title="t", dark=False)
    assert list(figure.data[0].y) == [0, 1]
    assert list(figure.layout.yaxis.ticktext) == ["2019", "2020-01-01"]


def test_probabilities_have_two_digits() -> None:
    assert [percent(p) for p in (0.1234, 0.0995, 0.01, 0.00034, 1e-9, 0.0, 1.0)] == [
        "12 %",
        "10 %",
        "1.0 %",
        "0.034 %",
        "< 0.01 %",
        "0 %",
        "100.0 %",
    ]
    assert percent(None) == percent(float("nan")) == "–"
    assert exactly(3.2e-7) == "3.2 × 10⁻⁷"


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("abcd", 4) == "abcd"


def test_markdown_html_and_directives_lose_their_meaning() -> None:
    shown = literal("**a** <b> $x$ :red[y] :smile: `c` http://x.y -> \n# z")
    assert "**" not in shown and "<b>" not in shown and "$x$" not in shown and "\n" not in shown
    plain = shown.replace("\\", "").replace("\u2060", "")
    assert plain == "**a** <b> $x$ :red[y] :smile: `c` http://x.y -> # z"
    assert ":smile:" not in shown.replace("\\", ""), "an emoji code must be taken apart"


def test_the_configured_colours_are_those_of_the_theme() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    hues = (theme.TEACHER, theme.STUDENT, theme.GROUP_A, theme.GROUP_B)
    for mode in ("light", "dark"):
        section = config["theme"][mode]
        assert section["chartCategoricalColors"][:4] == [hue.on(mode == "dark") for hue in hues]
        assert section["backgroundColor"] == theme.PAGE.on(mode == "dark")
        assert section["textColor"] == theme.TEXT.on(mode == "dark")


# --- the signature figure ---


def test_the_figure_has_a_column_for_every_token_and_a_panel_for_each_model(tiny_bert: MaskedLM) -> None:
    prediction = predict(tiny_bert, "he is a [MASK]")
    columns = token_columns(prediction, prediction, compare(prediction, prediction))
    data = figure_data(columns, prediction, prediction, rows=3, selected=4, log=False)
    assert [column["text"] for column in data["columns"]][-1] == "[MASK]"
    assert [column["masked"] for column in data["columns"]] == [False, False, False, True]
    assert [panel["role"] for panel in data["panels"]] == ["teacher", "student"]
    cells = data["panels"][0]["columns"][3]
    top = prediction.top(prediction.positions[3], 3)
    assert [word for word, *_ in cells] == top["token"].tolist()
    assert [shade for _, shade, _ in cells] == pytest.approx(top["probability"].tolist(), abs=1e-4)
    assert [shown for *_, shown in cells] == [percent(value) for value in top["probability"]]
    assert data["scale"] == {"title": "Shade: probability", "low": "0 %", "high": "100 %"}


def test_on_a_logarithmic_scale_rare_words_are_darker_and_the_rarest_pale(tiny_bert: MaskedLM) -> None:
    prediction = predict(tiny_bert, "he is a [MASK]")
    columns = token_columns(prediction, None, None)
    data = figure_data(columns, prediction, None, rows=1000, selected=1, log=True)
    word, shade, _ = data["panels"][0]["columns"][3][0]
    top = prediction.top(prediction.positions[3], 1).iloc[0]
    assert word == top["token"]
    assert shade == pytest.approx(1 + math.log10(top["probability"]) / 4, abs=1e-3)
    assert all(0 <= shade <= 1 for cells in data["panels"][0]["columns"] for _, shade, _ in cells)
    assert data["scale"]["low"] == "0.01 %"


def test_the_side_of_a_missing_model_is_empty(tiny_bert: MaskedLM) -> None:
    prediction = predict(tiny_bert, "he is a [MASK]")
    for pair in ((prediction, None), (None, prediction)):
        columns = token_columns(*pair, None)
        data = figure_data(columns, *pair, rows=2, selected=1, log=False)
        assert len(data["columns"]) == 4
        assert [panel["role"] for panel in data["panels"]] == ["teacher" if pair[0] else "student"]


def test_tokens_of_one_model_alone_have_their_own_columns(
    tiny_bert: MaskedLM, tiny_roberta: MaskedLM
) -> None:
    teacher, student = predict(tiny_bert, "he is unbelievable"), predict(tiny_roberta, "he is unbelievable")
    comparison = compare(teacher, student)
    columns = token_columns(teacher, student, comparison)
    assert len(columns) == len(comparison.aligned)
    data = figure_data(columns, teacher, student, rows=2, selected=1, log=False)
    for panel in data["panels"]:
        holds = [cells is not None for cells in panel["columns"]]
        assert holds == [getattr(column, panel["role"]) is not None for column in columns]


# --- a position ---


def test_the_hard_label_is_the_visible_word_or_the_teachers_first_guess(tiny_bert: MaskedLM) -> None:
    prediction = predict(tiny_bert, "he is a [MASK]")
    columns = token_columns(prediction, None, None)
    visible = Position(columns[0], prediction, None, None).targets(3)
    assert visible is not None and visible.visible and visible.label == "he"
    assert visible.frame.loc[visible.frame.hard == 1, "token"].tolist() == ["he"]
    masked = Position(columns[3], prediction, None, None).targets(3)
    assert masked is not None and not masked.visible
    assert masked.label == prediction.top(prediction.positions[3], 1)["token"].iloc[0]
    assert masked.rest == pytest.approx(1 - prediction.top(prediction.positions[3], 1)["probability"].iloc[0])


def test_a_position_works_with_one_model_alone(tiny_bert: MaskedLM) -> None:
    prediction = predict(tiny_bert, "he is a [MASK]")
    here = Position(token_columns(None, prediction, None)[3], None, prediction, None)
    words = here.frame(4)
    assert words["student_rank"].tolist() == [1, 2, 3, 4]
    assert words["teacher_probability"].isna().all() and words["teacher_rank"].isna().all()
    assert here.finding().startswith("At “[MASK]”: student says ")
    assert here.targets(4) is None
