"""The registry of measures: complete, and the same words on every surface."""

from __future__ import annotations

import math
import re
from typing import Any

import pandas as pd
import pytest

from app.charts.run_comparison import compared_curves
from app.charts.runs import measure_curve
from app.runs.compared_tables import TABLE, last_values
from app.runs.page import CURVES, measure_caption
from benchmarks.variants import table as variants_table
from fairkd.corpora.corpus import Corpus
from fairkd.distill import train
from fairkd.measures.registry import (
    FEWEST_ITEMS,
    MEASURES,
    MIN_MASS_SHARE,
    PSEUDO_PERPLEXITY,
    Measure,
    evaluation_keys,
    has_lost_mass,
)
from fairkd.models.loading import MaskedLM
from fairkd.runs import event_tables, events
from tests.distill.parts import config
from tests.tiny import SENTENCES

ALL = pytest.mark.parametrize("measure", MEASURES.values(), ids=list(MEASURES))
VALUES = {key: 0.25 for key in evaluation_keys()} | {measure.sample: 20 for measure in MEASURES.values()}


@pytest.fixture(scope="module")
def emitted(tiny_bert: MaskedLM, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The events of a run with a constraint; its folder is in the first one's `folder`."""
    folder, found = tmp_path_factory.mktemp("run"), []
    settings = config(
        budget={"steps": 1},
        constraint={"kind": "group", "roles": ["subject"]},
        evaluation={"professions": FEWEST_ITEMS, "sentences": 200},  # fewer have no interval
    )
    corpus = Corpus("toy", None, SENTENCES, SENTENCES)
    train(settings, folder, emit=found.append, teacher=tiny_bert, corpus=corpus)
    return [{**found[0], "folder": folder}, *found[1:]]


def measured(emitted: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    event = [event for event in emitted if event["type"] == kind][-1]
    return {key: event[key] for key in event.keys() - {"type", "time", "step", "tokens", "seconds", "items"}}


def test_an_evaluation_emits_every_registered_measure_and_no_other(emitted: list[dict[str, Any]]) -> None:
    student = measured(emitted, "evaluation")
    assert student.keys() == set(evaluation_keys())
    assert all(isinstance(value, float | int) for value in student.values())


def test_a_teacher_has_every_measure_but_fidelity(emitted: list[dict[str, Any]]) -> None:
    teacher = measured(emitted, "teacher")
    assert teacher.keys() == set(evaluation_keys("quality", "bias"))
    assert all(isinstance(value, float | int) for value in teacher.values())


def test_every_registered_key_is_a_column_of_the_evaluations() -> None:
    assert set(evaluation_keys()) <= set(event_tables.evaluations([]).columns)


def test_keys_and_labels_are_unique() -> None:
    keys = evaluation_keys()
    labels = [measure.label for measure in (*MEASURES.values(), PSEUDO_PERPLEXITY)]
    assert len(set(keys)) == len(keys) and len(set(labels)) == len(labels)
    assert PSEUDO_PERPLEXITY.key not in keys


@ALL
def test_a_description_is_one_sentence(measure: Measure) -> None:
    for text in (measure.description.replace("et al. ", ""), measure.example):
        assert text[0].isupper() and text.endswith(".") and ". " not in text


@ALL
def test_values_are_shown_with_their_unit(measure: Measure) -> None:
    unit = {"nats": " nats", "share": " %", "none": ""}[measure.unit]
    assert re.fullmatch(r"\+?\d+(\.\d+)?" + unit, measure.format(0.25))
    assert measure.format(None) == measure.format(float("nan")) == "–"
    assert "(" in measure.format_with_interval(VALUES)


def test_a_value_without_its_interval_is_shown_alone() -> None:
    values = {"gap_mean": -0.5, "gap_low": None, "gap_high": 0.5}
    assert MEASURES["gap_mean"].format_with_interval(values) == "−0.50 nats"


@pytest.mark.parametrize(
    ("key", "better", "worse"),
    [("kl", 0.5, 1.0), ("top1_agreement", 0.9, 0.1), ("gap_mean", -0.1, 0.2), ("gap_mean", 0.1, -0.2)],
)
def test_a_better_value_has_the_lower_cost(key: str, better: float, worse: float) -> None:
    assert MEASURES[key].cost(better) < MEASURES[key].cost(worse)


# --- the surfaces ---


@ALL
def test_the_charts_of_a_run_use_the_label(measure: Measure) -> None:
    frame = pd.DataFrame([{"step": 1, **VALUES}])
    figure = measure_curve(frame, measure, teacher=VALUES, dark=False)
    title = figure.layout.meta["title"]
    assert title.lower().startswith(f"{measure.label.lower()}: {measure.format(0.25).lower()}")
    assert figure.layout.yaxis.title.text == measure.heading


@ALL
def test_the_comparison_of_runs_uses_the_label(measure: Measure) -> None:
    frames = {name: pd.DataFrame([{"step": 1, **VALUES}]) for name in ("one", "two")}
    figure = compared_curves(frames, measure, teacher={}, dark=False)
    assert measure.label in figure.layout.meta["title"]
    assert figure.layout.yaxis.title.text == measure.heading


def test_the_table_of_runs_holds_the_keys_of_its_measures() -> None:
    assert {key for measure in TABLE for key in measure.keys} <= set(last_values({}).columns)


@pytest.mark.parametrize("key", CURVES)
def test_the_caption_of_a_chart_is_the_description(key: str) -> None:
    measure = MEASURES[key]
    caption = measure_caption(measure, banded=True)
    assert measure.description in caption and measure.example in caption
    assert measure.goal in caption.lower()
    assert "95 %" in caption and "95 %" not in measure_caption(measure, banded=False)


@ALL
def test_the_model_card_uses_label_and_format(measure: Measure, emitted: list[dict[str, Any]]) -> None:
    text = (emitted[0]["folder"] / "model" / "README.md").read_text(encoding="utf-8")
    value = measure.format_with_interval(measured(emitted, "evaluation"))
    assert f"| {measure.label} | {value} |" in text
    assert measure.sample_size(measured(emitted, "evaluation")) in text


def test_the_line_of_an_evaluation_uses_labels() -> None:
    event = {"type": "evaluation", "step": 3, **VALUES}
    line = events.as_line(event)
    assert line is not None and "mean absolute gap 0.25 nats (20 professions)" in line
    del event["professions"]
    assert "profession" not in str(events.as_line(event)), "runs of earlier versions do not say"
    for key in ("kl", "pseudo_perplexity_sampled", "gap_absolute"):
        assert f"{MEASURES[key].label} {MEASURES[key].format(0.25)}" in line


def test_the_benchmark_of_variants_uses_labels() -> None:
    heading = variants_table({}).splitlines()[0]
    for measure in (MEASURES["kl"], MEASURES["gap_absolute"], PSEUDO_PERPLEXITY):
        assert measure.label in heading
    assert "sampled" not in heading


def test_mass_is_lost_below_a_share_of_the_teachers() -> None:
    assert has_lost_mass(0.6 * MIN_MASS_SHARE - 0.01, 0.6) and not has_lost_mass(0.6 * MIN_MASS_SHARE, 0.6)
    assert not has_lost_mass(math.nan, 0.6) and not has_lost_mass(0.01, math.nan)
    assert not has_lost_mass(None, 0.6) and not has_lost_mass(0.01, None)
