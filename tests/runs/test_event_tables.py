"""Events and configurations as tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from fairkd.distill.config.config import make_config
from fairkd.runs import event_tables
from fairkd.runs.comparison import setting_differences
from fairkd.runs.run_record import Run


def watched_sentence(step: int, model: str, probability: float) -> dict[str, object]:
    prediction = {"token": "drink", "probability": probability, "rank": 1}
    position = {"index": 4, "token": "[MASK]", "masked": True, "entropy": 2.0, "predictions": [prediction]}
    return {
        "type": "watched_sentence",
        "step": step,
        "model": model,
        "text": "Milk is a [MASK].",
        "positions": [position],
    }


EVENTS = [
    {"type": "start", "time": 0.0, "step": 0, "resumed_from": None},
    {"type": "teacher", "time": 0.5, "step": 0, "pseudo_perplexity_sampled": 9.0, "gap_absolute": 1.4},
    watched_sentence(0, "teacher", 0.6),
    {"type": "train", "time": 1.0, "step": 20, "loss": 3.0, "kd": 0.5, "extra": 7},
    {"type": "evaluation", "time": 1.5, "step": 20, "kl": 0.9, "gap_absolute": 1.2},
    watched_sentence(20, "student", 0.1),
    {"type": "train", "time": 2.0, "step": 40, "loss": 9.0},
    watched_sentence(40, "student", 0.9),
    {"type": "start", "time": 3.0, "step": 20, "resumed_from": 20},
    watched_sentence(0, "teacher", 0.6),
    {"type": "train", "time": 4.0, "step": 40, "loss": None},
    watched_sentence(40, "student", 0.3),
]


def test_training_has_one_row_per_step_without_superseded_events() -> None:
    frame = event_tables.training(EVENTS)
    assert frame["step"].tolist() == [20, 40]
    assert frame["loss"][0] == 3.0 and pd.isna(frame["loss"][1])
    assert frame["extra"][0] == 7 and "type" not in frame and frame["kd"].dtype == float


def test_evaluations_have_every_measure_even_where_one_is_missing() -> None:
    frame = event_tables.evaluations(EVENTS)
    assert frame["step"].tolist() == [20]
    assert (
        frame["kl"][0] == 0.9
        and pd.isna(frame["gap_low"][0])
        and pd.isna(frame["pseudo_perplexity_sampled"][0])
    )


def test_watched_sentences_have_one_row_per_predicted_word() -> None:
    frame = event_tables.watched_sentences(EVENTS)
    found = frame[["step", "model", "probability"]].to_records(index=False).tolist()
    assert found == [(20, "student", 0.1), (0, "teacher", 0.6), (40, "student", 0.3)]
    assert frame["prediction"].unique().tolist() == ["drink"]


def test_the_teachers_measures_are_missing_before_its_evaluation() -> None:
    assert event_tables.teacher(EVENTS)["pseudo_perplexity_sampled"] == 9.0
    assert event_tables.teacher([]) is None


def test_no_events_make_empty_tables_with_all_columns() -> None:
    for table in (event_tables.training, event_tables.evaluations, event_tables.watched_sentences):
        assert table([]).empty and "step" in table([]).columns
    assert {"loss", "hidden", "tokens_per_second"} <= set(event_tables.training([]).columns)


def run(id: str, **values: object) -> Run:
    config = make_config(values).model_dump(mode="json")
    return Run(id, 1, id, "queued", config, Path(), None, 0.0, None, None, 0, 0.0, None, None, False)


def test_only_settings_that_differ_are_compared() -> None:
    one = run("a", constraint={"kind": "group"}, budget={"steps": 5})
    two = run("b", budget={"steps": 5}, student={"layers": [0, 5]})
    assert setting_differences([one, two]) == {
        "student.layers": {"a": None, "b": (0, 5)},
        "constraint.kind": {"a": "group", "b": "none"},
    }
    assert setting_differences([one, one]) == {} and setting_differences([one]) == {}


def test_a_setting_that_a_run_does_not_have_differs() -> None:
    old = run("a")
    older = Run(**{**old.__dict__, "id": "b", "config": {"seed": 0}})
    assert setting_differences([old, older])["budget.minutes"] == {"a": 5.0, "b": None}
    assert "seed" not in setting_differences([old, older])
