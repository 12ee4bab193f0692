"""What the Runs page draws: events read by offset, thinned for drawing, and summarised in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from app.charts.text import percent
from app.runs.follow import Tails, thinned
from app.runs.watched_sentences import columns_of, default_number, figure_of, words_over_steps
from app.shared.run_texts import ago, duration, run_summary
from app.shared.settings_table import changed, fields, nested
from fairkd.distill.config.config import Config, make_config
from fairkd.distill.config.flat_settings import flat
from tests.app.some_runs import training, watched_sentence, write_events


def test_only_appended_events_are_read(tmp_path: Path) -> None:
    tails, events = Tails(), training(200)
    write_events(tmp_path, events[:20])
    one = tails.follow(tmp_path)
    assert tails.follow(tmp_path) is one, "without new events nothing is computed again"
    write_events(tmp_path, events[20:])
    two = tails.follow(tmp_path)
    assert two.offset == (tmp_path / "events.jsonl").stat().st_size > one.offset
    assert len(two.training) == 10 and two.training["step"].tolist() == list(range(20, 201, 20))
    assert two.evaluations["step"].tolist() == [0, 100, 200]
    assert two.teacher["gap_absolute"] == 1.5 and set(two.teacher_watched_sentences) == set(two.texts)


def test_a_half_written_line_waits_for_its_end(tmp_path: Path) -> None:
    tails = Tails()
    write_events(tmp_path, training(100))
    with (tmp_path / "events.jsonl").open("a") as handle:
        handle.write('{"type": "train", "step": 999')
        handle.flush()
        assert tails.follow(tmp_path).training["step"].max() == 100
        handle.write(', "time": 1, "loss": 1.5}\n')
    assert tails.follow(tmp_path).training["step"].max() == 999


def test_a_resumed_run_drops_what_came_after_its_checkpoint(tmp_path: Path) -> None:
    tails = Tails()
    write_events(tmp_path, training(400))
    assert tails.follow(tmp_path).training["step"].max() == 400
    write_events(tmp_path, [{"type": "start", "step": 200, "resumed_from": 200}])
    found = tails.follow(tmp_path)
    assert found.training["step"].max() == found.evaluations["step"].max() == 200
    assert max(event["step"] for event in found.watched_sentences) == 200
    assert found.teacher


def test_a_file_that_became_shorter_is_read_from_its_start(tmp_path: Path) -> None:
    tails = Tails()
    write_events(tmp_path, training(400))
    tails.follow(tmp_path)
    (tmp_path / "events.jsonl").unlink()
    write_events(tmp_path, training(100))
    assert tails.follow(tmp_path).training["step"].max() == 100


def test_a_run_without_events_is_empty(tmp_path: Path) -> None:
    found = Tails().follow(tmp_path)
    assert found.training.empty and found.evaluations.empty and found.speed is None and found.texts == ()


@given(st.integers(0, 3000), st.integers(3, 500))
def test_thinned_frames_fit_keep_the_last_row_and_the_order(rows: int, most: int) -> None:
    frame = pd.DataFrame({"step": range(rows), "loss": [float(row) for row in range(rows)]})
    found = thinned(frame, most)
    assert len(found) <= max(most, 0) or rows <= most
    assert found["step"].is_monotonic_increasing
    if rows:
        assert found["step"].iloc[-1] == rows - 1 and found["loss"].iloc[-1] == rows - 1
        assert (found["loss"] <= found["step"]).all(), "means of what came before"


# --- watched sentences ---


def test_a_watched_sentence_with_a_mask_has_one_column() -> None:
    columns = columns_of(watched_sentence("Milk is a [MASK].", 0, 0.0))
    assert [(column["text"], column["index"]) for column in columns] == [("[MASK]", 0)]
    assert default_number(columns) == 1


def test_a_watched_sentence_without_a_mask_has_its_tokens_as_columns() -> None:
    event = watched_sentence("he is", 0, 0.0)
    event["positions"] = [event["positions"][0] | {"masked": False, "token": word} for word in ("he", "is")]
    columns = columns_of(event)
    assert [(column["text"], column["index"]) for column in columns] == [("he", 0), ("is", 1)]
    assert default_number(columns) == 1


def test_the_figure_shows_the_teacher_above_the_student() -> None:
    text = "Milk is a [MASK]."
    student, teacher = watched_sentence(text, 100, 0.5), watched_sentence(text, 0, 1.0, model="teacher")
    columns = columns_of(student)
    data = figure_of(columns, text, teacher, student, number=1, names=("T", "step 100"))
    assert [panel["role"] for panel in data["panels"]] == ["teacher", "student"]
    cells = data["panels"][1]["columns"]
    assert cells[0][0][0] == "white" and data["selected"] == 1
    _, shade, text_shown = cells[0][0]
    assert 0 < shade < 1 and text_shown == percent(student["positions"][0]["predictions"][0]["probability"])
    json.dumps(data)
    assert len(figure_of(columns, text, None, student, number=1, names=("T", "S"))["panels"]) == 1


def test_the_words_over_the_steps_have_one_row_per_word_and_step(tmp_path: Path) -> None:
    write_events(tmp_path, training(200))
    frame = words_over_steps(Tails().follow(tmp_path), "Milk is a [MASK].", 0)
    assert set(frame["step"]) == {0, 100, 200} and (frame.groupby("step").size() == 7).all()


# --- words ---


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (59.4, "59 s"), (599, "9 min 59 s"), (3599, "1 h 00 min"), (-1, "–")]
)
def test_durations_are_short(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_recent_times_are_relative_to_now() -> None:
    assert ago(100, 120) == "just now" and ago(0, 600) == "10 min ago" and ago(0, 7200) == "2 h ago"
    assert ago(0, 10**6).startswith("19")


@pytest.mark.parametrize(
    ("settings", "summary"),
    [
        ({}, "no constraint · 5 minutes · seed 0"),
        (
            {"budget": {"steps": 1000}, "objective": {"kd": 0, "hidden": 0}, "seed": 3},
            "no teacher · 1,000 steps · seed 3",
        ),
        (
            {"constraint": {"kind": "group"}, "corpus": {"cda": True}},
            "balanced groups (pronouns), counterfactual data augmentation · 5 minutes · seed 0",
        ),
        (
            {"constraint": {"kind": "group", "words": {"a": ["king"], "b": ["queen"]}}},
            "balanced groups (custom words) · 5 minutes · seed 0",
        ),
    ],
)
def test_a_run_is_summarised_by_its_settings(settings: dict[str, Any], summary: str) -> None:
    assert run_summary(make_config(settings).model_dump()) == summary


def test_settings_are_flat_and_nested_again() -> None:
    values = Config().model_dump(mode="json")
    assert make_config(nested(flat(values))) == Config()
    assert set(flat(values)) == set(fields()), "every setting has a field, and with it a description"


def test_changed_settings_are_listed_with_their_meaning() -> None:
    config = make_config({"seed": 3, "objective": {"label": "drop"}, "budget": {"steps": 5}})
    frame = changed(config.model_dump(mode="json"), leave_out=("seed", "budget."))
    (row,) = frame.to_dict("records")
    assert (row["setting"], row["value"], row["default"]) == ("objective.label", "drop", "keep")
    assert "hidden group word" in row["meaning"]
